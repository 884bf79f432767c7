import { readArtifact } from '../../models/artifact.ts'
import { loadEngine, loadGradients } from '../../models/engine.ts'
import { fitAsOf, formatForecasts } from '../../models/evaluation/as-of.ts'
import { isRungName } from '../../models/ladder.ts'
import { RUNG_NAMES, type RungName } from '../../models/rung.ts'
import { type AssetHours, instantOf, type Sample } from '../../models/samples.ts'
import type { Asset } from '../domain/market/tick.ts'
import { DAY, type DurationMs, HOUR, type TimestampMs, timestamp } from '../domain/units.ts'
import { RECORDED_FOLDER } from './artifacts.ts'
import { recordedHours } from './hours.ts'
import { createProgress } from './progress.ts'
import { checkWindow, panelFolder } from './recorded.ts'
import { checkInside, spansOf } from './recorded-assets.ts'
import { onStop } from './terminal.ts'

export interface ForecastOptions {
  readonly data: string
  readonly symbol: Asset
  readonly from: TimestampMs
  readonly to: TimestampMs
  readonly every: DurationMs
  /** A rung of the ladder; default that of the shipped model of recorded markets, else volatility alone. */
  readonly model?: string
  readonly calibration: number
  readonly seed: number
  readonly csv?: boolean
  /** A fit of seconds, to see that it works. */
  readonly quick?: boolean
}

const TRAIN_EVERY_HOURS = 4

/**
 * `forecast`: what a model would have said at every step of a window, point in time, fitted only on what lies before it. One CSV
 * line a forecast, or one JSON value a line.
 */
export async function runForecast(options: ForecastOptions): Promise<void> {
  const { from, to, every } = options
  const rung = checkOptions(options, options.model ?? (await readArtifact(RECORDED_FOLDER))?.rung ?? 'volatility-only')
  const folder = panelFolder(options.data)
  const asset = options.symbol.toUpperCase()
  const spans = await spansOf(folder, [asset])
  checkInside(spans, { from, to }, ['--from', '--to'])
  const stop = onStop()
  const progress = createProgress()
  try {
    const { assets } = await recordedHours(options.data, {
      symbols: [asset],
      // Hours are read a whole day at a time; each is made of what had been received by then.
      to: timestamp(Math.min(to + 2 * DAY, spans.get(asset)!.to)),
      say: (share, text) => progress.say(share / 2, text),
      signal: stop.signal,
    })
    const engine = await loadEngine()
    await loadGradients(engine)
    const model = await fitAsOf({
      assets,
      before: from,
      rung,
      seed: options.seed,
      everyHours: TRAIN_EVERY_HOURS,
      calibrationDays: options.calibration,
      engine,
      effort: options.quick ? 'quick' : 'full',
      onProgress: (share, text) => progress.say((1 + share) / 2, text),
      signal: stop.signal,
    })
    const samples = samplesBetween(assets, { from, to, every })
    const rows = model.forecast(samples)
    model.dispose()
    progress.stop()
    const missing = Math.ceil((to - from) / every) - samples.length
    if (missing > 0)
      process.stderr.write(
        `${missing} steps without a forecast: too little is recorded before them, or the record ends.\n`,
      )
    process.stdout.write(
      options.csv
        ? formatForecasts(rows, rung)
        : rows.map((row) => `${JSON.stringify({ ...row, model: rung })}\n`).join(''),
    )
  } catch (error) {
    progress.stop()
    if (stop.signal.aborted) throw new Error('Forecasting was stopped; nothing was printed.')
    throw error
  }
}

function checkOptions({ every, from, to }: ForecastOptions, model: string): RungName {
  checkWindow({ from, to })
  if (!isRungName(model))
    throw new Error(`Expected --model among ${RUNG_NAMES.join(', ')}, was ${model}. Choose one of these.`)
  if (every % HOUR !== 0 || from % HOUR !== 0)
    throw new Error(
      `Expected --from and --every in whole hours, since the record is hourly, was ${new Date(from).toISOString()} every ${every / 60_000} minutes. Use 1h or more.`,
    )
  if (to - from > MOST_DAYS * DAY)
    throw new Error(
      `Expected a window of at most ${MOST_DAYS} days, was ${Math.ceil((to - from) / DAY)}: the model is fitted once, before it. Ask for shorter ones.`,
    )
  return model
}

/** A model that is not fitted anew grows stale; four quarters are as long as any is in use. */
const MOST_DAYS = 400

/** Hours of a window with everything known that a window of features looks back on, whether or not their future is recorded. */
function samplesBetween(
  assets: readonly AssetHours[],
  { from, to, every }: Pick<ForecastOptions, 'from' | 'to' | 'every'>,
): readonly Sample[] {
  return assets
    .flatMap((hours) =>
      Array.from(hours.instants.keys())
        .filter((i) => i >= hours.firstUsable)
        .map((i) => ({ hours, i })),
    )
    .filter((sample) => {
      const at = instantOf(sample)
      return at >= from && at < to && (at - from) % every === 0
    })
}
