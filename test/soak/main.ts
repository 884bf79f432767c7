/**
 * `npm run soak -- --minutes 15 --json`: a desk that hedges for so long on a paper venue at which things go wrong, and the books held
 * against the venue's ledger afterwards. It ends with 1 where they differ, memory has grown, or anything was thrown.
 *
 * @module
 */
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Command } from 'commander'
import { createLog } from '../../src/log.ts'
import { startEmbedded } from '../../src/store/embedded.ts'
import { migrate } from '../../src/store/migrate.ts'
import { whyFailed } from './judge.ts'
import { runSoak } from './soak.ts'

const MOST_GROWTH = 0.05
/** Nothing waits long, and everything waits as long as it would against something else. */
const SPEED = 10
/** What a run of this length is to have seen at least, for each minute of it. */
const [PARENTS, EVENTS] = [500 / 15, 100_000 / 15]

const { minutes, seed, json } = new Command('soak')
  .description('executions without end on a paper venue that goes wrong')
  .option('--minutes <number>', 'how long', Number, 15)
  .option('--seed <number>', 'of the market, the faults and the trades', Number, Math.floor(Math.random() * 2 ** 31))
  .option('--json', 'print one JSON object')
  .parse()
  .opts<{ minutes: number; seed: number; json?: boolean }>()

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void
const folder = await mkdtemp(join(tmpdir(), 'breakwater-soak-'))
await chmod(folder, 0o755) // the server's user is another one when we are root
try {
  const server = await startEmbedded({ folder, log: createLog('silent'), settings: { fsync: 'off' } })
  try {
    const connectionString = server.connectionString()
    await migrate(connectionString)
    const report = await runSoak({
      ...{ seed, minutes, longestMinutes: 2 * minutes, speed: SPEED, connectionString, collect },
      parents: Math.ceil(PARENTS * minutes),
      events: Math.ceil(EVENTS * minutes),
      ...(process.stderr.isTTY && { onProgress: (text) => process.stderr.write(`\r${text}   `) }),
    })
    const failed = [
      ...whyFailed(report),
      ...(report.heap.growth > MOST_GROWTH
        ? [
            `the heap has grown by ${(report.heap.growth * 100).toFixed(1)} %, at most ${MOST_GROWTH * 100} % are allowed`,
          ]
        : []),
      ...(report.parents < PARENTS * minutes ? [`only ${report.parents} parents`] : []),
      ...(report.events < EVENTS * minutes ? [`only ${report.events} events`] : []),
    ]
    const { errors, counts, ...figures } = report
    process.stdout.write(
      json
        ? `${JSON.stringify({ ok: failed.length === 0, failed, ...report })}\n`
        : `${Object.entries({ ...figures, heap: JSON.stringify(report.heap) })
            .map(([name, value]) => `${name.padEnd(20)} ${value}`)
            .join('\n')}\n${failed.length === 0 ? 'nothing is wrong' : failed.join('\n')}\n`,
    )
    process.exitCode = failed.length === 0 ? 0 : 1
  } finally {
    await server.stop()
  }
} finally {
  await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
}
