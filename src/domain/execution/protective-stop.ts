import { formatPercent, formatPrice, formatQuantity } from '../format.ts'
import { type Instrument, roundToLot, toPriceString } from '../instrument.ts'
import { type BaseQty, baseQty, type Fraction, type Price, price } from '../units.ts'

export interface StopInputs {
  /** Of ours on this venue, signed: negative is short. */
  readonly position: BaseQty
  readonly entryPrice?: Price | undefined
  /** Undefined where neither the venue nor our reckoning knows one. */
  readonly liquidationPrice?: Price | undefined
  readonly markPrice?: Price | undefined
  /** How far on the way from entry to the liquidation price the stop lies, 0 to 1. */
  readonly atShare: Fraction
  readonly instrument: Instrument
  /** Everything on the account, signed, other hands' positions included: more than that cannot be closed. */
  readonly onAccount: BaseQty
}

export type ProtectiveStop =
  | {
      readonly kind: 'stop'
      /** Of the closing order. */
      readonly side: 'buy' | 'sell'
      readonly quantity: BaseQty
      /** Mark price that triggers it, on the tick. */
      readonly triggerPrice: Price
    }
  | {
      readonly kind: 'none'
      /** `NOTHING_TO_CLOSE`: we hold something and the account does not: our books and the venue's disagree, or lag. */
      readonly reason:
        | 'FLAT'
        | 'NOTHING_TO_CLOSE'
        | 'NO_LIQUIDATION_PRICE'
        | 'LIQUIDATION_ON_WRONG_SIDE'
        | 'MARK_BEYOND_TRIGGER'
    }

/** A trigger may lie so far from where it should be before the stop is moved. */
const TRIGGER_TOLERANCE = 0.001

/**
 * The stop that closes a position before the venue would: a buy above for a short, a sell below for a long.
 *
 *     trigger = entry + atShare · (liquidation − entry)
 *
 * rounded toward the entry, so that it never comes later than decided.
 */
export function protectiveStop(inputs: StopInputs): ProtectiveStop {
  const { position, entryPrice, liquidationPrice, markPrice, atShare, instrument, onAccount } = inputs
  const side = position < 0 ? 'buy' : 'sell'
  const direction = side === 'buy' ? 1 : -1
  const held = roundToLot(baseQty(Math.abs(position)), instrument)
  if (held <= 0) return { kind: 'none', reason: 'FLAT' }
  const closable = Math.max(0, -direction * onAccount)
  const quantity = roundToLot(baseQty(Math.min(held, closable)), instrument)
  if (quantity <= 0) return { kind: 'none', reason: 'NOTHING_TO_CLOSE' }
  if (entryPrice === undefined || liquidationPrice === undefined)
    return { kind: 'none', reason: 'NO_LIQUIDATION_PRICE' }
  if (direction * (liquidationPrice - entryPrice) <= 0) return { kind: 'none', reason: 'LIQUIDATION_ON_WRONG_SIDE' }
  const trigger = price(entryPrice + atShare * (liquidationPrice - entryPrice))
  const triggerPrice = price(Number(toPriceString(trigger, side, instrument)))
  // Placed there it would close the hedge at once; how near liquidation may come is judged elsewhere.
  if (markPrice !== undefined && direction * (triggerPrice - markPrice) <= 0)
    return { kind: 'none', reason: 'MARK_BEYOND_TRIGGER' }
  return { kind: 'stop', side, quantity, triggerPrice }
}

/** Whether a stop that rests does what the one wanted would: within a lot and ten basis points. */
export const isSameStop = (
  resting: { readonly side: 'buy' | 'sell'; readonly quantity: BaseQty; readonly triggerPrice: Price },
  wanted: Extract<ProtectiveStop, { kind: 'stop' }>,
  { lotSize }: Pick<Instrument, 'lotSize'>,
): boolean =>
  resting.side === wanted.side &&
  Math.abs(resting.quantity - wanted.quantity) <= Number(lotSize) * (1 + 1e-6) &&
  Math.abs(resting.triggerPrice / wanted.triggerPrice - 1) <= TRIGGER_TOLERANCE

/**
 * What a stop would do to the hedge, for people: `If the ETH mark reaches 3,912.00 the venue buys back 6.6 ETH: the hedge falls from
 * 66 % to 0 %.`
 *
 * @param holding - `hedge` over all venues: positive = short
 */
export function describeStop(
  stop: { readonly side: 'buy' | 'sell'; readonly quantity: BaseQty; readonly triggerPrice: Price },
  { asset, exposure, hedge }: { readonly asset: string; readonly exposure: BaseQty; readonly hedge: BaseQty },
): string {
  const after = hedge + (stop.side === 'buy' ? -stop.quantity : stop.quantity)
  const share = (of: number): string => formatPercent(exposure > 0 ? of / exposure : 0, 0)
  const deed = stop.side === 'buy' ? 'buys back' : 'sells'
  const moved = after < hedge ? 'falls' : 'rises'
  const effect = exposure > 0 ? `: the hedge ${moved} from ${share(hedge)} to ${share(after)}` : ''
  return `If the ${asset} mark reaches ${formatPrice(stop.triggerPrice)} the venue ${deed} ${formatQuantity(stop.quantity, asset)}${effect}.`
}
