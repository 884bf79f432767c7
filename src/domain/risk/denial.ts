/** Why our own risk engine refused, with its numbers. `CATEGORY_CONDITION`; the single list of codes. */
export type Denial =
  | { readonly code: 'TRADING_HALTED' }
  | { readonly code: 'REDUCING_ONLY'; readonly netDeltaBefore: number; readonly netDeltaAfter: number }
  /** Real money: nothing where it was never permitted, only what protects once that was revoked. */
  | { readonly code: 'LIVE_NOT_PERMITTED'; readonly permission: 'none' | 'revoked' }
  | { readonly code: 'VENUE_FROZEN'; readonly venue: string }
  /** Its leverage cannot be judged, so nothing may add to it. */
  | { readonly code: 'ACCOUNT_NOT_KNOWN'; readonly venue: string }
  | { readonly code: 'PRICE_MISSING'; readonly asset: string }
  | { readonly code: 'PRICE_STALE'; readonly ageMs: number; readonly maxMs: number }
  | { readonly code: 'PRICE_DRIFTED'; readonly driftBps: number; readonly maxBps: number }
  | { readonly code: 'PRICE_OUTSIDE_COLLAR'; readonly distanceBps: number; readonly maxBps: number }
  | { readonly code: 'SLIPPAGE_EXCEEDS_MAX'; readonly slippageBps: number; readonly maxBps: number }
  | { readonly code: 'HEDGE_RATIO_EXCEEDS_MAX'; readonly ratio: number; readonly max: number }
  /** A rail keeps the hedge where it is. */
  | { readonly code: 'HEDGE_RATIO_FALLS'; readonly ratio: number; readonly least: number }
  /** A rail wants no more short than there is. */
  | { readonly code: 'HEDGE_RATIO_RISES'; readonly ratio: number; readonly most: number }
  | { readonly code: 'RATIO_CHANGE_EXCEEDS_MAX_PER_HOUR'; readonly change: number; readonly max: number }
  | { readonly code: 'RATIO_CHANGE_EXCEEDS_MAX_PER_DAY'; readonly change: number; readonly max: number }
  | { readonly code: 'REVERSAL_TOO_SOON'; readonly ageMs: number; readonly minMs: number }
  | { readonly code: 'NOTIONAL_EXCEEDS_MAX_PER_PROPOSAL'; readonly notional: number; readonly max: number }
  | { readonly code: 'NOTIONAL_EXCEEDS_MAX_PER_ORDER'; readonly notional: number; readonly max: number }
  | { readonly code: 'NOTIONAL_EXCEEDS_MAX_PER_DAY'; readonly notional: number; readonly max: number }
  | { readonly code: 'NOTIONAL_EXCEEDS_MAX_GROSS'; readonly notional: number; readonly max: number }
  | { readonly code: 'NET_DELTA_EXCEEDS_MAX'; readonly netDelta: number; readonly max: number }
  /** A rail lets |net delta| only fall. */
  | { readonly code: 'NET_DELTA_GROWS'; readonly netDeltaBefore: number; readonly netDeltaAfter: number }
  | {
      readonly code: 'LEVERAGE_EXCEEDS_MAX' | 'LEVERAGE_EXCEEDS_HARD'
      readonly venue: string
      readonly leverage: number
      readonly max: number
    }
  /** A rail lets no leverage rise. */
  | { readonly code: 'LEVERAGE_RISES'; readonly venue: string; readonly before: number; readonly after: number }
  | { readonly code: 'MARGIN_USE_EXCEEDS_MAX'; readonly venue: string; readonly use: number; readonly max: number }
  | { readonly code: 'MARGIN_RATIO_BELOW_MIN'; readonly venue: string; readonly ratio: number; readonly min: number }
  | { readonly code: 'VENUE_SHARE_EXCEEDS_MAX'; readonly venue: string; readonly share: number; readonly max: number }
  | { readonly code: 'PROPOSALS_EXCEED_MAX_PER_DAY'; readonly count: number; readonly max: number }
  | { readonly code: 'ORDERS_EXCEED_MAX_PER_MINUTE'; readonly count: number; readonly max: number }

/** `NOTIONAL_EXCEEDS_MAX_PER_ORDER notional=31200 max=25000` */
export function formatDenial(denial: Denial): string {
  const { code, ...facts } = denial
  return [code, ...Object.entries(facts).map(([name, value]) => `${name}=${compact(value)}`)].join(' ')
}

const compact = (value: number | string): string =>
  typeof value === 'string' ? value : String(Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(4)))
