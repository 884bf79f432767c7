import type { VenueId } from '../market/tick.ts'
import type { TimestampMs } from '../units.ts'

/** Between two readings open interest does not multiply or divide by this much by trading. */
const LARGEST_STEP = 3
/** A ratio this near a price, or a power of ten, is a change of unit and no coincidence: 30 %, in logs. */
const UNIT_TOLERANCE = 0.3
const MAX_LABELS = 100

/** Something in the input that was not taken at face value, said instead of silently repaired. */
export interface InputLabel {
  readonly at: TimestampMs
  readonly venue: VenueId
  readonly kind: 'not-positive' | 'unit-change' | 'contract-size' | 'jump' | 'bad-bar' | 'late-bar'
  readonly detail: string
}

interface Series {
  coins: number
  /** What its figures are in at the moment. */
  unit: 'coins' | 'usd'
  /** What they are multiplied by since a contract changed its size. */
  scale: number
}

export interface OpenInterestGuard {
  /** Coins to believe, or undefined when the reading says nothing. */
  accept(reading: { venue: VenueId; coins: number; at: TimestampMs; price: number }): number | undefined
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
    accept({ venue, coins: raw, at, price }) {
      if (!(raw > 0)) {
        note({ at, venue, kind: 'not-positive', detail: `open interest was ${raw}; passed over` })
        return undefined
      }
      const series = byVenue.get(venue)
      if (!series) {
        byVenue.set(venue, { coins: raw, unit: 'coins', scale: 1 })
        return raw
      }
      let coins = toCoins(raw, series, price)
      if (!(coins > 0 && Number.isFinite(series.coins / coins))) {
        note({ at, venue, kind: 'not-positive', detail: `open interest was ${raw}; passed over` })
        return undefined
      }
      const step = coins / series.coins
      if (step > LARGEST_STEP || step < 1 / LARGEST_STEP) {
        const other = series.unit === 'coins' ? 'usd' : 'coins'
        const inOther = toCoins(raw, { ...series, unit: other }, price)
        const detail = `open interest went from ${series.coins.toPrecision(4)} to ${coins.toPrecision(4)} coins in one step`
        if (Math.abs(Math.log(inOther / series.coins)) < UNIT_TOLERANCE) {
          series.unit = other
          coins = inOther
          note({ at, venue, kind: 'unit-change', detail: `${detail}; read in ${other} from here` })
        } else {
          const kind = Math.abs(Math.log10(step) - Math.round(Math.log10(step))) < 0.05 ? 'contract-size' : 'jump'
          series.scale *= series.coins / coins
          coins = series.coins
          note({ at, venue, kind, detail: `${detail}; goes on from where it stood` })
        }
      }
      series.coins = coins
      return coins
    },
    note,
    labels: () => labels,
  }
}

const toCoins = (raw: number, { unit, scale }: Series, price: number): number =>
  unit === 'usd' ? raw / price : raw * scale
