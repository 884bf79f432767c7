import { formatAge, formatPercent } from '../../format.ts'
import { duration, MINUTE } from '../../units.ts'
import { leverageOf } from '../account-checks.ts'
import type { AccountFacts, RailFacts } from '../facts.ts'
import type { Limits } from '../limits.ts'
import type { RailLevel, RailName } from '../rail.ts'
import { judge, notKnown, type RailCheck, type RailReading } from '../reading.ts'

/** Equity and margins from longer ago say nothing of now. */
const MAX_ACCOUNT_AGE = duration(5 * MINUTE)
/** The specification's releases, as parts of the triggers they belong to: > 3.5 of 3, < 2.8 of 3. */
const MARGIN_RELEASE = 3.5 / 3
const LEVERAGE_RELEASE = 2.8 / 3
/** Not given there; a tenth under the limit. */
const MARGIN_USE_RELEASE = 0.9
const DISTANCE_RELEASE_POINTS = 0.03

const multiple = (value: number): string => (value > 1e6 ? 'beyond measure' : value.toFixed(2))

/** Each venue whose account is there and young enough to be judged; the others as not known. */
const perVenue =
  (rail: RailName, judged: (account: AccountFacts) => RailReading) =>
  ({ accounts }: RailFacts): readonly RailReading[] =>
    accounts.map((account) => {
      const { venue, age } = account
      if (age === undefined) return notKnown(rail, venue, 'the account is not known')
      return age > MAX_ACCOUNT_AGE ? notKnown(rail, venue, `the account is ${formatAge(age)} old`) : judged(account)
    })

/**
 * Rail 2, by venue: how far the nearest liquidation price of our own legs is. Warn, act (margin up, move, or reduce before the venue
 * does), emergency. Each level ends three points beyond its trigger.
 */
export const checkLiquidationDistance: RailCheck = (facts, limits, state) =>
  perVenue('liquidation-distance', ({ venue }) => {
    const legs = facts.legs.filter((leg) => leg.venue === venue)
    const known = legs.flatMap(({ liquidationDistance }) => liquidationDistance ?? [])
    // Nothing to be liquidated is as far away as can be.
    const distance = known.length > 0 ? Math.min(...known) : legs.length === 0 ? 1e9 : undefined
    const release = distanceRelease(state(venue)?.level ?? 'normal', limits)
    return judge({
      rail: 'liquidation-distance',
      scope: venue,
      conditions: [
        {
          what: 'own liquidation price away',
          value: distance,
          trips: 'below',
          steps: [
            ['caution', limits.warnLiquidationDistance],
            ['degraded', limits.minLiquidationDistance],
            ['reducing', limits.emergencyLiquidationDistance],
          ],
          format: (value) => (value > 1e6 ? 'without end' : formatPercent(value)),
        },
      ],
      release,
      releaseHolds: known.length === legs.length && distance !== undefined && distance > release,
      notes: legs.flatMap(({ asset, liquidationDistance }) =>
        liquidationDistance === undefined ? [`of ${asset} not known`] : [],
      ),
    })
  })(facts)

function distanceRelease(level: RailLevel, limits: Limits): number {
  const trigger =
    level === 'reducing' || level === 'halted'
      ? limits.emergencyLiquidationDistance
      : level === 'degraded'
        ? limits.minLiquidationDistance
        : limits.warnLiquidationDistance
  return trigger + DISTANCE_RELEASE_POINTS
}

/** Rail 3, by venue: equity over maintenance margin (warn, act), and how much of the equity initial margin takes (no more of it). */
export const checkMargin: RailCheck = (facts, limits) =>
  perVenue('margin', ({ venue, equity, maintenanceMargin, initialMargin }) => {
    const ratio = marginRatio(equity, maintenanceMargin)
    const use = marginUse(equity, initialMargin)
    const release = limits.warnMarginRatio * MARGIN_RELEASE
    return judge({
      rail: 'margin',
      scope: venue,
      conditions: [
        {
          what: 'equity over maintenance margin',
          value: ratio,
          trips: 'below',
          steps: [
            ['caution', limits.warnMarginRatio],
            ['reducing', limits.minMarginRatio],
          ],
          format: multiple,
          variant: 'margin-ratio',
        },
        {
          what: 'equity taken by initial margin',
          value: use,
          trips: 'above',
          steps: [['degraded', limits.maxMarginUse]],
          format: (value) => formatPercent(Math.min(value, 9.99)),
          variant: 'margin-use',
        },
      ],
      release,
      releaseHolds:
        ratio !== undefined && use !== undefined && ratio > release && use <= limits.maxMarginUse * MARGIN_USE_RELEASE,
    })
  })(facts)

function marginRatio(equity: number | undefined, maintenance: number | undefined): number | undefined {
  if (equity === undefined || maintenance === undefined) return undefined
  return maintenance > 0 ? equity / maintenance : Number.MAX_VALUE
}

function marginUse(equity: number | undefined, initial: number | undefined): number | undefined {
  if (equity === undefined || initial === undefined) return undefined
  if (initial <= 0) return 0
  return equity > 0 ? initial / equity : Number.MAX_VALUE
}

/** Rail 4, by venue: gross notional over equity. Increases stop at the first limit; beyond the hard one it is reduced. */
export const checkLeverage: RailCheck = (facts, limits) =>
  perVenue('leverage', ({ venue, equity, grossNotional }) => {
    const leverage = equity === undefined || grossNotional === undefined ? undefined : leverageOf(grossNotional, equity)
    const release = limits.maxLeverage * LEVERAGE_RELEASE
    return judge({
      rail: 'leverage',
      scope: venue,
      conditions: [
        {
          what: 'leverage',
          value: leverage,
          trips: 'above',
          steps: [
            ['degraded', limits.maxLeverage],
            ['reducing', limits.hardLeverage],
          ],
          format: multiple,
        },
      ],
      release,
      releaseHolds: leverage !== undefined && leverage < release,
    })
  })(facts)
