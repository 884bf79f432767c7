/**
 * ms from hearing `/hedge status` to the finished card, inside the process (half a day into a run, hedges executed), beside the
 * same statements through bare pg.
 *
 * @module
 */
import pg from 'pg'
import { type Bench, compare } from './bench.ts'
import { say, withDesk } from './desk.ts'
import { bareHedgeStatus } from './limits/hedge-status.ts'
import { closing } from './temporary.ts'

const WARM_UP = 30
const PER_ROUND = 100
const ROUNDS = 4
const VIEWER = '5'

const hedgeStatus: Bench = {
  name: 'hedge-status',
  run: () =>
    withDesk(async (desk, connectionString) => {
      const client = new pg.Client({ connectionString })
      await client.connect()
      const book = await Promise.all(
        (await desk.app.reportStatus()).assets.map(async ({ holding: { asset, instrument } }) => ({
          asset,
          instrumentId: instrument.instrumentId,
        })),
      )
      const bare = (turn: number) => bareHedgeStatus(client, book, { userId: VIEWER, interactionId: `bare-${turn}` })
      const ask = async () => {
        const card = await say(desk, VIEWER, '/hedge status')
        if (!card?.title?.startsWith('Book')) throw new Error(`Expected the status, was ${card?.title}: ${card?.text}`)
      }
      return closing(
        () => client.end(),
        async () => {
          const [ours, limits]: [number[], number[]] = [[], []]
          await time(WARM_UP, bare)
          await time(WARM_UP, ask)
          for (let round = 1; round <= ROUNDS; round++) {
            limits.push(...(await time(PER_ROUND, (i) => bare(round * 1000 + i))))
            ours.push(...(await time(PER_ROUND, ask)))
          }
          return compare({ unit: 'ms', ours, limits })
        },
      )
    }),
}
export default hedgeStatus

async function time(count: number, work: (turn: number) => Promise<void>): Promise<number[]> {
  const took: number[] = []
  for (let turn = 0; turn < count; turn++) {
    const started = performance.now()
    await work(turn)
    took.push(performance.now() - started)
  }
  return took
}
