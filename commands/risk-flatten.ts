import { z } from 'zod'
import { requestCard } from '../src/app/request-card.ts'
import { command } from '../src/chat/command.ts'

/** `/risk flatten [reason]`: an emergency; shows what taking every hedge off is worth and costs, and asks once whether it is meant. */
export default command({
  name: 'risk flatten',
  description: 'Take every hedge off; asks you once to confirm it',
  role: 'admin',
  options: z.object({ reason: z.string().max(300).default('no reason given').describe('Why, for the record') }),

  async run({ options, actor }, app) {
    const asked = await app.askToFlatten({ by: actor, reason: options.reason })
    switch (asked.kind) {
      case 'asked':
        return {
          ...requestCard(asked.request, [actor]),
          title: 'Take every hedge off?',
          text: 'Trading goes to reducing, what is being executed is cancelled, and every hedge comes off at the market. The book is then exposed in full. Nothing happens until you confirm.',
          ephemeral: true,
        }
      case 'nothing-to-take-off':
        return {
          tone: 'info',
          title: 'There is no hedge to take off',
          text: 'Nothing changed. /risk halt stops new orders.',
        }
      case 'no-price':
        return {
          tone: 'refused',
          title: `No price is known of ${asked.assets.join(', ')}`,
          text: 'What it would cost cannot be said, and no order could be priced. /risk halt stops new orders meanwhile.',
        }
      case 'forbidden':
        return { tone: 'refused', title: 'Only an admin flattens', text: 'Nothing changed. Ask an admin.' }
    }
  },
})
