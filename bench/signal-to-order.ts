import type { QueueBackend } from '../src/queue/queue.ts'
import type { Measured } from './bench.ts'
import { withExchange } from './loopback-exchange.ts'
import { withSignalDesk } from './signal-desk.ts'
import { timeRounds } from './signal-rounds.ts'

/**
 * ms from a forecast that has been stored to the first child order that the exchange has taken: alerts judged, proposed, judged,
 * approved by the budget for protective orders, executed.
 */
export const signalToOrder = (backend: (connectionString: string) => QueueBackend): Promise<Measured> =>
  withExchange((exchange) =>
    withSignalDesk({ exchange, approval: 'budget', backend }, (desk) =>
      timeRounds(
        { desk, exchange },
        [
          ['until proposing', 'begun', 'proposing'],
          ['proposing', 'proposing', 'opening'],
          ['opening', 'opening', 'woken'],
          ['until executing', 'woken', 'executing'],
          ['executing', 'executing', 'sending'],
          ['sending', 'sending', 'taken'],
        ],
        async (marks) => {
          await desk.forecast()
          return marks.stored!
        },
      ),
    ),
  )
