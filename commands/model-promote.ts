import { z } from 'zod'
import { formatRefusal } from '../src/app/model-words.ts'
import { PROMOTION_EXPIRY } from '../src/app/promote-model.ts'
import { command } from '../src/chat/command.ts'
import { formatAge, formatCount } from '../src/domain/format.ts'
import { modelId } from './arguments.ts'
import { challengers, NO_REGISTRY } from './model-text.ts'

/** `/model promote <model>`: asks the approvers to put a challenger in force; refused while its record does not show enough. */
export default command({
  name: 'model promote',
  description: 'Ask for a model to be put in force; approvers decide, as on a trade',
  role: 'trader',
  options: z.object({ model: modelId.describe('A model that is in shadow, by its name') }),
  complete: { model: challengers },

  async run({ options, actor }, app) {
    const asked = await app.askForPromotion({ modelId: options.model, by: actor })
    switch (asked.kind) {
      case 'asked':
        return {
          tone: 'ok',
          title: `Asked for: put model ${options.model} in force`,
          text: `Nothing changes until ${formatCount(asked.quorum, 'approver')} other than you ${asked.quorum === 1 ? 'agrees' : 'agree'} within ${formatAge(PROMOTION_EXPIRY)}: /model approve ${asked.request.requestId}`,
        }
      case 'already-asked':
        return {
          tone: 'info',
          title: `${options.model} is asked for already`,
          text: `/model approve ${asked.request.requestId} decides it.`,
        }
      case 'refused':
        return {
          tone: 'refused',
          title: `${options.model} cannot be put in force`,
          text: asked.refusals.map((refusal) => `${formatRefusal(refusal)}.`).join('\n'),
          footer: refusalCodes(asked.refusals),
        }
      case 'already-champion':
        return { tone: 'info', title: `${options.model} is in force already`, text: 'Nothing changed.' }
      case 'not-found':
        return { tone: 'refused', title: 'There is no such model', text: '/model list names them all.' }
      case 'no-registry':
        return NO_REGISTRY
    }
  },
})

const refusalCodes = (refusals: readonly { readonly code: string }[]): string =>
  refusals.map(({ code }) => code).join(', ')
