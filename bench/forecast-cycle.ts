/**
 * ms for one `refreshForecasts` of the whole book (features, network, calibration, clusters, stored, alerts judged), beside
 * the bare network on inputs of the same shape and a bare insert of the same rows.
 *
 * @module
 */
import pg from 'pg'
import { loadEngine } from '../models/engine.ts'
import { TCN_SHAPE } from '../models/tcn/fit.ts'
import { createNetwork } from '../models/tcn/network.ts'
import { duration, later } from '../src/domain/units.ts'
import { type Bench, compare } from './bench.ts'
import { withDesk } from './desk.ts'
import { bareForecasts } from './limits/forecast-cycle.ts'
import { closing } from './temporary.ts'

const WARM_UP = 10
const CYCLES = 100

const forecastCycle: Bench = {
  name: 'forecast-cycle',
  run: () =>
    withDesk(async (desk, connectionString) => {
      if (!desk.app.describeModel()) return { skipped: 'there is no model to run: npm run train' }
      const { tf } = await loadEngine()
      const network = createNetwork(tf, TCN_SHAPE, 1)
      const client = new pg.Client({ connectionString })
      await client.connect()
      const assets = desk.source.assets
      const rows = await Promise.all(assets.map(async (asset) => (await desk.store.forecasts.latest(asset))!))
      // Each cycle has an instant of its own, so that it adds rows as it does in life.
      const cycle = async (i: number): Promise<void> => {
        const made = await desk.app.refreshForecasts({ at: later(desk.clock.now(), duration(i + 1)) })
        const bad = made.find(({ prediction }) => prediction.kind !== 'estimated')
        if (made.length !== assets.length || bad) {
          throw new Error(
            `Expected ${assets.length} forecasts, were ${made.length}: ${JSON.stringify(bad?.prediction)}`,
          )
        }
      }
      return closing(
        () => client.end(),
        async () => {
          await client.query('create table bare_forecasts (like forecasts including all)')
          const [ours, limits]: [number[], number[]] = [[], []]
          for (let i = 0; i < WARM_UP + CYCLES; i++) {
            const started = performance.now()
            await bareForecasts({ tf, network, client, rows, at: i })
            const between = performance.now()
            await cycle(i)
            const ended = performance.now()
            await desk.queue.settled() // the proposals that follow are not part of it
            if (i < WARM_UP) continue
            limits.push(between - started)
            ours.push(ended - between)
          }
          return compare({ unit: 'ms', ours, limits })
        },
      )
    }),
}
export default forecastCycle
