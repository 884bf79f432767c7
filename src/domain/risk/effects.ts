import type { Asset, VenueId } from '../market/tick.ts'
import { type Fraction, fraction } from '../units.ts'
import type { RailFacts } from './facts.ts'
import type { Limits } from './limits.ts'
import { RAILS, type RailEffects, type RailLevel, type RailName, type RailState } from './rail.ts'
import { isAtLeast, rankOf } from './reading.ts'
import type { TradingState } from './trading-state.ts'

/** What a funding spike leaves of the speculative overlay. */
const OVERLAY_IN_A_SPIKE: Fraction = fraction(0.5)

/**
 * What all rails together let through. Every cap of every rail applies; for the direction of a hedge the first rail in order
 * decides:
 *
 * - Accounts (2–4) may have hedges taken off or moved; while the book is losing only moved, for no rail sells protection then.
 * - Data (6) puts its own hedge in place of the policy, so no crowding (9) raises it on figures that are not to be trusted.
 * - A funding spike (8) with crowded longs (9): hedge ratio up, gross leverage not up. The overlay then stays whole.
 * - Loss, data, venues and model (5, 6, 7, 10) never lower a hedge while the book is losing or the price is below the day's start,
 *   nor while that is not known.
 */
export function effectsOf(states: readonly RailState[], facts: RailFacts, _limits: Limits): RailEffects {
  const at = (rail: RailName, least: RailLevel = 'degraded', variant?: string): readonly string[] =>
    states
      .filter((state) => state.rail === rail && isAtLeast(state.level, least))
      .filter((state) => variant === undefined || (state.variant ?? '').split('+').includes(variant))
      .map(({ scope }) => scope)
  const any = (...rails: readonly RailName[]): boolean => rails.some((rail) => at(rail).length > 0)

  const venuesToReduce = unique([
    ...at('liquidation-distance'),
    ...at('margin', 'reducing'),
    ...at('leverage', 'reducing'),
  ])
  const isReducedEverywhere =
    facts.accounts.length > 0 && facts.accounts.every(({ venue }) => venuesToReduce.includes(venue))
  const badData = at('data')
  const noMoreShort = at('one-sided-open-interest', 'degraded', 'shorts-crowded')
  const hedgeToMax = isReducedEverywhere
    ? []
    : at('one-sided-open-interest', 'degraded', 'longs-crowded').filter(
        (asset) => !noMoreShort.includes(asset) && !badData.includes(asset),
      )
  const spikes = at('funding-spike', 'degraded', 'positive')
  const modelFailed = any('model-health')

  return {
    tradingState: tradingStateOf(states),
    because: reasons(states),
    noNewLeverage:
      spikes.length > 0 ? 'everywhere' : unique([...at('liquidation-distance'), ...at('margin'), ...at('leverage')]),
    frozenVenues: at('venue-status'),
    venuesToReduce,
    assetsWithoutPrice: at('data', 'degraded', 'price-stale'),
    netDeltaMayGrow: !any('daily-loss'),
    keepHedge: keepHedge(states, facts, { hedgeToMax }),
    hedgeToMax,
    noMoreShort,
    overlayShare: {
      ...Object.fromEntries(
        spikes.filter((asset) => !hedgeToMax.includes(asset)).map((asset) => [asset, OVERLAY_IN_A_SPIKE]),
      ),
      ...Object.fromEntries(withoutModel(facts, { modelFailed, badData }).map((asset) => [asset, fraction(0)])),
    },
    policy: modelFailed ? 'volatility-timed' : 'as-set',
    policyFor: Object.fromEntries(badData.map((asset) => [asset, dataPolicy(states, asset)])),
    reversalAllowed: any('liquidation-distance', 'margin', 'leverage', 'daily-loss'),
  }
}

/** Drop the model first; where not even the prices agree, volatility is no guide either. */
function dataPolicy(states: readonly RailState[], asset: Asset): 'volatility-timed' | 'static' {
  const state = states.find(({ rail, scope }) => rail === 'data' && scope === asset)
  const variants = (state?.variant ?? '').split('+')
  return variants.includes('dispersion') || variants.includes('price-stale') ? 'static' : 'volatility-timed'
}

const withoutModel = (
  { data }: RailFacts,
  { modelFailed, badData }: { modelFailed: boolean; badData: readonly Asset[] },
): readonly Asset[] => (modelFailed ? unique([...data.map(({ asset }) => asset), ...badData]) : badData)

function keepHedge(
  states: readonly RailState[],
  { book, legs }: RailFacts,
  { hedgeToMax }: { hedgeToMax: readonly Asset[] },
): RailEffects['keepHedge'] {
  const acting = states.filter(({ level }) => isAtLeast(level, 'degraded'))
  if (acting.some(({ rail }) => rail === 'daily-loss')) return 'everything'
  const { valueAtDayStart, value } = book
  const isLosing = valueAtDayStart === undefined || value === undefined ? undefined : value < valueAtDayStart
  if (isLosing && acting.some(({ rail }) => MAY_LOWER.includes(rail))) return 'everything'

  const assets = unique([...book.prices.map(({ asset }) => asset), ...legs.map(({ asset }) => asset)])
  const touched = acting.flatMap(({ rail, scope }): readonly Asset[] => {
    if (rail === 'data') return [scope]
    if (rail === 'model-health') return assets
    if (rail !== 'venue-status') return []
    const there = legs.filter(({ venue }) => venue === scope).map(({ asset }) => asset)
    return there.length > 0 ? there : assets
  })
  const shielded = unique(touched).filter((asset) => isLosing === undefined || !isAboveDayStart(book, asset))
  return unique([...shielded, ...hedgeToMax])
}

/** Rails whose action can end in a smaller hedge. */
const MAY_LOWER: readonly RailName[] = [
  'liquidation-distance',
  'margin',
  'leverage',
  'data',
  'venue-status',
  'funding-spike',
  'model-health',
]

function isAboveDayStart({ prices }: RailFacts['book'], asset: Asset): boolean {
  const found = prices.find((one) => one.asset === asset)
  return found?.price !== undefined && found.priceAtDayStart !== undefined && found.price >= found.priceAtDayStart
}

const tradingStateOf = (states: readonly RailState[]): TradingState => {
  if (states.some(({ level }) => level === 'halted')) return 'halted'
  return states.some(({ level }) => level === 'reducing') ? 'reducing' : 'active'
}

/** `daily-loss (desk): loss since 00:00 UTC 5.20 % …`, strictest first. */
const reasons = (states: readonly RailState[]): readonly string[] =>
  states
    .filter(({ level }) => isAtLeast(level, 'reducing'))
    .toSorted((a, b) => rankOf(b.level) - rankOf(a.level) || RAILS.indexOf(a.rail) - RAILS.indexOf(b.rail))
    .map(
      ({ rail, scope, text, heldForPerson }) =>
        `${rail} (${scope}): ${text}${heldForPerson ? '; waits for a person' : ''}`,
    )

const unique = <T extends Asset | VenueId>(values: readonly T[]): readonly T[] => [...new Set(values)].toSorted()
