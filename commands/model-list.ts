import { z } from 'zod'
import { command } from '../src/chat/command.ts'
import { formatTime } from '../src/domain/format.ts'
import { NO_REGISTRY, progressField, standingFields } from './model-text.ts'

const MOST_RETIRED = 5

/** `/model list`: who is in force, who is asked in shadow and what stands against putting them in force, who was before. */
export default command({
  name: 'model list',
  description: 'Models in force, in shadow and retired, with what stands against each',
  role: 'viewer',
  options: z.object({}),

  async run(_, app) {
    const list = await app.listModels()
    if (!list) return NO_REGISTRY
    const progress = await app.trainingProgress()
    return {
      tone: list.champion ? 'info' : 'warning',
      title: `Models for ${list.market} markets`,
      fields: [
        ...standingFields(list),
        ...(progress ? [progressField(progress)] : []),
        ...list.retired.slice(0, MOST_RETIRED).map(({ modelId, rung, retiredAt, reason }) => ({
          name: `Retired: ${modelId}`,
          value: `${rung}${retiredAt === undefined ? '' : `, ${formatTime(retiredAt)}`}${reason === undefined ? '' : `: ${reason}`}`,
        })),
      ],
    }
  },
})
