/**
 * ms from a member's press of Approve, as a chat hands it to dispatch, to the first child order that a loopback Binance in another
 * process has taken, beside ccxt's bare `createOrder` to the same exchange.
 *
 * @module
 */
import type { Bench } from './bench.ts'
import { instant, withExchange } from './loopback-exchange.ts'
import { withSignalDesk } from './signal-desk.ts'
import { timeRounds } from './signal-rounds.ts'

/** An approver, by the number at the console. */
const APPROVER = '2'

const tapToOrder: Bench = {
  name: 'tap-to-order',
  run: () =>
    withExchange((exchange) =>
      withSignalDesk(
        { exchange, approval: 'member', backend: (connectionString) => ({ kind: 'postgres', connectionString }) },
        (desk) =>
          timeRounds(
            { desk, exchange },
            [
              ['deciding', 'begun', 'woken'],
              ['until executing', 'woken', 'executing'],
              ['executing', 'executing', 'sending'],
              ['sending', 'sending', 'taken'],
            ],
            async () => {
              const shown = desk.nextButton('Approve')
              await desk.forecast()
              const button = await shown
              await desk.queue.settled()
              const begun = instant()
              const card = await desk.press(APPROVER, button)
              if (card?.tone === 'refused') throw new Error(`Expected the approval to count, was ${card.title}`)
              return begun
            },
          ),
      ),
    ),
}
export default tapToOrder
