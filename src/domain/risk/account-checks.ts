import type { VenueId } from '../market/tick.ts'
import type { Usd } from '../units.ts'
import type { Limits } from './limits.ts'
import type { RailEffects } from './rail.ts'

/** What a trade does to one venue's account. */
export interface VenueRisk {
  readonly venue: VenueId
  /** |notional| of all perpetual positions on the account at mark, now and once this is done. */
  readonly grossNotionalBefore: Usd
  readonly grossNotionalAfter: Usd
  /** Undefined while the venue does not tell: then nothing may add to its gross notional. */
  readonly account?: AccountMargins | undefined
}

export interface AccountMargins {
  readonly equity: Usd
  readonly initialMarginBefore: Usd
  readonly initialMarginAfter: Usd
  readonly maintenanceMarginBefore: Usd
  readonly maintenanceMarginAfter: Usd
}

/** Gross notional over equity; undefined when the account is not known, and beyond any limit when there is no equity left. */
export const leverageBefore = ({ grossNotionalBefore, account }: VenueRisk): number | undefined =>
  account && leverageOf(grossNotionalBefore, account.equity)

export const leverageAfter = ({ grossNotionalAfter, account }: VenueRisk): number | undefined =>
  account && leverageOf(grossNotionalAfter, account.equity)

/** @returns 0 when nothing is held, `Number.MAX_VALUE` when something is and there is no equity */
export function leverageOf(grossNotional: number, equity: number): number {
  if (grossNotional <= 0) return 0
  return equity > 0 ? grossNotional / equity : Number.MAX_VALUE
}

/**
 * Whether a trade adds to an account that is beyond a leverage or margin limit afterwards. An account that is not known counts as
 * beyond it: nothing that adds to it is protective.
 */
export function crossesAccountLimit(risk: VenueRisk, limits: Limits): boolean {
  if (risk.grossNotionalAfter <= risk.grossNotionalBefore) return false
  const { account } = risk
  if (!account) return true
  return (
    leverageOf(risk.grossNotionalAfter, account.equity) > limits.maxLeverage ||
    account.initialMarginAfter > limits.maxMarginUse * account.equity ||
    account.equity < limits.minMarginRatio * account.maintenanceMarginAfter
  )
}

/**
 * Takes off or moves away what rails 2 to 4 want gone: it shrinks a venue that is to be reduced and adds to none. It may raise
 * |net delta|, for otherwise the venue would close the position itself; what the rails keep, it keeps.
 */
export const isRelief = ({
  venues,
  effects,
}: {
  readonly venues: readonly VenueRisk[]
  readonly effects: Pick<RailEffects, 'venuesToReduce'>
}): boolean =>
  venues.length > 0 &&
  venues.every(
    ({ venue, grossNotionalBefore, grossNotionalAfter }) =>
      effects.venuesToReduce.includes(venue) && grossNotionalAfter < grossNotionalBefore,
  )
