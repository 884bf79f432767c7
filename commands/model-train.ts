import { z } from 'zod'
import { formatProgress } from '../src/app/train-model.ts'
import { command } from '../src/chat/command.ts'
import { DAY } from '../src/domain/units.ts'

/** `/model train [rung] [override]`: trains a challenger in a process of its own. */
export default command({
  name: 'model train',
  description: 'Train a new model in a process of its own; it goes into shadow when it is done',
  role: 'approver',
  options: z.object({
    rung: z
      .string()
      .min(1)
      .max(40)
      .optional()
      .describe('Which kind, such as lstm; that of the model in force by default'),
    override: z
      .string()
      .min(8)
      .max(300)
      .optional()
      .describe('Why with too little data; it stays on the model for ever'),
  }),
  complete: { rung: async (_, app) => app.modelRungs().map((value) => ({ value })) },

  async run({ options: { rung, override }, actor }, app) {
    const started = await app.startTraining({
      rung: rung?.toLowerCase(),
      startedBy: actor.memberId,
      ...(override !== undefined && { override }),
    })
    switch (started.kind) {
      case 'started':
        return {
          tone: 'ok',
          title: `Training ${started.progress.request.rung}`,
          text: 'It runs in a process of its own and holds nothing up. The desk is told how far it is; /model status says so too, and /model cancel ends it.',
        }
      case 'already-running':
        return {
          tone: 'info',
          title: `${started.progress.request.rung} is being trained already`,
          text: `${formatProgress(started.progress)}. /model cancel ends it.`,
        }
      case 'too-little-data':
        return {
          tone: 'refused',
          title: 'Too little data to train on',
          text: `${Math.round(started.needed / DAY)} days of every group of features are asked for. To train all the same, say why after the kind; it stays on the model's card.`,
          fields: started.groups.map(({ group, has }) => ({ name: group, value: `${Math.floor(has / DAY)} days` })),
        }
      case 'which-rung':
        return {
          tone: 'refused',
          title: 'Say which kind',
          text: `No model is in force whose kind could be taken. There are ${started.known.join(', ')}.`,
        }
      case 'unknown-rung':
        return { tone: 'refused', title: 'There is no such kind', text: `There are ${started.known.join(', ')}.` }
      case 'impossible':
        return { tone: 'refused', title: 'Models cannot be trained here', text: `${started.reason}.` }
    }
  },
})
