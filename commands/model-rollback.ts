import { z } from 'zod'
import { command } from '../src/chat/command.ts'
import { NO_REGISTRY } from './model-text.ts'

/** `/model rollback [reason]`: an admin puts the former champion back in force at once. */
export default command({
  name: 'model rollback',
  description: 'Put the model that was in force before back at once',
  role: 'admin',
  options: z.object({ reason: z.string().max(300).optional().describe('Why, for the record') }),

  async run({ options, actor }, app) {
    const outcome = await app.rollBackModel({ by: actor, reason: options.reason ?? 'no reason given' })
    switch (outcome.kind) {
      case 'rolled-back':
        return {
          tone: 'ok',
          title: `${outcome.model.modelId} is in force again`,
          text: `${outcome.retired.modelId} is retired. The desk is told.`,
        }
      case 'nothing-to-roll-back':
        return {
          tone: 'refused',
          title: 'There is no model to go back to',
          text: 'None was in force before this one. Nothing changed.',
        }
      case 'overtaken':
        return {
          tone: 'info',
          title: 'Somebody was faster',
          text: `${outcome.champion?.modelId ?? 'No model'} is in force by now. Nothing changed by this.`,
        }
      case 'of-other-features':
        return {
          tone: 'refused',
          title: `${outcome.model.modelId} cannot be asked by this version`,
          text: 'It reads features that this version does not make. Nothing changed.',
        }
      case 'forbidden':
        return { tone: 'refused', title: 'Only an admin rolls back', text: 'Nothing changed. Ask an admin.' }
      case 'no-registry':
        return NO_REGISTRY
    }
  },
})
