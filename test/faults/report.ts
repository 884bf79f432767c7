import { VIOLATIONS, type Violation } from './judge.ts'
import { BREAKAGES, type Breakage, STEPS } from './plan.ts'
import type { RunResult } from './run.ts'

export interface Summary extends Readonly<Record<Violation, number>> {
  readonly runs: number
  readonly kills: number
  readonly faults: number
  readonly explainedByDenial: number
  readonly seed: string
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0)

/** What is printed as one JSON object. */
export function summarise(seed: string, results: readonly RunResult[]): Summary {
  const counts = Object.fromEntries(
    VIOLATIONS.map((name) => [name, sum(results.map(({ verdict }) => verdict.counts[name]))]),
  ) as Record<Violation, number>
  return {
    runs: results.length,
    kills: sum(results.flatMap(({ kills }) => Object.values(kills))),
    faults: sum(results.flatMap(({ faults }) => Object.values(faults))),
    ...counts,
    explainedByDenial: sum(results.map(({ verdict }) => verdict.explainedByDenial)),
    seed,
  }
}

export const isClean = (summary: Summary): boolean => VIOLATIONS.every((name) => summary[name] === 0)

/** The same for people, with what the runs went through. */
export function describe(results: readonly RunResult[], { wallMs, redis }: { wallMs: number; redis: string }): string {
  const kills = total(results.map((result) => result.kills))
  const faults = total(results.map((result) => result.faults))
  const crashes = new Map<string, number>()
  for (const crash of results.flatMap((result) => result.crashes)) {
    const words = crash.split('\n').find((line) => /Error/.test(line)) ?? crash.split('\n')[0]!
    const short = words.trim().slice(0, 110)
    crashes.set(short, (crashes.get(short) ?? 0) + 1)
  }
  const restarts = (what: string, how?: string): number =>
    results.filter(({ plan: { restart } }) => restart?.what === what && (!how || restart.how === how)).length
  const seconds = wallMs / 1000
  const of = (queue: string): number => results.filter(({ plan }) => plan.queue === queue).length
  const rows: readonly (readonly [string, string | number] | undefined)[] = [
    ['runs', results.length],
    ['  queue on Redis', `${of('redis')} (${redis})`],
    ['  queue on PostgreSQL', of('postgres')],
    ['  filled whole', results.filter(({ verdict }) => verdict.isWhole).length],
    [
      'orders accepted, fills',
      `${sum(results.map((r) => r.verdict.orders))}, ${sum(results.map((r) => r.verdict.fills))}`,
    ],
    ['  partial fills', sum(results.map((result) => result.partialFills))],
    ['processes started', sum(results.map((result) => result.processes))],
    ['kills inside a step', ''],
    ...STEPS.map((step) => [`  ${step}`, kills[step] ?? 0] as const),
    ['kills at a random moment', kills['a random moment'] ?? 0],
    ['processes frozen and woken', sum(results.map((result) => result.freezes))],
    ['two processes from the start', results.filter(({ plan }) => plan.isDoubled).length],
    ['database restarts', `${restarts('database')} (${restarts('database', 'hard')} by a crash)`],
    ['Redis restarts, emptied', restarts('redis')],
    ['processes that ended by themselves', sum([...crashes.values()])],
    ...[...crashes].map(([words, count]) => [`  ${words}`, count] as const),
    ['faults of the venue and the wire', ''],
    ...Object.entries(faults)
      .sort(([a], [b]) => a.localeCompare(b))
      .map(([what, count]) => [`  ${what}`, count] as const),
    ['wall time', `${seconds.toFixed(0)} s, ${((results.length / seconds) * 60).toFixed(0)} runs a minute`],
  ]
  const table = rows.flatMap((row) => (row ? [`${row[0].padEnd(44)}${row[1]}`.trimEnd()] : []))
  return table.join('\n')
}

/** What failed, and how to see it again. */
export function describeFailures(results: readonly RunResult[], breakage: Breakage | undefined): string {
  const failed = results.filter(({ verdict }) => verdict.findings.length > 0)
  return failed
    .map(({ plan, verdict }) => {
      const [seed] = plan.seed.split(/\/(?=\d+$)/)
      const broken = breakage ? ` --break ${breakage}` : ''
      const findings = verdict.findings.map((finding) => `  ${finding.slice(0, 500)}`).join('\n')
      return `Run ${plan.run} failed; again: npm run faults -- --seed ${seed} --run ${plan.run}${broken}\n${findings}`
    })
    .join('\n')
}

export const isBreakage = (text: string): text is Breakage => (BREAKAGES as readonly string[]).includes(text)

function total(counts: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const all: Record<string, number> = {}
  for (const [what, count] of counts.flatMap((each) => Object.entries(each))) all[what] = (all[what] ?? 0) + count
  return all
}
