/**
 * `npm run faults`: kills the product while it trades, again and again, and counts from the venue's own ledger what came of it.
 *
 * @module
 */
import { randomBytes } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { runAll, startServers } from './harness.ts'
import { BREAKAGES } from './plan.ts'
import { describe, describeFailures, isBreakage, isClean, summarise } from './report.ts'
import type { RunResult } from './run.ts'

const DEFAULT_RUNS = 100
/** Most of the time of a run is spent waiting. */
const AT_ONCE_PER_CORE = 5
const TOLD_EVERY = 25

const USAGE = `npm run faults -- [options]
  --runs <n>      how many runs (${DEFAULT_RUNS})
  --seed <text>   of everything that is drawn; drawn itself when left out
  --run <n>       only this run of the seed, with what its processes wrote
  --at-once <n>   runs at a time (${AT_ONCE_PER_CORE} for each core)
  --break <how>   with a fault planted in the product: ${BREAKAGES.join(', ')}
  --json          one JSON object on stdout, everything else on stderr`

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      runs: { type: 'string', default: String(DEFAULT_RUNS) },
      seed: { type: 'string', default: randomBytes(4).toString('hex') },
      run: { type: 'string' },
      'at-once': { type: 'string', default: String(AT_ONCE_PER_CORE * availableParallelism()) },
      break: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    console.log(USAGE)
    return 0
  }
  const { seed, json, break: breakage } = values
  if (breakage !== undefined && !isBreakage(breakage)) {
    throw new RangeError(`Expected --break to be one of ${BREAKAGES.join(', ')}, was ${breakage}`)
  }
  const runs =
    values.run === undefined
      ? Array.from({ length: wholeNumber(values.runs, '--runs', 1) }, (_, run) => run)
      : [wholeNumber(values.run, '--run', 0)]
  const tell = json ? console.error : console.log
  const startedAt = performance.now()
  let done = 0
  let failed = 0
  const stopped = new AbortController()
  // The servers that this starts must not outlive it.
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => stopped.abort())
  const servers = await startServers({ restarts: true })
  const redis = servers.redis
    ? servers.shakenRedis
      ? 'a server of its own'
      : 'one that was there, not restarted'
    : 'none on this machine'
  tell(`Seed ${seed}, ${runs.length} runs; Redis: ${redis}`)
  const running = runAll(servers, {
    signal: stopped.signal,
    seed,
    runs,
    atOnce: wholeNumber(values['at-once'], '--at-once', 1),
    breakage,
    onResult: (result) => {
      done++
      if (result.verdict.findings.length > 0) {
        failed++
        tell(describeFailures([result], breakage))
      }
      if (values.run !== undefined) tell(whatHappened(result))
      else if (done % TOLD_EVERY === 0) {
        const seconds = (performance.now() - startedAt) / 1000
        tell(`${done} of ${runs.length} runs in ${seconds.toFixed(0)} s, ${failed} failed`)
      }
    },
  })
  const results = await running.finally(() => servers.stop())
  const summary = summarise(seed, results)
  tell(`\n${describe(results, { wallMs: performance.now() - startedAt, redis })}`)
  if (json) console.log(JSON.stringify(summary))
  else for (const [what, count] of Object.entries(summary)) tell(`${what.padEnd(44)}${count}`)
  return stopped.signal.aborted ? 130 : isClean(summary) ? 0 : 1
}

function wholeNumber(text: string, name: string, least: number): number {
  const number = Number(text)
  if (Number.isInteger(number) && number >= least) return number
  throw new RangeError(`Expected ${name} to be a whole number from ${least} on, was ${text}`)
}

const whatHappened = ({ plan, books, log }: RunResult): string =>
  [
    `Plan ${JSON.stringify(plan, null, 2)}`,
    ...books.proposals.map((proposal) => `Proposal ${JSON.stringify(proposal)}`),
    ...books.orders.map((order) => `Order ${JSON.stringify(order)}`),
    ...books.fills.map((fill) => `Fill ${JSON.stringify(fill)}`),
    log,
  ].join('\n')

try {
  process.exitCode = await main()
} catch (error) {
  if (!(error instanceof RangeError) && (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS') !== true)
    throw error
  console.error(`${(error as Error).message}\n\n${USAGE}`)
  process.exitCode = 2
}
