/**
 * Seconds from starting `demo` on a record that exists until it has answered `/hedge status`, beside a bare Node that connects
 * to the same PostgreSQL, already up, and asks `select 1`.
 *
 * @module
 */
import { join } from 'node:path'
import { createLog } from '../src/log.ts'
import { startEmbedded } from '../src/store/embedded.ts'
import { type Bench, compare } from './bench.ts'
import { demo, pgEnv, whileRunning } from './product.ts'
import { closing, inTemporaryFolder } from './temporary.ts'

const STARTS = 5

const startWarm: Bench = {
  name: 'start-warm',
  run: () =>
    inTemporaryFolder(async (folder) => {
      const start = () => whileRunning(demo(folder), async ({ answeredAfter }) => answeredAfter / 1000)
      await start() // makes the database and reads the history
      const ours: number[] = []
      for (let i = 0; i < STARTS; i++) ours.push(await start())

      const server = await startEmbedded({ folder: join(folder, 'postgres'), log: createLog('silent') })
      const limits: number[] = []
      await closing(server.stop, async () => {
        const bare = { args: ['bench/limits/start-warm.ts'], env: pgEnv(server.connectionString()), answer: /^1$/m }
        for (let i = 0; i < STARTS; i++)
          limits.push(await whileRunning(bare, async ({ answeredAfter }) => answeredAfter / 1000))
      })
      return compare({ unit: 's', ours, limits })
    }),
}
export default startWarm
