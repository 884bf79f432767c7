import { HORIZONS, type Horizon } from '../src/domain/forecast.ts'
import type { ConfidenceCalibration, ConfidenceSample } from '../src/domain/liquidation/confidence.ts'
import { fitConfidence, type Target } from '../src/domain/liquidation/confidence-fit.ts'
import { collectConfidenceSamples } from '../src/domain/liquidation/confidence-samples.ts'
import { DAY } from '../src/domain/units.ts'
import type { MarketSource, MarketStep } from '../src/ports.ts'
import type { ConfidenceArtifact } from './confidence-file.ts'
import { answersFor, bandRates, type HorizonReport, judgeConfidence } from './confidence-report.ts'

const FIT_SHARE = 0.75
/** Longer than the longest horizon: no outcome reaches from the fitted days into the judged ones. */
const EMBARGO_DAYS = 4
/**
 * On simulated markets alerts at this confidence within 24 h come about every third day and stand for a twentieth of the
 * time, on the path of thirty seconds: the table is in `reports/liquidation-map-simulated.md`.
 */
const SIMULATED_ALERT_THRESHOLD = 0.35

export interface ConfidenceOptions {
  /** Opens the market anew; read once per asset. */
  readonly source: () => MarketSource
  /** Read no further than this many days; default all. */
  readonly days?: number
  readonly trainedOn: string
  readonly onProgress?: (share: number) => void
  readonly signal?: AbortSignal
}

/**
 * Collects clusters and their outcomes, fits the confidence of each horizon on the first three quarters of the days and
 * judges it on the rest; a horizon with too few outcomes is not judged.
 */
export async function trainClusterConfidence(options: ConfidenceOptions): Promise<ConfidenceArtifact> {
  const { signal, onProgress = () => {} } = options
  const samples: ConfidenceSample[] = []
  const { assets } = options.source()
  for (const [k, asset] of assets.entries()) {
    const source = options.source()
    const steps = observed(source, options, (share) => onProgress((k + share) / assets.length))
    // One at a time: each keeps a fortnight of ticks and a map of its own.
    for (const sample of await collectConfidenceSamples(steps, { asset, feeds: source.feeds })) samples.push(sample)
    await source.close()
  }
  signal?.throwIfAborted()
  const days = [...new Set(samples.map(({ at }) => Math.floor(at / DAY)))].sort((a, b) => a - b)
  const firstHeld = days[Math.floor(FIT_SHARE * days.length)] ?? 0
  return fitAndJudge({
    fitted: samples.filter(({ at }) => at < (firstHeld - EMBARGO_DAYS) * DAY),
    held: samples.filter(({ at }) => at >= firstHeld * DAY),
    calibratedOn: 'simulated',
    trainedOn: `${options.trainedOn}, the first three quarters`,
  })
}

/** Fits every horizon on some samples and judges it on others. */
export function fitAndJudge({
  fitted,
  held,
  calibratedOn,
  trainedOn,
  target = 'event',
}: {
  readonly fitted: readonly ConfidenceSample[]
  readonly held: readonly ConfidenceSample[]
  readonly calibratedOn: ConfidenceCalibration['calibratedOn']
  readonly trainedOn: string
  readonly target?: Target
}): ConfidenceArtifact {
  const horizons: Partial<Record<Horizon, ConfidenceCalibration>> = {}
  const report: Partial<Record<Horizon, HorizonReport>> = {}
  for (const horizon of HORIZONS) {
    const calibration = fitConfidence(fitted, { calibratedOn, trainedOn, horizon, target })
    horizons[horizon] = calibration
    if (calibration.kind !== 'fitted') continue
    const climatology = bandRates(fitted, horizon, target)
    const judged = answersFor(held, calibration, { climatology, target })
    if (judged.length > 0) report[horizon] = judgeConfidence(judged, horizon)
  }
  return { horizons, report, rule: 'cascade', alertThreshold: SIMULATED_ALERT_THRESHOLD }
}

async function* observed(
  source: MarketSource,
  { days = Number.POSITIVE_INFINITY, signal }: ConfidenceOptions,
  onProgress: (share: number) => void,
): AsyncGenerator<MarketStep> {
  const end = Math.min(source.to ?? Number.POSITIVE_INFINITY, source.from + days * DAY)
  let told = source.from
  for await (const step of source.steps({ signal })) {
    signal?.throwIfAborted()
    if (step.at > end) return
    if (step.at - told >= 10 * DAY) {
      told = step.at
      onProgress((step.at - source.from) / (end - source.from))
    }
    yield step
  }
}
