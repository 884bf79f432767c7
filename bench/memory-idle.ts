/**
 * MB that the whole desk holds in one process after its first start has come to rest (resident, plus PostgreSQL's proportional
 * share), beside a bare Node that has loaded TensorFlow.js on WebAssembly and is connected to an idle PostgreSQL.
 *
 * @module
 */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createLog } from '../src/log.ts'
import { startEmbedded } from '../src/store/embedded.ts'
import { chooseHome } from '../src/store/embedded-home.ts'
import { readPostmaster } from '../src/store/embedded-postmaster.ts'
import { type Bench, compare } from './bench.ts'
import { demo, pgEnv, type Running, whileRunning } from './product.ts'
import { closing, inTemporaryFolder } from './temporary.ts'

const REST_MS = 10_000
const SAMPLES = 5

const memoryIdle: Bench = {
  name: 'memory-idle',
  async run() {
    if (process.platform !== 'linux') return { skipped: 'memory is read from /proc, which only Linux has' }
    const ours = await inTemporaryFolder((folder) =>
      whileRunning(
        // The first proposal comes when the history has been read and the first forecast made.
        { ...demo(folder), answer: /^── Hedge proposed/m },
        (running) => sampleAtRest(running, join(folder, 'postgres')),
      ),
    )
    const limits = await inTemporaryFolder(async (folder) => {
      const server = await startEmbedded({ folder, log: createLog('silent') })
      const bare = { args: ['bench/limits/memory-idle.ts'], env: pgEnv(server.connectionString()), answer: /^ready$/m }
      return closing(server.stop, () => whileRunning(bare, (running) => sampleAtRest(running, folder)))
    })
    return compare({ unit: 'MB', ours, limits })
  },
}
export default memoryIdle

async function sampleAtRest({ child }: Running, databaseFolder: string): Promise<number[]> {
  await sleep(REST_MS)
  const home = await chooseHome(databaseFolder)
  const server = (await readPostmaster(join(home.folder, 'cluster', 'data')))?.pid
  if (server === undefined) throw new Error(`Expected a running database in ${home.folder}, was none`)
  const samples: number[] = []
  for (let i = 0; i < SAMPLES; i++) {
    const program = await sum(await treeOf(child.pid!), 'Rss')
    samples.push(((program + (await sum(await treeOf(server), 'Pss'))) * 1024) / 1e6)
    await sleep(1000)
  }
  return samples
}

/** kB, of 1,024 bytes each, over the processes; one that has just ended counts nothing. */
async function sum(pids: readonly number[], figure: 'Rss' | 'Pss'): Promise<number> {
  const texts = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '')))
  return texts.reduce(
    (total, text) => total + Number(new RegExp(`^${figure}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0),
    0,
  )
}

/** A process and everything it has started. */
async function treeOf(root: number): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const parents = await Promise.all(
    pids.map(async (pid) => {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
      return { pid: Number(pid), parent: Number(stat.slice(stat.lastIndexOf(')') + 4).split(' ')[0]) }
    }),
  )
  const childrenOf = (pid: number): number[] =>
    parents.filter(({ parent }) => parent === pid).flatMap((child) => [child.pid, ...childrenOf(child.pid)])
  return [root, ...childrenOf(root)]
}
