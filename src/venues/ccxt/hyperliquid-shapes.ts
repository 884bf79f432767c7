import { Decimal } from 'decimal.js'
import type { VenueOrderState } from '../../domain/execution/order.ts'
import type { ContractMarket } from './contracts.ts'
import type { RawFill, RawOrder, Session } from './exchange.ts'
import { UnreadableError } from './failures.ts'
import { decimalText, field, idText, instant, oneOf } from './readings.ts'

const SIDES = { B: 'buy', A: 'sell' } as const
const STATES: Readonly<Record<string, VenueOrderState>> = {
  open: 'accepted',
  triggered: 'accepted',
  filled: 'filled',
  canceled: 'canceled',
  scheduledCancel: 'canceled',
  rejected: 'rejected',
  // An immediate order that found nothing.
  iocCancelRejected: 'expired',
}
const LIQUIDITY = { true: 'taker', false: 'maker' } as const

const STOP = /^Stop /
const DELEVERAGING = /^Auto-Deleveraging/i
const LIQUIDATION = /^Liquidated/

/** `marginCanceled`, `reduceOnlyCanceled`, `badAloPxRejected` and so on end with what they are. */
function stateFrom(status: unknown): VenueOrderState {
  const text = String(status)
  if (!Object.hasOwn(STATES, text)) {
    if (text.endsWith('Canceled')) return 'canceled'
    if (text.endsWith('Rejected')) return 'rejected'
  }
  return oneOf(status, STATES, 'order status')
}

/** Coins are named as the venue does, `kPEPE` for thousands, which ccxt writes in capitals. */
export const marketOfCoin = (session: Session, coin: unknown): ContractMarket | undefined =>
  session.knownMarket(`${String(coin).toUpperCase()}/USDC:USDC`)

export const oidOf = (row: unknown): string => idText(field(row, 'oid'), 'order id')

export function cloidOf(row: unknown): string | undefined {
  const cloid = field(row, 'cloid')
  return typeof cloid === 'string' ? cloid : undefined
}

/**
 * @param order - of `orderStatus`, `frontendOpenOrders` or `orderUpdates`: `sz` is what is left of `origSz`
 * @param status - that belongs to it
 * @param isStop - where the order itself does not say, as those that are pushed
 * @throws {UnreadableError} when it makes no sense
 */
export function toRawOrder(
  order: unknown,
  { market, status, isStop }: { market: ContractMarket; status: unknown; isStop?: boolean },
): RawOrder {
  const whole = decimalText(field(order, 'origSz'), 'size')
  const filled = new Decimal(whole).minus(decimalText(field(order, 'sz'), 'size left'))
  if (filled.lt(0)) throw new UnreadableError(`Expected at most ${whole} left of order ${oidOf(order)}`)
  const state = stateFrom(status)
  const isPart = filled.gt(0) && filled.lt(whole)
  const ended = state === 'filled' && isPart ? 'canceled' : state
  return {
    market,
    clientId: cloidOf(order),
    venueOrderId: oidOf(order),
    kind: (isStop ?? STOP.test(String(field(order, 'orderType')))) ? 'stop' : 'limit',
    side: oneOf(field(order, 'side'), SIDES, 'side'),
    contracts: whole,
    state: ended === 'accepted' && isPart ? 'partially-filled' : ended,
    filledContracts: filled.toFixed(),
    ...(state !== 'accepted' && state !== 'filled' && { reason: String(status) }),
  }
}

/**
 * @param account - liquidations name whose they were; a fill against another's is an order of ours
 * @throws {UnreadableError} when it makes no sense
 */
export function toRawFill(
  fill: unknown,
  { market, account, clientId }: { market: ContractMarket; account: string; clientId: string | undefined },
): RawFill {
  return {
    market,
    tradeId: fillIdOf(fill),
    clientId: cloidOf(fill) ?? clientId,
    venueOrderId: oidOf(fill),
    side: oneOf(field(fill, 'side'), SIDES, 'side'),
    contracts: decimalText(field(fill, 'sz'), 'size'),
    price: decimalText(field(fill, 'px'), 'price'),
    fee: decimalText(field(fill, 'fee'), 'fee'),
    feeCurrency: String(field(fill, 'feeToken') ?? 'USDC'),
    at: timeOf(fill),
    liquidity: oneOf(field(fill, 'crossed'), LIQUIDITY, 'liquidity'),
    cause: causeOf(fill, account),
  }
}

/** `tid` is a hash of fifty bits; it names a trade for good only together with the coin and the instant. */
export const fillIdOf = (fill: unknown): string =>
  `${field(fill, 'coin')}-${timeOf(fill)}-${idText(field(fill, 'tid'), 'trade id')}`

export const timeOf = (fill: unknown): number => instant(field(fill, 'time'), 'time of a fill')

function causeOf(fill: unknown, account: string): RawFill['cause'] {
  const direction = String(field(fill, 'dir') ?? '')
  if (DELEVERAGING.test(direction)) return 'deleveraging'
  const liquidated = field(field(fill, 'liquidation'), 'liquidatedUser')
  const isOurs = typeof liquidated === 'string' && liquidated.toLowerCase() === account
  return isOurs || LIQUIDATION.test(direction) ? 'liquidation' : 'order'
}
