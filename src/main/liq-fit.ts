import { type ConfidenceArtifact, writeConfidence } from '../../models/confidence-file.ts'
import { type AlertRate, measureAlerts, thresholdFor } from '../backtest/alert-path.ts'
import { calibrationsBefore } from '../backtest/point-in-time.ts'
import { byHorizon, judgeHorizon, type Recorded, readRecorded } from '../backtest/recorded-validation.ts'
import { parseConfig } from '../config.ts'
import { RECORDED_RULE } from '../domain/liquidation/cluster-outcome.ts'
import type { ConfidenceCalibrations } from '../domain/liquidation/confidence.ts'
import { DAY, later, type TimestampMs } from '../domain/units.ts'
import { alertRules } from './alert-rules.ts'
import { RECORDED_FOLDER } from './artifacts.ts'
import { assetsToFit, openRecorded, panelFolder } from './recorded.ts'
import { report as say } from './terminal.ts'

/** The last half year is judged month by month, each fitted on what lay before. */
const TEST_DAYS = 176
const REFIT_DAYS = 30
/** The asset that must be there; others in the folder are pooled with it. */
const FIRST = 'ETH'
/** The asset with the most alerts gets about one in three days. */
const ALERTS_PER_DAY = 1 / 3
const THRESHOLDS = [0.04, 0.05, 0.06, 0.08, 0.1, 0.12, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4]

export interface FitOptions {
  readonly data: string
  readonly to: TimestampMs
  readonly out?: string
}

/** `liq-fit`: the confidence fitted on recorded data, judged on its last half year, with the threshold its alerts keep to. */
export async function runLiqFit({ data, to, out }: FitOptions): Promise<void> {
  const folder = panelFolder(data)
  const from = later(to, -TEST_DAYS * DAY)
  const windows = await assetsToFit(folder, { asset: FIRST, from, to })
  const assets = windows.map(({ asset }) => asset)
  const recorded: Recorded[] = []
  for (const window of windows) {
    say(`Reading ${window.asset}`)
    const { market, source } = await openRecorded(folder, window)
    recorded.push(await readRecorded(market))
    await source.close()
  }
  say('Fitting and judging')
  const samples = recorded.flatMap((each) => each.samples)
  // The gap before the cut keeps outcomes from reaching past it, so nothing after `to` is asked for.
  const horizons = calibrationsBefore(samples, later(to, EMBARGO_PASSED))
  const judged = byHorizon((horizon) =>
    judgeHorizon(recorded, horizon, { symbols: assets, from, to, refitDays: REFIT_DAYS }),
  )
  const report = Object.fromEntries(Object.entries(judged).filter(([, row]) => !('undetermined' in row)))
  const rates = await alertRates(folder, { assets, from, to, horizons })
  const artifact: ConfidenceArtifact = {
    horizons,
    report: report as ConfidenceArtifact['report'],
    rule: 'recorded',
    alertThreshold: Math.max(...rates.map((each) => thresholdFor(each, ALERTS_PER_DAY))),
    fittedUntil: new Date(to).toISOString(),
  }
  await writeConfidence(out ?? RECORDED_FOLDER, artifact)
  say('')
  for (const [k, asset] of assets.entries()) {
    const rate = rates[k]!.find(({ threshold }) => threshold === artifact.alertThreshold)!
    process.stdout.write(
      `${asset}: at ${artifact.alertThreshold} ${rate.perDay.toFixed(2)} alerts a day, ${(100 * rate.shareOfTime).toFixed(1)} % of the time, ${rate.touched} of ${rate.raised} touched, ${rate.cascaded} cascaded\n`,
    )
  }
  process.stdout.write(`Wrote ${Object.values(horizons).filter((each) => each?.kind === 'fitted').length} horizons.\n`)
}

/** Samples of the last days have their outcomes by then, so all of them are fitted on. */
const EMBARGO_PASSED = 5 * DAY

async function alertRates(
  folder: string,
  question: { assets: readonly string[]; from: TimestampMs; to: TimestampMs; horizons: ConfidenceCalibrations },
): Promise<readonly (readonly AlertRate[])[]> {
  const all: (readonly AlertRate[])[] = []
  for (const asset of question.assets) {
    say(`Counting alerts of ${asset}`)
    const { source } = await openRecorded(folder, { asset, from: question.from, to: question.to })
    const rules = alertRules(parseConfig({}).alerts, undefined)
    const options = {
      calibrations: question.horizons,
      rules,
      thresholds: THRESHOLDS,
      clock: 'path',
      seed: 1,
      event: RECORDED_RULE,
    } as const
    all.push(await measureAlerts(source, options))
    await source.close()
  }
  return all
}
