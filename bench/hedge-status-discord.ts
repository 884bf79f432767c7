/**
 * ms from `/hedge status` received on Discord's gateway to its answer sent, 50 members asking in the same tick, beside the same
 * statements and the two requests an answer takes, done barely.
 *
 * @module
 */
import { type Bench, compare } from './bench.ts'
import { askInTurns, bareWork, roundsOr, withChatDesk } from './chat-load.ts'
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
        return closing(stop, async () => {
          const rounds = {
            platform,
            people,
            pauseMs: PAUSE_MS,
            warmUp: roundsOr(WARM_UP),
            rounds: roundsOr(ROUNDS),
          } as const
          const { ours, limits, limited } = await askInTurns(servers, rounds)
          return compare({ unit: 'ms', ours, limits, apart: { 'refused by limits': limited } })
        })
      })
    }),
}
export default hedgeStatusDiscord
