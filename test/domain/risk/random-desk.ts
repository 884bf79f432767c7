import type { OrderRisk, ProposalRisk, TradeRisk } from '../../../src/domain/risk/checks.ts'
import { effectsOf } from '../../../src/domain/risk/effects.ts'
import type { RailFacts } from '../../../src/domain/risk/facts.ts'
import { DEFAULT_LIMITS, type Limits } from '../../../src/domain/risk/limits.ts'
import { RAIL_LEVELS, RAILS, type RailLevel, type RailName, type RailState } from '../../../src/domain/risk/rail.ts'
import { duration, fraction, HOUR, price, usd } from '../../../src/domain/units.ts'
import { calm, calmAccount, NOON } from './calm.ts'

const VENUES = ['binance', 'bybit', 'okx'] as const
const ASSETS = ['ETH', 'BTC'] as const
const VARIANTS: Partial<Record<RailName, readonly string[]>> = {
  data: ['price-stale', 'few-venues', 'dispersion', 'few-venues+price-stale'],
  'funding-spike': ['positive', 'negative'],
  'one-sided-open-interest': ['longs-crowded', 'shorts-crowded', 'longs-crowded+shorts-crowded'],
  'model-health': ['drift', 'calibration'],
  margin: ['margin-ratio', 'margin-use'],
}
const SCOPES: Readonly<Record<RailName, readonly string[]>> = {
  kill: ['desk'],
  reconciliation: VENUES,
  'liquidation-distance': VENUES,
  margin: VENUES,
  leverage: VENUES,
  'daily-loss': ['desk'],
  data: ASSETS,
  'venue-status': VENUES,
  'funding-spike': ASSETS,
  'one-sided-open-interest': ASSETS,
  'model-health': ['desk'],
  pacing: ASSETS,
  'min-hold': ASSETS,
}

/** Every limit that a trade is held to, with what it is about before and after; `isWorse` = further beyond than it began. */
export interface Measured {
  readonly limit: string
  readonly startsBeyond: boolean
  readonly endsBeyond: boolean
  readonly isWorse: boolean
}

export interface RandomDesk {
  readonly facts: RailFacts
  readonly states: readonly RailState[]
  readonly limits: Limits
  readonly proposal: ProposalRisk
  readonly order: OrderRisk
  readonly isLosing: boolean
  /** Computed from the positions, not from what the checks are given. */
  readonly proposalMeasures: readonly Measured[]
  readonly orderMeasures: readonly Measured[]
}

/** This share of desks starts beyond each limit. */
const BEYOND = 0.08

/**
 * A desk with random positions, rails and limits, and a random trade on it. The limits are drawn around where the desk stands, so
 * that each is exceeded from the start as often as `BEYOND` says, whatever the others are.
 */
export function randomDesk(random: () => number): RandomDesk {
  const between = (low: number, high: number): number => low + (high - low) * random()
  const chance = (share: number): boolean => random() < share
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!
  /** A limit for something that stands at `value`: mostly above it, else under it. */
  const above = (value: number): number => value * (chance(BEYOND) ? between(0.3, 0.999) : between(1, 3)) + 1e-6
  const below = (value: number): number => value * (chance(BEYOND) ? between(1.001, 3) : between(0.3, 1))

  const exposure = ASSETS.map(() => between(1e5, 1e7))
  const shorts = VENUES.map(() => ASSETS.map((_, a) => exposure[a]! * between(chance(0.05) ? -0.2 : 0, 0.5)))
  const equity = VENUES.map(() => between(2e5, 5e6))
  const initialRate = between(0.1, 0.5)
  const maintenanceRate = between(0.004, 0.05)
  const asset = Math.floor(random() * ASSETS.length)
  const side = chance(0.6) ? 'sell' : 'buy'
  const legs = chance(0.5)
    ? [pick([0, 1, 2])]
    : pick([
        [0, 1],
        [1, 2],
        [0, 2],
        [0, 1, 2],
      ])
  const size = exposure[asset]! * between(0.001, chance(0.3) ? 0.6 : 0.1)
  const weights = legs.map(() => between(0.2, 1))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const parts = legs.map((leg, i) => ({ leg, notional: (size * weights[i]!) / total }))
  const [orderPart] = parts

  const states: RailState[] = RAILS.flatMap((rail) =>
    SCOPES[rail].flatMap((scope) => {
      if (!chance(rail === 'kill' ? 0.02 : 0.05)) return []
      const level: RailLevel = rail === 'kill' ? pick(['halted', 'reducing']) : pick(RAIL_LEVELS.slice(1, 4))
      const variant = VARIANTS[rail] && pick(VARIANTS[rail])
      return [{ rail, scope, level, since: NOON, heldForPerson: false, text: '', variant }]
    }),
  )
  const isLosing = chance(0.4)
  const facts = calm({
    accounts: VENUES.map((venue) => calmAccount({ venue })),
    book: {
      valueAtDayStart: usd(10e6),
      value: usd(isLosing ? 9.9e6 : 10.1e6),
      prices: ASSETS.map((name) => ({
        asset: name,
        priceAtDayStart: price(100),
        price: price(chance(0.5) ? 99 : 101),
      })),
    },
  })

  const before = measureOf({ shorts, exposure, equity, initialRate, maintenanceRate })
  const leverages = before.venues.map(({ leverage }) => leverage)
  const worst = Math.max(...legs.map((leg) => leverages[leg]!))
  const hardLeverage = above(worst)
  const maxLeverage = Math.min(above(worst), hardLeverage)
  const dayNotional = between(0, 1e7)
  const pace = { hour: between(0, 0.2), day: between(0, 0.6) }
  const mid = 100
  const offset = between(0, 0.01) * (chance(0.5) ? 1 : -1)
  const arrival = mid * (1 + between(-0.005, 0.005))
  const limitPrice = mid * (1 + offset)
  const slippage = (side === 'buy' ? 1 : -1) * (limitPrice / arrival - 1) * 1e4
  const parents = Math.floor(between(0, 30))
  const perMinute = Math.floor(between(0, 80))
  const shares = legs.map((leg) => before.venues[leg]!.gross / before.gross)
  const ratioNow = before.ratio[asset]!
  const limits: Limits = {
    ...DEFAULT_LIMITS,
    maxRatio: fraction(between(0.3, 1)),
    maxOrderNotional: usd(above(orderPart!.notional)),
    maxProposalNotional: usd(above(size)),
    maxDayNotional: usd(above(dayNotional) + (chance(0.7) ? size : 0)),
    maxGrossNotional: usd(above(before.gross)),
    maxNetNotional: usd(above(before.net)),
    maxVenueShare: fraction(above(Math.max(...shares))),
    maxLeverage,
    hardLeverage,
    maxMarginUse: fraction(above(Math.max(...legs.map((leg) => before.venues[leg]!.use)))),
    minMarginRatio: below(Math.min(...legs.map((leg) => before.venues[leg]!.ratio))),
    maxRatioChangePerHour: fraction(above(pace.hour)),
    maxRatioChangePerDay: fraction(above(pace.day)),
    maxDailyProposals: Math.floor(above(parents)) + (chance(0.8) ? 1 : 0),
    maxOrdersPerMinute: Math.floor(above(perMinute)) + (chance(0.8) ? 1 : 0),
    priceCollar: above(Math.abs(offset) * 1e4) as Limits['priceCollar'],
    // Half of the limits lie on the cheap side of the arrival, and no bound is under zero.
    maxSlippage: (slippage > 0 && chance(BEYOND)
      ? slippage / 2
      : above(Math.max(1, slippage))) as Limits['maxSlippage'],
  }

  const tradeOf = (moved: readonly { leg: number; notional: number }[]): { risk: TradeRisk; after: Totals } => {
    const sign = side === 'sell' ? 1 : -1
    const next = shorts.map((row) => [...row])
    for (const { leg, notional } of moved) next[leg]![asset]! += sign * notional
    const after = measureOf({ shorts: next, exposure, equity, initialRate, maintenanceRate })
    const other = 1 - asset
    return {
      after,
      risk: {
        asset: ASSETS[asset]!,
        side,
        tradingState: effects.tradingState,
        effects,
        ...(isEmergency && { emergency: true }),
        money,
        livePermission,
        notional: usd(moved.reduce((sum, { notional }) => sum + notional, 0)),
        dayNotional: usd(dayNotional),
        grossNotionalBefore: usd(before.gross),
        grossNotionalAfter: usd(after.gross),
        netDeltaBefore: usd(before.nets[asset]!),
        netDeltaAfter: usd(after.nets[asset]!),
        otherNetDelta: usd(before.nets[other]!),
        hedgeRatioBefore: fraction(ratioNow),
        hedgeRatioAfter: fraction(after.ratio[asset]!),
        venues: moved.map(({ leg }) => ({
          venue: VENUES[leg]!,
          grossNotionalBefore: usd(before.venues[leg]!.gross),
          grossNotionalAfter: usd(after.venues[leg]!.gross),
          ...(!isSilent && {
            account: {
              equity: usd(equity[leg]!),
              initialMarginBefore: usd(before.venues[leg]!.initial),
              initialMarginAfter: usd(after.venues[leg]!.initial),
              maintenanceMarginBefore: usd(before.venues[leg]!.maintenance),
              maintenanceMarginAfter: usd(after.venues[leg]!.maintenance),
            },
          }),
        })),
      },
    }
  }
  const effects = effectsOf(states, facts, limits)
  const isEmergency = chance(0.02)
  const isSilent = chance(0.05)
  const money = chance(0.3) ? 'real' : 'paper'
  const livePermission = pick(['granted', 'granted', 'granted', 'none', 'revoked'] as const)

  const whole = tradeOf(parts)
  const part = tradeOf([orderPart!])
  const proposal: ProposalRisk = {
    ...whole.risk,
    askedFor: chance(0.2),
    requestedRatio: fraction(chance(BEYOND) ? limits.maxRatio * 1.01 : limits.maxRatio * random()),
    priceAge: duration(chance(BEYOND) ? 20_000 : 5000),
    maxPriceAge: duration(10_000),
    proposalsToday: parents,
    ratioChangeLastHour: fraction(pace.hour),
    ratioChangeLastDay: fraction(pace.day),
    ...(chance(0.5) && { lastTrade: { side: pick(['buy', 'sell'] as const), age: duration(between(0, 4 * HOUR)) } }),
  }
  const order: OrderRisk = {
    ...part.risk,
    limitPrice: price(limitPrice),
    referencePrice: price(mid),
    arrivalPrice: price(arrival),
    ordersLastMinute: perMinute,
    plannedGrossNotional: usd(Math.max(part.after.gross, whole.after.gross)),
  }
  const account = (moved: readonly { leg: number }[], after: Totals, of: number): readonly Measured[] =>
    moved.flatMap(({ leg }) => {
      const [from, to] = [before.venues[leg]!, after.venues[leg]!]
      const isSpread = to.gross < of * (1 - 1e-9)
      return [
        bound('max-leverage', from.leverage, to.leverage, limits.maxLeverage),
        bound('hard-leverage', from.leverage, to.leverage, limits.hardLeverage),
        bound('max-margin-use', from.use, to.use, limits.maxMarginUse),
        bound('min-margin-ratio', -from.ratio, -to.ratio, -limits.minMarginRatio),
        {
          limit: 'max-venue-share',
          startsBeyond: from.gross / before.gross > limits.maxVenueShare,
          endsBeyond: isSpread && to.gross / of > limits.maxVenueShare * (1 + 1e-9),
          isWorse: to.gross > from.gross * (1 + 1e-9),
        },
      ]
    })
  const totals = (after: Totals, notional: number): readonly Measured[] => [
    bound('max-gross-notional', before.gross, after.gross, limits.maxGrossNotional),
    bound('max-net-notional', before.net, after.net, limits.maxNetNotional),
    bound('max-day-notional', dayNotional, dayNotional + notional, limits.maxDayNotional),
  ]
  const change = Math.abs(proposal.hedgeRatioAfter - ratioNow)
  return {
    facts,
    states,
    limits,
    proposal,
    order,
    isLosing,
    proposalMeasures: [
      ...totals(whole.after, size),
      ...account(parts, whole.after, whole.after.gross),
      once('max-proposal-notional', size, limits.maxProposalNotional),
      once('max-hedge-ratio', proposal.requestedRatio, limits.maxRatio),
      bound('max-ratio-change-per-hour', pace.hour, pace.hour + change, limits.maxRatioChangePerHour),
      bound('max-ratio-change-per-day', pace.day, pace.day + change, limits.maxRatioChangePerDay),
      once('max-price-age', proposal.priceAge, proposal.maxPriceAge),
      once('max-daily-proposals', parents + 1, limits.maxDailyProposals),
    ],
    orderMeasures: [
      ...totals(part.after, orderPart!.notional),
      ...account([orderPart!], part.after, order.plannedGrossNotional),
      once('max-order-notional', orderPart!.notional, limits.maxOrderNotional),
      once('price-collar', Math.abs(offset) * 1e4, limits.priceCollar),
      once('max-slippage', slippage, limits.maxSlippage),
      once('max-orders-per-minute', perMinute + 1, limits.maxOrdersPerMinute),
    ],
  }
}

interface Totals {
  readonly gross: number
  readonly net: number
  readonly nets: readonly number[]
  readonly ratio: readonly number[]
  readonly venues: readonly {
    gross: number
    leverage: number
    initial: number
    maintenance: number
    use: number
    ratio: number
  }[]
}

function measureOf(desk: {
  shorts: readonly (readonly number[])[]
  exposure: readonly number[]
  equity: readonly number[]
  initialRate: number
  maintenanceRate: number
}): Totals {
  const venues = desk.shorts.map((row, i) => {
    const gross = row.reduce((sum, short) => sum + Math.abs(short), 0)
    const [initial, maintenance] = [gross * desk.initialRate, gross * desk.maintenanceRate]
    const equity = desk.equity[i]!
    return { gross, leverage: gross / equity, initial, maintenance, use: initial / equity, ratio: equity / maintenance }
  })
  const hedge = desk.exposure.map((_, a) => desk.shorts.reduce((sum, row) => sum + row[a]!, 0))
  const nets = desk.exposure.map((held, a) => Math.abs(held - hedge[a]!))
  return {
    gross: venues.reduce((sum, { gross }) => sum + gross, 0),
    net: nets.reduce((sum, net) => sum + net, 0),
    nets,
    ratio: desk.exposure.map((held, a) => hedge[a]! / held),
    venues,
  }
}

/** Of a stock: it may be beyond already, and then not go further. */
const bound = (limit: string, before: number, after: number, most: number): Measured => ({
  limit,
  startsBeyond: before > most,
  endsBeyond: after > most + 1e-6 * Math.abs(most),
  isWorse: after > before + 1e-6 * Math.max(1e-3, Math.abs(before)),
})

/** Of a single act: it is beyond or it is not. */
const once = (limit: string, value: number, most: number): Measured => ({
  limit,
  startsBeyond: value > most,
  endsBeyond: value > most + 1e-6 * most,
  isWorse: true,
})
