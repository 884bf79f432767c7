/**
 * What bars of several venues say together.
 *
 * @module
 */
import type { Bar, VenueId } from '../src/domain/market/tick.ts'
import { HOUR, MINUTE } from '../src/domain/units.ts'
import type { Columns, Span } from './columns.ts'
import { addVenue, readEach, receivedBy, type Sampling } from './sampling.ts'

/** Bars are in by then after the hour they close: what is compared at whole hours waits as long. */
const CLOSES_AFTER = 2 * MINUTE

/** Closes of every venue at the last whole hour: at other times bars of different lengths end at different instants. */
export function readHourlyCloses(
  bars: readonly Sampling[],
  { instants, perp, spot, dispersion }: Columns,
  { hours, flowHours = hours }: Span,
): void {
  // Without spot there is nothing to compare over the month, only the venues with each other.
  const isSpotThere = bars.some(({ ticks }) => (ticks.at(-1) as Bar | undefined)?.series === 'spot')
  const first = isSpotThere ? 0 : Math.max(0, hours - flowHours)
  const [ends, strides] = [bars.map(() => 0), bars.map(() => 1)]
  const [perps, spots]: [number[], number[]] = [[], []]
  for (let i = first; i < hours; i++) {
    const hour = Math.floor((instants[i]! - CLOSES_AFTER) / HOUR) * HOUR
    perps.length = 0
    spots.length = 0
    for (let b = 0; b < bars.length; b++) {
      const { ticks } = bars[b]!
      const end = receivedBy(ticks, hour + CLOSES_AFTER, ends[b]!, strides[b]!)
      strides[b] = end - ends[b]!
      ends[b] = end
      let last = end - 1
      while (last >= 0 && ticks[last]!.eventAt > hour) last--
      const bar = ticks[last] as Bar | undefined
      if (bar && hour - bar.eventAt < MINUTE) (bar.series === 'spot' ? spots : perps).push(bar.closePrice)
    }
    if (perps.length > 0) perp[i] = middleOf(perps)
    if (spots.length > 0) spot[i] = middleOf(spots)
    if (perps.length > 1) dispersion[i] = perps.at(-1)! / perps[0]! - 1
  }
}

/** Median; sorts in place. */
function middleOf(values: number[]): number {
  if (values.length === 1) return values[0]!
  values.sort((a, b) => a - b)
  const half = values.length >> 1
  return values.length % 2 === 1 ? values[half]! : (values[half - 1]! + values[half]!) / 2
}

/** Coins traded by the hour: for all hours on one venue, for the last ones on each. */
export function readVolumes(
  bars: readonly Sampling[],
  columns: Columns,
  { priceVenue, hours, flowHours = hours }: Span & { readonly priceVenue?: VenueId },
): void {
  const hasVolume = ({ ticks }: Sampling): boolean => (ticks.at(-1) as Bar | undefined)?.volume !== undefined
  const known = bars.filter(hasVolume)
  const chosen = known.find(({ feed }) => feed.venue === priceVenue) ?? known[0]
  for (const sampling of bars) {
    const { values } = addVenue(columns.traded, sampling.feed, columns)
    const first = sampling === chosen ? 0 : Math.max(0, hours - flowHours)
    if (!known.includes(sampling)) continue
    readEach(sampling, columns, first, (i, _newest, ticks, start, end) => {
      if (end === start) return // a bar longer than an hour says nothing of this one
      let sum = 0
      for (let j = start; j < end; j++) sum += (ticks[j] as Bar).volume ?? Number.NaN
      if (sampling === chosen) columns.volume[i] = sum
      if (i >= hours - flowHours) values[i] = sum
    })
  }
}
