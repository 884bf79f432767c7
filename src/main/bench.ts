import { benches } from '../../bench/index.ts'
import { report } from './terminal.ts'

/** `bench [names]`: each benchmark with the bare library or a trivial loop beside it, measured in the same run. */
export async function runBench(names: readonly string[], options: { json?: boolean }): Promise<void> {
  const unknown = names.filter((name) => !benches.some((bench) => bench.name === name))
  if (unknown.length > 0) {
    throw new Error(
      `Expected benchmarks among ${benches.map((bench) => bench.name).join(', ')}, was ${unknown.join(', ')}`,
    )
  }
  const results: Record<string, unknown> = {}
  for (const bench of benches.filter((candidate) => names.length === 0 || names.includes(candidate.name))) {
    report(`Measuring ${bench.name}`)
    const result = await bench.run()
    results[bench.name] = result
    report('')
    if (!options.json)
      process.stdout.write(
        `${bench.name.padEnd(20)} ${'skipped' in result ? `skipped: ${result.skipped}` : `p50 ${show(result.p50)} ${result.unit}, p99 ${show(result.p99)}, n ${result.n}, limit ${show(result.limit)}, ratio ${result.ratio.toFixed(2)}`}\n`,
      )
  }
  if (options.json) process.stdout.write(`${JSON.stringify(results)}\n`)
}

const show = (value: number): string => String(Number(value.toPrecision(4)))
