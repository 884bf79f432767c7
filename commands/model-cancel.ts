import { z } from 'zod'
import { formatProgress } from '../src/app/train-model.ts'
import { command } from '../src/chat/command.ts'

/** `/model cancel`: ends a training that runs. */
export default command({
  name: 'model cancel',
  description: 'End the training that runs; nothing of it is kept',
  role: 'approver',
  options: z.object({}),

  async run({ actor }, app) {
    const ended = await app.cancelTraining({ by: actor.memberId })
    if (!ended) return { tone: 'info', title: 'Nothing is being trained', text: 'Nothing changed.' }
    return {
      tone: 'ok',
      title: `Training of ${ended.request.rung} is cancelled`,
      text: `It stood at ${formatProgress(ended)}.`,
    }
  },
})
