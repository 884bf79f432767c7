import type { Bench } from '../../bench/bench.ts'
import { benches } from '../../bench/index.ts'
import { cleanUp } from '../../bench/temporary.ts'
import { onStop, report } from './terminal.ts'

type Result = Awaited<ReturnType<Bench['run']>> | { readonly failed: string }

/**
 * `bench [names]`: each benchmark with the bare library or a trivial loop beside it, measured in the same run.
 *
 * One that fails is shown as `failed` and the rest go on; the exit code is then 1. Ctrl-C removes what the running one made.
 *
 * @throws {Error} when a name is none of theirs
 */
export async function runBench(names: readonly string[], options: { json?: boolean }): Promise<void> {
  const unknown = names.filter((name) => !benches.some((bench) => bench.name === name))
  if (unknown.length > 0) {
    throw new Error(
      `Expected benchmarks among ${benches.map((bench) => bench.name).join(', ')}, was ${unknown.join(', ')}`,
    )
  }
  const stop = onStop()
  const results: Record<string, Result> = {}
  for (const bench of benches.filter((candidate) => names.length === 0 || names.includes(candidate.name))) {
    report(`Measuring ${bench.name}`)
    const result = await Promise.race([bench.run().catch(toFailure), stop.stopped])
    report('')
    if (!result) {
      await cleanUp()
      process.exit(130)
    }
    results[bench.name] = result
    if ('failed' in result) process.exitCode = 1
    if (!options.json) process.stdout.write(`${bench.name.padEnd(20)} ${describe(result)}\n`)
  }
  if (options.json) process.stdout.write(`${JSON.stringify(results)}\n`)
}

const toFailure = (error: unknown): Result => ({ failed: error instanceof Error ? error.message : String(error) })

function describe(result: Result): string {
  if ('skipped' in result) return `skipped: ${result.skipped}`
  if ('failed' in result) return `failed: ${result.failed}`
  const { unit, p50, p99, n, limit, ratio, apart = {} } = result
  const others = Object.entries(apart).map(([name, value]) => `, ${name} ${show(value)}`)
  return `p50 ${show(p50)} ${unit}, p99 ${show(p99)}, n ${n}, limit ${show(limit)}, ratio ${ratio.toFixed(2)}${others.join('')}`
}

const show = (value: number): string => String(Number(value.toPrecision(4)))
