import { formatAge, formatPercent } from '../../format.ts'
import { duration, MINUTE } from '../../units.ts'
import type { DataFacts } from '../facts.ts'
import type { Limits } from '../limits.ts'
import { type Condition, isAtLeast, judge, type RailCheck } from '../reading.ts'

const FRESH_FOR = duration(10 * MINUTE)
/** A single source can neither be outvoted nor missed: the count holds where more than one declares prices. */
const MIN_DECLARED = 2

/**
 * Rail 6, by asset. A venue that falls silent is dropped (caution); too few fresh venues drop the model, prices too far apart leave
 * the static hedge, and without a fresh price there are no orders (degraded). Ends once all is fresh for ten minutes.
 */
export const checkData: RailCheck = ({ data }, limits, state) =>
  data.map((facts) => {
    const { asset, declaredVenues, freshVenues, dispersion } = facts
    const isCounted = declaredVenues.length >= MIN_DECLARED
    const silent = declaredVenues.filter((venue) => !freshVenues.includes(venue))
    const age = priceAge(facts, limits)
    const conditions: readonly Condition[] = [
      age,
      ...(isCounted ? [venueCount(facts, limits), silentVenues(silent)] : []),
      ...(dispersion === undefined ? [] : [spread(dispersion, limits)]),
    ]
    const isFresh = age.value !== undefined && age.value <= age.steps[0]![1]
    const isEnough = !isCounted || freshVenues.length >= limits.minPriceVenues
    const isTogether = dispersion === undefined || dispersion <= limits.maxDispersion
    const isHigh = isAtLeast(state(asset)?.level ?? 'normal', 'degraded')
    return judge({
      rail: 'data',
      scope: asset,
      conditions,
      releaseHolds: isFresh && isEnough && isTogether && (isHigh || silent.length === 0 || !isCounted),
      releaseAfter: FRESH_FOR,
      notes: isCounted
        ? []
        : [
            `${declaredVenues.length === 1 ? 'one venue declares' : 'no venue declares'} prices: the number of venues is not judged`,
          ],
    })
  })

function priceAge({ isLive, priceAge: age, priceCadence }: DataFacts, limits: Limits): Condition {
  const most = isLive ? limits.maxPriceAge : priceCadence === undefined ? undefined : 2 * priceCadence
  return {
    what: 'age of the price',
    value: most === undefined ? undefined : age,
    trips: 'above',
    steps: [['degraded', most ?? 0]],
    format: formatAge,
    variant: 'price-stale',
  }
}

const venueCount = ({ freshVenues }: DataFacts, { minPriceVenues }: Limits): Condition => ({
  what: 'venues with a fresh price',
  value: freshVenues.length,
  trips: 'below',
  steps: [['degraded', minPriceVenues]],
  format: String,
  variant: 'few-venues',
})

const silentVenues = (silent: readonly string[]): Condition => ({
  what: silent.length === 0 ? 'silent venues' : `silent venues (${silent.join(', ')})`,
  value: silent.length,
  trips: 'from',
  steps: [['caution', 1]],
  format: String,
  variant: 'venue-dropped',
})

const spread = (dispersion: number, { maxDispersion }: Limits): Condition => ({
  what: 'prices apart',
  value: dispersion,
  trips: 'above',
  steps: [['degraded', maxDispersion]],
  format: (value) => formatPercent(value, 2),
  variant: 'dispersion',
})
