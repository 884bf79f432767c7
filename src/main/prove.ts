import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readConfidence } from '../../models/confidence-file.ts'
import { measureAlerts, pooledRates } from '../backtest/alert-path.ts'
import { formatLadderProof, formatPatternProof } from '../backtest/ladder-proof-report.ts'
import { type AlertProof, type Check, checksOf, formatProof, type ProofReport } from '../backtest/proof-report.ts'
import { measureRecovery, WRONG_PRIORS } from '../backtest/recovery.ts'
import { proveConfidence } from '../backtest/simulated-proof.ts'
import { parseConfig } from '../config.ts'
import { DAY, HOUR, later, timestamp } from '../domain/units.ts'
import type { MarketSource } from '../ports.ts'
import { createSimulatedMarket } from '../venues/simulated/market.ts'
import { truthfulYear } from '../venues/simulated/truthful.ts'
import { alertRules } from './alert-rules.ts'
import { ARTIFACT_FOLDER } from './artifacts.ts'
import { proveModels, provePatterns } from './prove-models.ts'
import { writeReliability } from './reliability-picture.ts'
import { report as say } from './terminal.ts'

const REPORTS = fileURLToPath(new URL('../../models/reports', import.meta.url))
const SEEDS = 8
/** Seeds that are fitted on: far from those that are judged. */
const FIRST_TRAINING_SEED = 101
const YEAR = 365
/** None of them is the seed that the shipped confidence was fitted on. */
const FIRST_ALERT_SEED = 21
const ALERT_SEEDS = 4
const ALERT_DAYS = 60
const ALERT_THRESHOLDS = [0.2, 0.25, 0.3, 0.4, 0.5]
/** What can be proved alone: the liquidation map with its confidence, the ladder of models, networks on planted patterns. */
export const PARTS = ['map', 'ladder', 'patterns'] as const
export type Part = (typeof PARTS)[number]

const NAMES: Readonly<Record<Part, string>> = {
  map: 'liquidation-map-simulated',
  ladder: 'ladder-simulated',
  patterns: 'patterns-simulated',
}

export interface ProveOptions {
  /** That the map is judged on; the ladder's are fixed. */
  readonly seeds: number
  /** Default all. */
  readonly only?: Part
  readonly out?: string
  /** Where finished rungs of the ladder are kept until it is done. */
  readonly work: string
  readonly json?: boolean
}

interface Proof {
  readonly report: { readonly checks: readonly Check[] }
  readonly markdown: string
}

/**
 * `prove`: the map and its confidence, and the models, on simulated markets, written to models/reports; exit code 1 when a check
 * fails.
 */
export async function runProve(options: ProveOptions): Promise<void> {
  const folder = options.out ?? REPORTS
  await mkdir(folder, { recursive: true })
  const proofs: [Part, Proof][] = []
  for (const part of PARTS) {
    if (options.only !== undefined && options.only !== part) continue
    const proof = await PROVE[part](options, folder)
    await writeFile(join(folder, `${NAMES[part]}.md`), proof.markdown)
    await writeFile(join(folder, `${NAMES[part]}.json`), `${JSON.stringify(proof.report, null, 1)}\n`)
    proofs.push([part, proof])
    say('')
  }
  process.stdout.write(
    options.json
      ? `${JSON.stringify(Object.fromEntries(proofs.map(([part, { report }]) => [part, report])))}\n`
      : proofs.map(([, { markdown }]) => markdown).join('\n'),
  )
  if (proofs.some(([, { report }]) => report.checks.some(({ passed }) => !passed))) process.exitCode = 1
}

const PROVE: Readonly<Record<Part, (options: ProveOptions, folder: string) => Promise<Proof>>> = {
  map: async ({ seeds }, folder) => {
    const report = await proveMap(seeds, folder)
    return { report, markdown: formatProof(report) }
  },
  ladder: async ({ work }) => {
    const report = await proveModels('npm run prove -- --only ladder', work)
    return { report, markdown: formatLadderProof(report) }
  },
  patterns: async () => {
    const report = await provePatterns('npm run prove -- --only patterns')
    return { report, markdown: formatPatternProof(report) }
  },
}

async function proveMap(count: number, folder: string): Promise<ProofReport> {
  const seeds = Array.from({ length: count }, (_, i) => i + 1)
  const recovery = seeds.map((seed) => {
    say(`Recovering the map, seed ${seed}`)
    const maps = { right: {}, wrong: { ...WRONG_PRIORS, learn: false }, learned: WRONG_PRIORS }
    return { seed, ...measureRecovery(truthfulYear(seed), { asset: 'ETH', maps }) }
  })
  const worlds: ProofReport['worlds'][number][] = []
  for (const world of ['planted', 'null', 'null-without-book', 'planted-fixed', 'placebo'] as const) {
    const { proof } = await proveConfidence(world, {
      trainSeeds: seeds.map((seed) => seed + FIRST_TRAINING_SEED - 1),
      testSeeds: seeds,
      open: openYear,
      onProgress: say,
    })
    worlds.push(proof)
  }
  const alerts = await measureAlertRates(count)
  const day = worlds[0]?.event['24h']
  if (day) {
    await writeReliability(join(folder, `${NAMES.map}.png`), day, {
      title: 'Confidence of liquidation clusters within 24 h',
      subtitle: `simulated markets, ${day.samples} clusters on seeds that nothing was fitted on`,
    })
  }
  const command = `npm run prove${count === SEEDS ? '' : ` -- --seeds ${count}`}`
  const found = { recovery, worlds, alerts }
  return { command, ...found, checks: checksOf(found) }
}

/** Alerts of what ships, at the default rules, on markets that nothing was fitted on. */
async function measureAlertRates(count: number): Promise<AlertProof> {
  const shipped = await readConfidence(ARTIFACT_FOLDER)
  const calibrations = shipped?.horizons ?? {}
  const rules = alertRules(parseConfig({}).alerts, shipped?.alertThreshold)
  const seeds = Array.from({ length: Math.min(ALERT_SEEDS, count) }, (_, i) => FIRST_ALERT_SEED + i)
  const thresholds = [...new Set([...ALERT_THRESHOLDS, rules.threshold as number])].sort((a, b) => a - b)
  const rates = async (clock: 'bars' | 'path') => {
    const markets = []
    for (const seed of seeds) {
      say(`Alerts, ${clock}, seed ${seed}`)
      const from = timestamp(Date.UTC(2025, 0, 1))
      const window = { from, to: later(from, ALERT_DAYS * DAY), warmupDays: ALERT_DAYS }
      const source = createSimulatedMarket({ seed, assets: ['ETH'], ...window, preset: 'realistic' })
      markets.push(await measureAlerts(source, { calibrations, rules, thresholds, clock, seed }))
    }
    return pooledRates(markets)
  }
  const maxHours = rules.maxDuration / HOUR
  return {
    threshold: rules.threshold,
    seeds,
    days: ALERT_DAYS,
    maxHours,
    bars: await rates('bars'),
    path: await rates('path'),
  }
}

/** A year of one asset at the hourly cadence of history. */
function openYear(seed: number, world: 'planted' | 'null'): MarketSource {
  const from = timestamp(Date.UTC(2025, 0, 1))
  const preset = world === 'null' ? 'realistic-null' : 'realistic'
  return createSimulatedMarket({ seed, assets: ['ETH'], from, to: from, warmupDays: YEAR, preset })
}
