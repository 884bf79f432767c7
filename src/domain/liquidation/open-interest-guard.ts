import type { VenueId } from '../market/tick.ts'
import type { TimestampMs } from '../units.ts'

/** Between two readings open interest does not multiply or divide by this much by trading. */
const LARGEST_STEP = 3
/** A ratio this near a price, or a power of ten, is a change of unit and no coincidence: 30 %, in logs. */
const UNIT_TOLERANCE = 0.3
const POWER_TOLERANCE = 0.05
const MAX_LABELS = 100
const MAX_TERMS = 20

/** Something in the input that was not taken at face value, said instead of silently repaired. */
export interface InputLabel {
  readonly at: TimestampMs
  readonly venue: VenueId
  readonly kind: 'not-positive' | 'unit-change' | 'contract-size' | 'jump' | 'bad-bar' | 'late-bar'
  readonly detail: string
}

/** How a venue's figures are to be read from an instant on. */
interface Terms {
  readonly from: TimestampMs
  readonly unit: 'coins' | 'usd'
  /** What figures of each unit are multiplied by, since a contract changed its size. */
  readonly scale: { readonly coins: number; readonly usd: number }
}

interface Series {
  coins: number
  at: TimestampMs
  /** Newest last. */
  readonly terms: Terms[]
}

interface Reading {
  readonly venue: VenueId
  /** As published, taken for coins. */
  readonly coins: number
  /** When it was true. */
  readonly at: TimestampMs
  /** USD per coin about then. */
  readonly price: number
}

export interface OpenInterestGuard {
  /** Coins to believe, or undefined when the reading says nothing. Readings of a venue in order. */
  accept(reading: Reading): number | undefined
  /** The same coins of a reading already accepted, or of one still to come; changes and labels nothing. */
  coinsOf(reading: Reading): number | undefined
  /** When a venue last changed what it publishes, or jumped. */
  changedAt(venue: VenueId): TimestampMs | undefined
  note(label: InputLabel): void
  /** Newest last; at most a hundred are kept. */
  labels(): readonly InputLabel[]
}

/**
 * Keeps open interest in coins when a venue changes what it publishes: USD for coins (or back), contracts of another size.
 *
 * A step of more than threefold is no trading. Where it is about the price, the unit has changed; otherwise the series is
 * taken to go on from where it stood. A fall to nothing within reason (to a third) is believed: deleveraging is what we are
 * here for. What is not positive is passed over. Everything that was not believed as it came is labelled.
 */
export function createOpenInterestGuard(): OpenInterestGuard {
  const byVenue = new Map<VenueId, Series>()
  const labels: InputLabel[] = []
  const note = (label: InputLabel): void => {
    labels.push(label)
    if (labels.length > MAX_LABELS) labels.shift()
  }
  return {
    accept(reading) {
      const { venue, at } = reading
      const series = byVenue.get(venue)
      const { coins, terms, label } = judge(reading, series)
      if (label) note({ at, venue, ...label })
      if (coins === undefined) return undefined
      if (!series) byVenue.set(venue, { coins, at, terms: [terms] })
      else {
        series.coins = coins
        series.at = at
        if (terms !== series.terms.at(-1)) series.terms.push(terms)
        if (series.terms.length > MAX_TERMS) series.terms.shift()
      }
      return coins
    },
    coinsOf(reading) {
      const series = byVenue.get(reading.venue)
      if (!series || reading.at > series.at) return judge(reading, series).coins
      const coins = toCoins(reading, series.terms.findLast(({ from }) => from <= reading.at) ?? series.terms[0]!)
      return coins > 0 && Number.isFinite(coins) ? coins : undefined
    },
    changedAt(venue) {
      const terms = byVenue.get(venue)?.terms
      return terms && terms.length > 1 ? terms.at(-1)!.from : undefined
    },
    note,
    labels: () => labels,
  }
}

/** What a reading is worth after those before it, and how the ones to come are to be read. */
function judge(
  reading: Reading,
  series: Series | undefined,
): { coins: number | undefined; terms: Terms; label?: Pick<InputLabel, 'kind' | 'detail'> } {
  const { coins: raw, at, price } = reading
  const terms: Terms = series?.terms.at(-1) ?? { from: at, unit: 'coins', scale: { coins: 1, usd: 1 } }
  const coins = toCoins(reading, terms)
  const step = coins / (series?.coins ?? coins)
  if (!(coins > 0 && step > 0 && Number.isFinite(coins) && Number.isFinite(1 / step))) {
    const label = { kind: 'not-positive', detail: `open interest was ${raw}; passed over` } as const
    return { coins: undefined, terms, label }
  }
  if (!series || (step <= LARGEST_STEP && step >= 1 / LARGEST_STEP)) return { coins, terms }

  const detail = `open interest went from ${series.coins.toPrecision(4)} to ${coins.toPrecision(4)} coins in one step`
  const unit = terms.unit === 'coins' ? 'usd' : 'coins'
  const inOther = toCoins(reading, { ...terms, unit })
  if (price > 0 && Math.abs(Math.log(inOther / series.coins)) < UNIT_TOLERANCE) {
    const label = { kind: 'unit-change', detail: `${detail}; read in ${unit} from here` } as const
    return { coins: inOther, terms: { from: at, unit, scale: terms.scale }, label }
  }
  const kind = Math.abs(Math.log10(step) - Math.round(Math.log10(step))) < POWER_TOLERANCE ? 'contract-size' : 'jump'
  const scale = { ...terms.scale, [terms.unit]: terms.scale[terms.unit] / step }
  const label = { kind, detail: `${detail}; goes on from where it stood` } as const
  return { coins: series.coins, terms: { from: at, unit: terms.unit, scale }, label }
}

const toCoins = ({ coins, price }: Reading, { unit, scale }: Terms): number =>
  (unit === 'usd' ? coins / price : coins) * scale[unit]
