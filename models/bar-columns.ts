/**
 * What bars of several venues say together.
 *
 * @module
 */
import type { Bar, VenueId } from '../src/domain/market/tick.ts'
import { HOUR, MINUTE } from '../src/domain/units.ts'
import type { Columns, Span } from './columns.ts'
import { addVenue, readEach } from './sampling.ts'
import { receivedBy, type Track } from './tracks.ts'

/** Bars are in by then after the hour they close: what is compared at whole hours waits as long. */
const CLOSES_AFTER = 2 * MINUTE

/** Closes of every venue at the last whole hour: at other times bars of different lengths end at different instants. */
export function readHourlyCloses(
  bars: readonly Track[],
  { instants, perp, spot, dispersion }: Columns,
  { hours, flowHours = hours }: Span,
): void {
  // Without spot there is nothing to compare over the month, only the venues with each other.
  const isSpotThere = bars.some((track) => lastBar(track)?.series === 'spot')
  const first = isSpotThere ? 0 : Math.max(0, hours - flowHours)
  const ends = bars.map(({ begin }) => begin)
  const [perps, spots]: [number[], number[]] = [[], []]
  for (let i = first; i < hours; i++) {
    const hour = Math.floor((instants[i]! - CLOSES_AFTER) / HOUR) * HOUR
    perps.length = 0
    spots.length = 0
    for (let b = 0; b < bars.length; b++) {
      const track = bars[b]!
      const end = receivedBy(track, hour + CLOSES_AFTER, ends[b]!)
      ends[b] = end
      let last = end - 1
      while (last >= track.begin && track.eventAt[last]! > hour) last--
      if (last < track.begin || hour - track.eventAt[last]! >= MINUTE) continue
      const isSpot = isSpotThere && (track.ticks[last] as Bar).series === 'spot'
      ;(isSpot ? spots : perps).push(track.first[last]!)
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
  bars: readonly Track[],
  columns: Columns,
  { priceVenue, hours, flowHours = hours }: Span & { readonly priceVenue?: VenueId },
): void {
  const known = bars.filter((track) => lastBar(track)?.volume !== undefined)
  const chosen = known.find(({ feed }) => feed.venue === priceVenue) ?? known[0]
  for (const track of bars) {
    const { values } = addVenue(columns.traded, track.feed, columns)
    const first = track === chosen ? 0 : Math.max(0, hours - flowHours)
    if (!known.includes(track)) continue
    readEach(track, columns, first, (i, _newest, start, end) => {
      if (end === start) return // a bar longer than an hour says nothing of this one
      let sum = 0
      for (let j = start; j < end; j++) sum += track.second[j]!
      if (track === chosen) columns.volume[i] = sum
      if (i >= hours - flowHours) values[i] = sum
    })
  }
}

const lastBar = ({ ticks, begin, end }: Track): Bar | undefined => (end > begin ? (ticks[end - 1] as Bar) : undefined)
