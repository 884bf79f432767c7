/**
 * What the map says was swept, bar by bar, against what was printed and against the fall of open interest.
 *
 * @module
 * @see specification §1.7 (2), (3)
 */
import { leastSquares } from '../domain/liquidation/leverage-learning.ts'
import { type LiquidationMap, mapOpenInterest } from '../domain/liquidation/map.ts'
import { venuesToFollow } from '../domain/liquidation/map-bars.ts'
import type { Panel } from '../domain/market/panel.ts'
import type { Asset } from '../domain/market/tick.ts'
import { ewmaVolatility, hourlyReturns } from '../domain/market/volatility.ts'
import { DAY, HOUR, later, type TimestampMs, timestamp } from '../domain/units.ts'
import { correlation } from './recovery.ts'

const BAR = 4 * HOUR
/** Vendors publish a bar of four hours ten minutes after its end; an hour is waited. */
const PATIENCE = HOUR
/** Open interest heard so long before either end of a bar, as where it is daily, is not that bar's. */
const STALE = HOUR
const VOLATILITY_HOURS = 240
/** Fewer bars than these give no correlation worth the name. */
const MIN_BARS = 30

/** Four hours: what the map swept, and what happened. */
export interface SweptBar {
  readonly endsAt: TimestampMs
  /** Notional swept by the map over the open interest it had, both sides. */
  readonly sweptShare: number
  readonly sweptNotional: number
  /** Log return, and in standard deviations of four hours known before. */
  readonly move: number
  readonly moveSigma: number
  /** Both sides, as printed (throttled, so a lower bound); undefined where nothing was recorded. */
  readonly printedNotional?: number
  /** −ΔOI/OI in coins; undefined where either end is not known. */
  readonly fall?: number
}

export interface SweepFigures {
  readonly bars: number
  /** Bars that moved more than a standard deviation and have prints. */
  readonly ranked: number
  readonly spearman: number | null
  /** Rank correlation of |return| alone with the same prints: what the map has to beat. */
  readonly spearmanReturn: number | null
  /** R² of the fall of open interest on |r| and r², and with the swept share beside them; fitted before the window. */
  readonly r2Return: number | null
  readonly r2Full: number | null
  readonly deltaR2: number | null
}

interface Open {
  readonly endsAt: TimestampMs
  readonly sweptNotional: number
  readonly sweptShare: number
  readonly move: number
  readonly moveSigma: number
}

export interface SweepRecord {
  observe(panel: Panel, map: LiquidationMap, at: TimestampMs): void
  bars(): readonly SweptBar[]
}

/** Call `observe` after each step, in order. */
export function createSweepRecord(asset: Asset): SweepRecord {
  const done: SweptBar[] = []
  const waiting: Open[] = []
  let window: number | undefined
  let [sweptBefore, priceBefore] = [0, 0]

  return {
    observe(panel, map, at) {
      const bar = panel.lastBar(asset, at)
      if (!bar) return
      const current = Math.floor(at / BAR)
      if (current !== window) {
        const swept = map.swept.notional[0]! + map.swept.notional[1]!
        if (window !== undefined && current === window + 1 && priceBefore > 0) {
          const endsAt = timestamp(current * BAR)
          const returns = hourlyReturns(panel, asset, later(endsAt, -BAR), VOLATILITY_HOURS, at)
          const move = Math.log(bar.closePrice / priceBefore)
          const deviation = ewmaVolatility(returns, 48) * Math.sqrt(BAR / HOUR)
          const coins = Object.values(mapOpenInterest(map)).reduce((sum, each) => sum + each, 0)
          const held = coins * bar.closePrice
          const sweptNotional = swept - sweptBefore
          if (deviation > 0 && held > 0)
            waiting.push({
              endsAt,
              sweptNotional,
              sweptShare: sweptNotional / held,
              move,
              moveSigma: move / deviation,
            })
        }
        window = current
        sweptBefore = swept
        priceBefore = bar.closePrice
      }
      while (waiting[0] && at >= waiting[0].endsAt + PATIENCE) {
        const open = waiting.shift()!
        done.push({ ...open, ...whatHappened(panel, asset, open.endsAt, at) })
      }
    },
    bars: () => done,
  }
}

/** The other map may be a placebo; what happened is read from the panel alone. */
function whatHappened(
  panel: Panel,
  asset: Asset,
  endsAt: TimestampMs,
  known: TimestampMs,
): Pick<SweptBar, 'printedNotional' | 'fall'> {
  const startsAt = later(endsAt, -BAR)
  let printed: number | undefined
  for (const venue of panel.venues('liquidations', asset)) {
    for (const tick of panel.between('liquidations', venue, asset, startsAt, known)) {
      // What was printed over a day says nothing about four hours of it.
      if (tick.eventAt - tick.interval >= startsAt && tick.eventAt <= endsAt)
        printed = (printed ?? 0) + tick.longNotional + tick.shortNotional
    }
  }
  let [before, after] = [0, 0]
  for (const { venue } of venuesToFollow(panel, asset, known)) {
    const readings = panel.between('open-interest', venue, asset, later(startsAt, -DAY), known)
    const start = readings.findLast(({ eventAt }) => eventAt <= startsAt)
    const end = readings.findLast(({ eventAt }) => eventAt <= endsAt)
    if (!start || !end || start.eventAt <= startsAt - STALE || end.eventAt <= endsAt - STALE) continue
    before += start.openInterest
    after += end.openInterest
  }
  return {
    ...(printed === undefined ? {} : { printedNotional: printed }),
    ...(before > 0 ? { fall: (before - after) / before } : {}),
  }
}

/** Figures of the bars in a window; regressions are fitted on the bars before it. */
export function sweepFigures(
  bars: readonly SweptBar[],
  { from, to }: { from: TimestampMs; to: TimestampMs },
): SweepFigures {
  const inside = bars.filter(({ endsAt }) => endsAt > from && endsAt <= to)
  const ranked = inside.filter((bar) => Math.abs(bar.moveSigma) > 1 && bar.printedNotional !== undefined)
  const printed = ranked.map((bar) => bar.printedNotional!)
  const enough = ranked.length >= MIN_BARS
  return {
    bars: inside.length,
    ranked: ranked.length,
    spearman: enough
      ? spearman(
          ranked.map(({ sweptNotional }) => sweptNotional),
          printed,
        )
      : null,
    spearmanReturn: enough
      ? spearman(
          ranked.map(({ move }) => Math.abs(move)),
          printed,
        )
      : null,
    ...explained(
      bars.filter(({ endsAt }) => endsAt <= from),
      inside,
    ),
  }
}

function explained(
  earlier: readonly SweptBar[],
  inside: readonly SweptBar[],
): Pick<SweepFigures, 'r2Return' | 'r2Full' | 'deltaR2'> {
  const [train, test] = [earlier, inside].map((bars) => bars.filter(({ fall }) => fall !== undefined))
  if (train!.length < MIN_BARS || test!.length < MIN_BARS) return { r2Return: null, r2Full: null, deltaR2: null }
  const plain = ({ move }: SweptBar): number[] => [1, Math.abs(move), move ** 2]
  const full = (bar: SweptBar): number[] => [...plain(bar), bar.sweptShare]
  const r2 = (row: (bar: SweptBar) => number[]): number => {
    const beta = leastSquares(
      train!.map(row),
      train!.map(({ fall }) => fall!),
    )
    const mean = test!.reduce((sum, { fall }) => sum + fall!, 0) / test!.length
    let [error, variance] = [0, 0]
    for (const bar of test!) {
      const predicted = row(bar).reduce((sum, x, i) => sum + x * beta[i]!, 0)
      error += (bar.fall! - predicted) ** 2
      variance += (bar.fall! - mean) ** 2
    }
    return variance > 0 ? 1 - error / variance : 0
  }
  const [r2Return, r2Full] = [r2(plain), r2(full)]
  return { r2Return, r2Full, deltaR2: r2Full - r2Return }
}

/** Spearman's rank correlation; equal values share their mean rank. */
export const spearman = (xs: readonly number[], ys: readonly number[]): number => correlation(ranks(xs), ranks(ys))

function ranks(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).sort((a, b) => values[a]! - values[b]!)
  const out = new Array<number>(values.length)
  for (let i = 0; i < order.length; ) {
    let end = i
    while (end + 1 < order.length && values[order[end + 1]!] === values[order[i]!]) end++
    for (let k = i; k <= end; k++) out[order[k]!] = (i + end) / 2
    i = end + 1
  }
  return out
}
