/**
 * ms from `/hedge status` received on Discord's gateway to its answer sent, 50 members asking in the same tick, beside the same
 * statements and the two requests an answer takes, done barely.
 *
 * @module
 */
import type { Bench } from './bench.ts'
import { bareWork, timeInTurns, withChatDesk } from './chat-load.ts'
import { bareDiscord } from './limits/hedge-status-discord.ts'
import { bareCall } from './limits/http-call.ts'
import { closing } from './temporary.ts'

const [PEOPLE, WARM_UP, ROUNDS, PAUSE_MS] = [50, 8, 20, 150]
const platform = 'discord'

/** An answer as long as ours. */
const ANSWER = JSON.stringify({
  embeds: [
    { title: 'Book bare', fields: Array.from({ length: 10 }, () => ({ name: 'ETH market', value: '-'.repeat(120) })) },
  ],
  components: [],
})
const STATUS = {
  type: 1,
  name: 'status',
  description: 'Status',
  options: [{ type: 3, name: 'picture', description: '-' }],
}

const hedgeStatusDiscord: Bench = {
  name: 'hedge-status-discord',
  run: () =>
    withChatDesk({ people: PEOPLE }, async ({ desk, connectionString, servers, people }) => {
      const { work, close } = await bareWork(desk, { connectionString, platform })
      return closing(close, async () => {
        const stop = await bareDiscord(servers.at.bare.discord, {
          call: bareCall,
          commands: [{ name: 'hedge', description: 'Hedge', options: [STATUS] }],
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
export default hedgeStatusDiscord
