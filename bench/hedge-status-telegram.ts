/**
 * ms from `/hedge status` received by Telegram's long poll to its answer sent, 25 members asking in the same tick, each in a
 * private chat, on a server that holds to Telegram's limits; beside the same statements and the one request, done barely.
 *
 * The rounds are so far apart that no limit binds. What Telegram refused is counted apart.
 *
 * @module
 */
import type { Bench } from './bench.ts'
import { bareWork, timeInTurns, withChatDesk } from './chat-load.ts'
import { bareTelegram } from './limits/hedge-status-telegram.ts'
import { bareCall } from './limits/http-call.ts'
import { closing } from './temporary.ts'

/** Telegram lets 30 messages a second through, and 3 in 3 s to one chat. */
const [PEOPLE, WARM_UP, ROUNDS, PAUSE_MS] = [25, 5, 15, 700]
const platform = 'telegram'

/** An answer as long as ours. */
const ANSWER = { text: `Book bare\n${'-'.repeat(1300)}`, parse_mode: 'HTML' }

const hedgeStatusTelegram: Bench = {
  name: 'hedge-status-telegram',
  run: () =>
    withChatDesk({ people: PEOPLE }, async ({ desk, connectionString, servers, people }) => {
      const { work, close } = await bareWork(desk, { connectionString, platform })
      return closing(close, async () => {
        const stop = bareTelegram(servers.at.bare.telegram, {
          call: bareCall,
          work: async (userId, id) => {
            await work(userId, id)
            return ANSWER
          },
        })
        return closing(stop, () =>
          timeInTurns(servers, { platform, people, pauseMs: PAUSE_MS, warmUp: WARM_UP, rounds: ROUNDS }),
        )
      })
    }),
}
export default hedgeStatusTelegram
