import type { MapSnapshot } from '../domain/liquidation/snapshot.ts'
import type { LabelledCluster } from '../domain/picture.ts'
import { HOUR } from '../domain/units.ts'
import { LEVELS } from './theme.ts'

/** How far around the path of the price the picture looks, where something waits there. */
const REACH = 0.12
/** And how far at least. */
const MIN_REACH = 0.02
/** So many of the largest cells may be larger than the scale ends: one giant does not make all others pale. */
const ABOVE_SCALE = 0.01
const ROUND = [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10]

export interface PriceRange {
  readonly low: number
  readonly high: number
}

/** Cells of one colour that touch: from `from` to `to` in time, one bin high. */
export interface CellRun {
  readonly side: 'buy' | 'sell'
  /** 1 to `LEVELS`. */
  readonly level: number
  readonly from: number
  readonly to: number
  readonly lowPrice: number
  readonly highPrice: number
}

/** Colours by USD per bin. */
export interface ColourScale {
  /** Where colour `i` ends, USD; the last is open above. */
  readonly edges: readonly number[]
  /** 0 where nothing waits, otherwise 1 to `LEVELS`. */
  levelOf(notional: number): number
}

/** Goes with the square root of the notional, so that what is small next to the largest still shows. */
export function colourScale(snapshots: readonly MapSnapshot[], range: PriceRange): ColourScale {
  const notionals = snapshots.flatMap((snapshot) => cellsOf(snapshot, range).map(({ notional }) => notional))
  notionals.sort((a, b) => a - b)
  const largest = notionals[Math.ceil(notionals.length * (1 - ABOVE_SCALE)) - 1] ?? 0
  // The third and the sixth of nine edges stand in the legend: at 1/9 and 4/9 of the ceiling, so 1/9 is made round.
  const unit = roundUp(largest / LEVELS)
  const ceiling = unit * LEVELS
  return {
    edges: Array.from({ length: LEVELS }, (_, i) => ceiling * ((i + 1) / LEVELS) ** 2),
    levelOf: (notional) =>
      notional > 0 ? Math.min(LEVELS, Math.max(1, Math.ceil(LEVELS * Math.sqrt(notional / ceiling) - 1e-9))) : 0,
  }
}

function roundUp(value: number): number {
  if (!(value > 0)) return 1
  const power = 10 ** Math.floor(Math.log10(value))
  return power * (ROUND.find((factor) => factor * power >= value * (1 - 1e-9)) ?? 10)
}

/** The part of the price axis worth showing: the path, what waits around it, and every cluster. */
export function visibleRange(snapshots: readonly MapSnapshot[], clusters: readonly LabelledCluster[]): PriceRange {
  const lowest = Math.min(...snapshots.map(({ price, lowPrice }) => Math.min(price, lowPrice)))
  const highest = Math.max(...snapshots.map(({ price, highPrice }) => Math.max(price, highPrice)))
  const reach = { low: lowest * (1 - REACH), high: highest * (1 + REACH) }
  const scale = colourScale(snapshots, reach)
  const seen = snapshots.flatMap((snapshot) =>
    cellsOf(snapshot, reach).filter(({ notional }) => scale.levelOf(notional) > 1),
  )
  const [from, to] =
    seen.length === 0
      ? [reach.low, reach.high]
      : [extreme(seen, Math.min, 'lowPrice') * 0.995, extreme(seen, Math.max, 'highPrice') * 1.005]
  return {
    low: Math.min(
      Math.max(reach.low, from),
      lowest * (1 - MIN_REACH),
      ...clusters.map((cluster) => cluster.lowPrice * 0.995),
    ),
    high: Math.max(
      Math.min(reach.high, to),
      highest * (1 + MIN_REACH),
      ...clusters.map((cluster) => cluster.highPrice * 1.005),
    ),
  }
}

const extreme = (
  cells: readonly Cell[],
  pick: (a: number, b: number) => number,
  edge: 'lowPrice' | 'highPrice',
): number => cells.reduce((most, cell) => pick(most, cell[edge]), cells[0]![edge])

export interface Cell {
  readonly side: 'buy' | 'sell'
  readonly bin: number
  readonly notional: number
  readonly lowPrice: number
  readonly highPrice: number
}

/** What is not empty in a snapshot and at least partly in sight, upwards by price. */
export function cellsOf(snapshot: MapSnapshot, range: PriceRange): readonly Cell[] {
  const { firstBin, binWidth } = snapshot
  const first = Math.max(0, Math.floor(Math.log(range.low) / binWidth - firstBin + 0.5))
  const last = Math.ceil(Math.log(range.high) / binWidth - firstBin - 0.5)
  const cells: Cell[] = []
  for (const side of ['sell', 'buy'] as const) {
    const notionals = side === 'sell' ? snapshot.longs : snapshot.shorts
    for (let i = first; i <= Math.min(last, notionals.length - 1); i++) {
      const notional = notionals[i]!
      if (!(notional > 0)) continue
      const bin = firstBin + i
      const [lowPrice, highPrice] = [Math.exp((bin - 0.5) * binWidth), Math.exp((bin + 0.5) * binWidth)]
      cells.push({ side, bin, notional, lowPrice, highPrice })
    }
  }
  return cells
}

/**
 * When each snapshot holds: from its instant to that of the next, so that price is seen to run into what waited for it. After
 * a gap in the record nothing is drawn until the next snapshot; the last one is as wide as the others.
 */
export function columnsOf(
  snapshots: readonly MapSnapshot[],
): readonly { readonly from: number; readonly to: number }[] {
  const gaps = snapshots.slice(1).map(({ at }, i) => at - snapshots[i]!.at)
  const usual = gaps.toSorted((a, b) => a - b)[Math.floor(gaps.length / 2)] ?? HOUR
  return snapshots.map(({ at }, i) => ({
    from: at,
    to: at + ((gaps[i] ?? usual) <= 1.5 * usual ? (gaps[i] ?? usual) : usual),
  }))
}

/** The cells in sight by colour, neighbours in time joined: few enough to draw at once. */
export function cellRuns(
  snapshots: readonly MapSnapshot[],
  range: PriceRange,
  { levelOf }: ColourScale,
): readonly CellRun[] {
  const columns = columnsOf(snapshots)
  const done: CellRun[] = []
  let open = new Map<string, CellRun>()
  for (const [i, snapshot] of snapshots.entries()) {
    const { from, to } = columns[i]!
    const next = new Map<string, CellRun>()
    for (const { side, bin, notional, lowPrice, highPrice } of cellsOf(snapshot, range)) {
      const level = levelOf(notional)
      const key = `${side}/${bin}/${snapshot.binWidth}/${level}`
      const before = open.get(key)
      const joined = before?.to === from
      if (joined) open.delete(key)
      next.set(key, { side, level, from: joined ? before.from : from, to, lowPrice, highPrice })
    }
    done.push(...open.values())
    open = next
  }
  return [...done, ...open.values()]
}
