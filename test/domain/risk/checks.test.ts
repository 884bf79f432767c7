import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  checkOrder,
  checkProposal,
  clipRatio,
  formatDenial,
  isProtective,
  type OrderRisk,
  type ProposalRisk,
  type VenueRisk,
} from '../../../src/domain/risk/checks.ts'
import { DEFAULT_LIMITS } from '../../../src/domain/risk/limits.ts'
import { NO_RAIL_EFFECTS, type RailEffects } from '../../../src/domain/risk/rail.ts'
import { bps, duration, fraction, HOUR, price, usd } from '../../../src/domain/units.ts'

const limits = { ...DEFAULT_LIMITS, maxOrderNotional: usd(25_000), maxNetNotional: usd(10e6) }

const venue = (over: Partial<VenueRisk> = {}): VenueRisk => ({
  venue: 'binance',
  grossNotionalBefore: usd(1e6),
  grossNotionalAfter: usd(1.3e6),
  account: {
    equity: usd(1e6),
    initialMarginBefore: usd(200_000),
    initialMarginAfter: usd(260_000),
    maintenanceMarginBefore: usd(10_000),
    maintenanceMarginAfter: usd(13_000),
  },
  ...over,
})
/** Sells 0.3 M to raise the hedge of a 3 M book from 33 % to 43 %. */
const base = {
  asset: 'ETH',
  side: 'sell',
  tradingState: 'active',
  effects: NO_RAIL_EFFECTS,
  money: 'paper',
  livePermission: 'none',
  notional: usd(300_000),
  dayNotional: usd(0),
  grossNotionalBefore: usd(1e6),
  grossNotionalAfter: usd(1.3e6),
  netDeltaBefore: usd(2e6),
  netDeltaAfter: usd(1.7e6),
  otherNetDelta: usd(0),
  hedgeRatioBefore: fraction(1 / 3),
  hedgeRatioAfter: fraction(1.3 / 3),
  venues: [venue()],
} as const satisfies Partial<ProposalRisk>
const proposal = (over: Partial<ProposalRisk> = {}): ProposalRisk => ({
  ...base,
  askedFor: false,
  requestedRatio: fraction(0.5),
  priceAge: duration(1000),
  maxPriceAge: duration(10_000),
  proposalsToday: 0,
  ratioChangeLastHour: fraction(0),
  ratioChangeLastDay: fraction(0),
  ...over,
})
const order = (over: Partial<OrderRisk> = {}): OrderRisk => ({
  ...base,
  notional: usd(20_000),
  limitPrice: price(3000),
  referencePrice: price(3003),
  markPrice: price(3002),
  arrivalPrice: price(3003),
  ordersLastMinute: 0,
  plannedGrossNotional: usd(1.3e6),
  ...over,
})
/** The same the other way: buys 0.3 M back. */
const lowering = {
  side: 'buy',
  grossNotionalAfter: usd(0.7e6),
  netDeltaAfter: usd(2.3e6),
  hedgeRatioAfter: fraction(0.7 / 3),
  requestedRatio: fraction(0.23),
  venues: [venue({ grossNotionalAfter: usd(0.7e6) })],
} as const
const effects = (over: Partial<RailEffects>): RailEffects => ({ ...NO_RAIL_EFFECTS, ...over })

const codes = (over: Partial<ProposalRisk>) => checkProposal(proposal(over), limits).map(({ code }) => code)
const orderCodes = (over: Partial<OrderRisk>) => checkOrder(order(over), limits).map(({ code }) => code)

test('a proposal and an order within every limit are not denied', () => {
  assert.deepEqual(checkProposal(proposal(), limits), [])
  assert.deepEqual(checkProposal(proposal(lowering), limits), [])
  assert.deepEqual(checkOrder(order(), limits), [])
})

test('each limit of a proposal denies by itself', () => {
  assert.deepEqual(codes({ tradingState: 'halted' }), ['TRADING_HALTED'])
  assert.deepEqual(codes({ priceAge: duration(10_001) }), ['PRICE_STALE'])
  assert.deepEqual(codes({ requestedRatio: fraction(3) }), ['HEDGE_RATIO_EXCEEDS_MAX'])
  assert.deepEqual(codes({ notional: usd(6e6) }), ['NOTIONAL_EXCEEDS_MAX_PER_PROPOSAL'])
  assert.deepEqual(codes({ grossNotionalAfter: usd(21e6) }), ['NOTIONAL_EXCEEDS_MAX_GROSS'])
  assert.deepEqual(codes({ proposalsToday: 20 }), ['PROPOSALS_EXCEED_MAX_PER_DAY'])
  assert.deepEqual(codes({ dayNotional: usd(19.8e6) }), ['NOTIONAL_EXCEEDS_MAX_PER_DAY'])
  assert.deepEqual(codes({ ...lowering, otherNetDelta: usd(8e6) }), ['NET_DELTA_EXCEEDS_MAX'])
})

test('each limit of an order denies by itself', () => {
  assert.deepEqual(orderCodes({ notional: usd(31_200) }), ['NOTIONAL_EXCEEDS_MAX_PER_ORDER'])
  assert.deepEqual(orderCodes({ ordersLastMinute: 60 }), ['ORDERS_EXCEED_MAX_PER_MINUTE'])
  assert.deepEqual(orderCodes({ tradingState: 'halted' }), ['TRADING_HALTED'])
  assert.deepEqual(orderCodes({ dayNotional: usd(19.99e6) }), ['NOTIONAL_EXCEEDS_MAX_PER_DAY'])
})

test('the collar holds against the mid and against the mark, where there is one', () => {
  const arrivalPrice = undefined
  assert.deepEqual(orderCodes({ arrivalPrice, limitPrice: price(2950) }), ['PRICE_OUTSIDE_COLLAR'])
  assert.deepEqual(orderCodes({ arrivalPrice, markPrice: price(3050) }), ['PRICE_OUTSIDE_COLLAR'])
  assert.deepEqual(orderCodes({ arrivalPrice, markPrice: undefined }), [])
})

test('an order pays no more than the slippage past its arrival, on either side', () => {
  const at = (side: 'buy' | 'sell', limit: number) =>
    orderCodes({
      side,
      limitPrice: price(limit),
      referencePrice: price(limit),
      markPrice: undefined,
      arrivalPrice: price(3000),
    })
  assert.deepEqual(at('buy', 3009), [])
  assert.deepEqual(at('buy', 3009.1), ['SLIPPAGE_EXCEEDS_MAX'])
  assert.deepEqual(at('sell', 2991), [])
  assert.deepEqual(at('sell', 2990.9), ['SLIPPAGE_EXCEEDS_MAX'])
  assert.deepEqual(at('sell', 3100), [])
})

test('what is over the gross or the net limit already may still shrink', () => {
  assert.deepEqual(codes({ ...lowering, grossNotionalBefore: usd(22e6), grossNotionalAfter: usd(21e6) }), [])
  assert.deepEqual(codes({ otherNetDelta: usd(30e6) }), [])
})

const levered = (before: number, after: number): readonly VenueRisk[] => [
  venue({ grossNotionalBefore: usd(before * 1e6), grossNotionalAfter: usd(after * 1e6) }),
]

test('leverage: increases stop at the maximum, nothing adds beyond the hard one, and any decrease passes', () => {
  assert.deepEqual(codes({ venues: levered(2, 3) }), [])
  assert.deepEqual(codes({ venues: levered(2, 3.01) }), ['LEVERAGE_EXCEEDS_MAX'])
  assert.deepEqual(codes({ venues: levered(5.5, 5.6) }), ['LEVERAGE_EXCEEDS_HARD'])
  assert.deepEqual(codes({ venues: levered(7, 6) }), [])
  assert.deepEqual(codes({ venues: [venue({ account: { ...venue().account!, equity: usd(0) } })] }).slice(0, 1), [
    'LEVERAGE_EXCEEDS_HARD',
  ])
})

test('margin: no more than half of the equity in use, and twice the maintenance margin stays', () => {
  const margins = (over: Partial<NonNullable<VenueRisk['account']>>) => ({
    venues: [venue({ account: { ...venue().account!, ...over } })],
  })
  assert.deepEqual(codes(margins({ initialMarginAfter: usd(500_001) })), ['MARGIN_USE_EXCEEDS_MAX'])
  assert.deepEqual(codes(margins({ maintenanceMarginAfter: usd(500_001) })), ['MARGIN_RATIO_BELOW_MIN'])
})

test('nothing adds to an account that is not known, and what shrinks it passes', () => {
  assert.deepEqual(codes({ venues: [venue({ account: undefined })] }), ['ACCOUNT_NOT_KNOWN'])
  assert.deepEqual(codes({ ...lowering, venues: [{ ...lowering.venues[0]!, account: undefined }] }), [])
})

test('the share of a venue is limited once others hold some too, and of the whole plan for an order', () => {
  const share = (after: number, all: number) => ({
    grossNotionalAfter: usd(all * 1e6),
    venues: levered(0.1, after),
  })
  assert.deepEqual(codes(share(1.2, 2)), [])
  assert.deepEqual(codes(share(1.21, 2)), ['VENUE_SHARE_EXCEEDS_MAX'])
  assert.deepEqual(codes(share(2, 2)), [])
  assert.deepEqual(orderCodes({ ...share(1.3, 1.4), plannedGrossNotional: usd(3e6) }), [])
  assert.deepEqual(orderCodes({ ...share(1.3, 1.4), plannedGrossNotional: usd(2e6) }), ['VENUE_SHARE_EXCEEDS_MAX'])
})

test('protective is a net delta that falls without crossing a limit of the account', () => {
  assert.equal(isProtective(proposal(), limits), true)
  assert.equal(isProtective(proposal(lowering), limits), false)
  assert.equal(isProtective(proposal({ venues: levered(2, 3.01) }), limits), false)
  assert.equal(isProtective(proposal({ venues: [venue({ account: undefined })] }), limits), false)
  assert.equal(isProtective(proposal({ netDeltaAfter: usd(2e6) }), limits), false)
})

test('a reducing state lets a protective order through and stops the rest', () => {
  const tradingState = 'reducing'
  assert.deepEqual(codes({ tradingState }), [])
  assert.deepEqual(codes({ ...lowering, tradingState }), ['REDUCING_ONLY'])
  assert.deepEqual(codes({ tradingState, venues: levered(2, 3.01) }), ['REDUCING_ONLY', 'LEVERAGE_EXCEEDS_MAX'])
})

test('what relieves a venue that is to be reduced passes in a reducing state, unless the hedge is to be kept', () => {
  const relief = {
    ...lowering,
    tradingState: 'reducing' as const,
    effects: effects({ venuesToReduce: ['binance'], netDeltaMayGrow: false }),
  }
  assert.deepEqual(codes(relief), [])
  assert.deepEqual(codes({ ...relief, effects: effects({ venuesToReduce: ['okx'] }) }), ['REDUCING_ONLY'])
  assert.deepEqual(codes({ ...relief, effects: effects({ venuesToReduce: ['binance'], keepHedge: 'everything' }) }), [
    'HEDGE_RATIO_FALLS',
  ])
})

test('adding to a venue that is to be reduced is no relief, nor is trading beside it', () => {
  const wants = effects({ venuesToReduce: ['binance'], netDeltaMayGrow: false })
  const facts = { ...lowering, tradingState: 'reducing', effects: wants } as const
  const denied = ['REDUCING_ONLY', 'NET_DELTA_GROWS']
  assert.deepEqual(codes({ ...facts, venues: [venue()] }), denied)
  const beside = { ...lowering.venues[0]!, venue: 'okx' }
  assert.deepEqual(codes({ ...facts, venues: [lowering.venues[0]!, beside] }), denied)
  assert.deepEqual(codes({ ...facts, venues: [] }), denied)
})

test('a hedge that is to be kept may move: down again to where the proposal began', () => {
  const moving = { ...lowering, effects: effects({ keepHedge: ['ETH'], venuesToReduce: ['binance'] }) }
  assert.deepEqual(orderCodes(moving), ['HEDGE_RATIO_FALLS'])
  assert.deepEqual(orderCodes({ ...moving, hedgeRatioToKeep: fraction(0.7 / 3) }), [])
  assert.deepEqual(orderCodes({ ...moving, hedgeRatioToKeep: fraction(0.71 / 3) }), ['HEDGE_RATIO_FALLS'])
  assert.deepEqual(orderCodes({ ...moving, effects: effects({ keepHedge: ['BTC'] }) }), [])
})

test('each effect of the rails denies by itself', () => {
  assert.deepEqual(codes({ effects: effects({ frozenVenues: ['binance'] }) }), ['VENUE_FROZEN'])
  assert.deepEqual(codes({ effects: effects({ assetsWithoutPrice: ['ETH'] }) }), ['PRICE_MISSING'])
  assert.deepEqual(codes({ effects: effects({ noNewLeverage: 'everywhere' }) }), ['LEVERAGE_RISES'])
  assert.deepEqual(codes({ effects: effects({ noNewLeverage: ['binance'] }) }), ['LEVERAGE_RISES'])
  assert.deepEqual(codes({ effects: effects({ noNewLeverage: ['okx'] }) }), [])
  assert.deepEqual(codes({ effects: effects({ noMoreShort: ['ETH'] }) }), ['HEDGE_RATIO_RISES'])
  assert.deepEqual(codes({ ...lowering, effects: effects({ netDeltaMayGrow: false }) }), ['NET_DELTA_GROWS'])
  assert.deepEqual(codes({ ...lowering, effects: effects({ keepHedge: 'everything' }) }), ['HEDGE_RATIO_FALLS'])
  assert.deepEqual(codes({ ...lowering, effects: effects({ noNewLeverage: 'everywhere', noMoreShort: ['ETH'] }) }), [])
})

test('real money: nothing without permission, and only what protects once it was revoked', () => {
  const money = 'real'
  assert.deepEqual(codes({ money }), ['LIVE_NOT_PERMITTED'])
  assert.deepEqual(codes({ money, livePermission: 'granted' }), [])
  assert.deepEqual(codes({ money, livePermission: 'revoked' }), [])
  assert.deepEqual(codes({ ...lowering, money, livePermission: 'revoked' }), ['LIVE_NOT_PERMITTED'])
  assert.deepEqual(orderCodes({ money }), ['LIVE_NOT_PERMITTED'])
  assert.deepEqual(codes({ money, emergency: true }), ['LIVE_NOT_PERMITTED'])
  assert.deepEqual(codes({ ...lowering, money, livePermission: 'revoked', emergency: true }), [])
})

test('an emergency passes the trading state and what rails keep, and no limit of size or price', () => {
  const held = effects({ keepHedge: 'everything', netDeltaMayGrow: false })
  const flatten = { ...lowering, emergency: true, tradingState: 'halted', effects: held } as const
  assert.deepEqual(codes(flatten), [])
  assert.deepEqual(codes({ ...flatten, notional: usd(6e6) }), ['NOTIONAL_EXCEEDS_MAX_PER_PROPOSAL'])
  assert.deepEqual(codes({ ...flatten, priceAge: duration(20_000) }), ['PRICE_STALE'])
  assert.deepEqual(orderCodes({ ...flatten, ordersLastMinute: 60 }), ['ORDERS_EXCEED_MAX_PER_MINUTE'])
})

test('the pace of an hour and of a day clips a target and denies what is beyond it', () => {
  const pace = (hour: number, day: number) => ({
    ratioChangeLastHour: fraction(hour),
    ratioChangeLastDay: fraction(day),
  })
  const clip = (from: number, target: number, hour: number, day: number) =>
    clipRatio(fraction(from), fraction(target), { pace: pace(hour, day), limits })
  assert.deepEqual(clip(0.3, 0.4, 0, 0), { ratio: 0.4 })
  assert.deepEqual(clip(0.3, 0.9, 0.05, 0.05), { ratio: 0.3 + (0.15 - 0.05), boundBy: 'hour' })
  assert.deepEqual(clip(0.5, 0.1, 0, 0.45), { ratio: 0.45, boundBy: 'day' })
  assert.deepEqual(clip(0.5, 0.9, 0.2, 0.2), { ratio: 0.5, boundBy: 'hour' })
  assert.deepEqual(codes(pace(0.05, 0.05)), [])
  assert.deepEqual(codes(pace(0.06, 0.06)), ['RATIO_CHANGE_EXCEEDS_MAX_PER_HOUR'])
  assert.deepEqual(codes(pace(0, 0.41)), ['RATIO_CHANGE_EXCEEDS_MAX_PER_DAY'])
})

test('a hedge does not turn round within two hours, unless account or loss ask for it', () => {
  const bought = (age: number) => ({ lastTrade: { side: 'buy', age: duration(age) } }) as const
  assert.deepEqual(codes(bought(2 * HOUR - 1)), ['REVERSAL_TOO_SOON'])
  assert.deepEqual(codes(bought(2 * HOUR)), [])
  assert.deepEqual(codes({ lastTrade: { side: 'sell', age: duration(1000) } }), [])
  assert.deepEqual(codes({ ...bought(1000), effects: effects({ reversalAllowed: true }) }), [])
})

test('pace and holding time are for what the desk does unasked', () => {
  const late = { ratioChangeLastHour: fraction(0.15), lastTrade: { side: 'buy', age: duration(1000) } } as const
  assert.deepEqual(codes(late), ['RATIO_CHANGE_EXCEEDS_MAX_PER_HOUR', 'REVERSAL_TOO_SOON'])
  assert.deepEqual(codes({ ...late, askedFor: true }), [])
})

test('every reason is given, not only the first', () => {
  assert.deepEqual(codes({ tradingState: 'halted', requestedRatio: fraction(3) }), [
    'TRADING_HALTED',
    'HEDGE_RATIO_EXCEEDS_MAX',
  ])
})

test('a denial is said with its code, its numbers and its names', () => {
  const said = (over: Partial<OrderRisk>) => checkOrder(order(over), limits).map(formatDenial)
  assert.deepEqual(said({ notional: usd(31_200) }), ['NOTIONAL_EXCEEDS_MAX_PER_ORDER notional=31200 max=25000'])
  assert.deepEqual(said({ venues: levered(2, 3.5) }), ['LEVERAGE_EXCEEDS_MAX venue=binance leverage=3.5 max=3'])
  assert.equal(
    formatDenial({ code: 'PRICE_OUTSIDE_COLLAR', distanceBps: 51.239, maxBps: bps(50) }),
    'PRICE_OUTSIDE_COLLAR distanceBps=51.24 maxBps=50',
  )
})
