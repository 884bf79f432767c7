import { z } from 'zod'
import { command } from '../src/chat/command.ts'
import { formatAge, formatTime } from '../src/domain/format.ts'

/** `/version`: which build answers here, and what it stands on. */
export default command({
  name: 'version',
  description: 'Which build answers here, and what it stands on',
  role: 'viewer',
  options: z.object({}),

  async run({ at }, app) {
    const { version, commit, node, database, modelId, startedAt } = await app.describeVersion()
    return {
      tone: 'info',
      title: `Breakwater ${version}`,
      fields: [
        { name: 'Commit', value: commit ?? 'unknown' },
        { name: 'Node', value: node },
        { name: 'PostgreSQL', value: database },
        { name: 'Model', value: modelId ?? 'none is loaded' },
        { name: 'Started', value: `${formatTime(startedAt)}, ${formatAge(at - startedAt)} ago` },
      ],
    }
  },
})
