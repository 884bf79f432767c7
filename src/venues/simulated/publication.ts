import type { Asset, FeedDeclaration, FeedKind, Observed, VenueId } from '../../domain/market/tick.ts'
import {
  type BaseQty,
  baseQty,
  type DurationMs,
  duration,
  elapsed,
  type FundingPer8h,
  fraction,
  fundingPer8h,
  HOUR,
  later,
  MINUTE,
  price,
  type TimestampMs,
  type Usd,
  usd,
} from '../../domain/units.ts'
import { VENUE_SHARES, VENUES } from './presets.ts'
import type { WorldStep } from './world.ts'

export const STEP: DurationMs = duration(5 * MINUTE)

interface VenuePublication {
  /** How often open interest is measured; it is reported as long after. */
  readonly openInterestEvery: DurationMs
  readonly liquidations?: 'full' | 'sampled'
  readonly bars: boolean
  readonly takerFlow: boolean
  readonly depth: boolean
  readonly accountRatio: boolean
}

/** What each venue lets the public see (`VENUES` order). */
const PUBLICATION: readonly VenuePublication[] = [
  { openInterestEvery: STEP, liquidations: 'sampled', bars: true, takerFlow: true, depth: true, accountRatio: true },
  {
    openInterestEvery: duration(15 * MINUTE),
    liquidations: 'full',
    bars: false,
    takerFlow: false,
    depth: true,
    accountRatio: false,
  },
  { openInterestEvery: HOUR, bars: false, takerFlow: false, depth: false, accountRatio: false },
]
/** The throttled venue prints at most this share of its own open interest per side and step: about half of what happens. */
const PRINT_CAP = 0.002
const FUNDING_NOISE = 2e-5
const DEPTH_NOISE = 0.15
/**
 * How far sentiment swings ln(long/short accounts), and what comes on top by chance. Judgement, to the size that was recorded
 * of BTC on Binance from 2024-11 to 2025-08: a spread of 0.43 around 0.08, 0.08 from one four-hourly figure to the next. That
 * accounts lean the way of sentiment is an assumption.
 */
const ACCOUNTS_SWING = 0.8
const ACCOUNTS_NOISE = 0.08

/** The feeds of one asset with their cadence in the window. */
export function declareFeeds(asset: Asset): readonly FeedDeclaration[] {
  return VENUES.flatMap((venue, i) => {
    const published = PUBLICATION[i]!
    const feed = (kind: FeedKind, cadence: DurationMs): FeedDeclaration => ({ feed: kind, venue, asset, cadence })
    return [
      ...(published.bars ? [feed('bar', STEP)] : []),
      feed('open-interest', published.openInterestEvery),
      feed('funding', HOUR),
      ...(published.liquidations ? [feed('liquidations', STEP)] : []),
      ...(published.takerFlow ? [feed('taker-flow', STEP)] : []),
      ...(published.depth ? [feed('book-depth', STEP)] : []),
      ...(published.accountRatio ? [feed('account-ratio', HOUR)] : []),
    ]
  })
}

/**
 * Turns what happened in one asset's world into what its venues publish: rounded to hours before `from`, late open
 * interest, throttled liquidation prints, noisy depth, accounts counted on the hour. Call it for every step, in order.
 *
 * @param normal - standard normal numbers for measurement noise
 * @param accountNormal - the same for account ratios, from a stream of their own, so that the other figures do not depend on
 *   whether these are drawn; without it account ratios have no noise
 */
export function createPublisher(options: {
  asset: Asset
  from: TimestampMs
  normal: () => number
  accountNormal?: () => number
}) {
  const { asset, from, normal, accountNormal = () => 0 } = options
  let pending: Observed[] = []
  let sums = emptySums()

  const measureOpenInterest = (step: WorldStep, at: TimestampMs): void => {
    // Fine cadence one hour early, so that nothing is stale when the window opens.
    const coarse = elapsed(from, at) < -HOUR
    for (const [i, venue] of VENUES.entries()) {
      const { openInterestEvery } = PUBLICATION[i]!
      if (elapsed(from, at) % (coarse ? HOUR : openInterestEvery) !== 0) continue
      const openInterest: BaseQty = baseQty(step.openInterest[i]!)
      const receivedAt = later(at, openInterestEvery)
      pending.push({ type: 'open-interest', venue, asset, eventAt: at, receivedAt, openInterest })
    }
  }

  /** Counted on the hour and told a step later. */
  const countAccounts = (step: WorldStep, at: TimestampMs): void => {
    for (const [i, venue] of VENUES.entries()) {
      if (!PUBLICATION[i]!.accountRatio || elapsed(from, at) % HOUR !== 0) continue
      const logRatio = ACCOUNTS_SWING * step.sentiment + ACCOUNTS_NOISE * accountNormal()
      const longShare = fraction(1 / (1 + Math.exp(-logRatio)))
      pending.push({ type: 'account-ratio', venue, asset, eventAt: at, receivedAt: later(at, STEP), longShare })
    }
  }

  return (step: WorldStep, at: TimestampMs): readonly Observed[] => {
    sums = addStep(sums, step)
    measureOpenInterest(step, at)
    countAccounts(step, at)
    const onTheHour = elapsed(from, at) % HOUR === 0
    const ticks: Observed[] = pending.filter((tick) => tick.receivedAt <= at)
    pending = pending.filter((tick) => tick.receivedAt > at)
    if (at > from || onTheHour) {
      const interval = at > from ? STEP : HOUR
      const stamp = (venue: VenueId) => ({ venue, asset, eventAt: at, receivedAt: at })
      for (const [i, venue] of VENUES.entries()) {
        const published = PUBLICATION[i]!
        const share = VENUE_SHARES[i]!
        if (published.bars)
          ticks.push({ type: 'bar', ...stamp(venue), series: 'mark', interval, ...toBar(sums, step, share) })
        if (onTheHour) {
          const fundingRate: FundingPer8h = fundingPer8h(step.fundingRate + FUNDING_NOISE * normal(), EIGHT_HOURS)
          ticks.push({ type: 'funding', ...stamp(venue), fundingRate })
        }
        if (published.liquidations) {
          const sampled = published.liquidations === 'sampled'
          const longNotional = usd(sampled ? sums.printedLongs : sums.longs[i]!)
          const shortNotional = usd(sampled ? sums.printedShorts : sums.shorts[i]!)
          const coverage = published.liquidations
          ticks.push({ type: 'liquidations', ...stamp(venue), interval, longNotional, shortNotional, coverage })
        }
        if (published.takerFlow) {
          const [buyNotional, sellNotional] = [usd(sums.buys * share), usd(sums.sells * share)]
          ticks.push({ type: 'taker-flow', ...stamp(venue), interval, buyNotional, sellNotional })
        }
        if (published.depth) {
          const noisy = (depth: number): Usd => usd(depth * share * Math.exp(DEPTH_NOISE * normal()))
          const [bidNotional, askNotional] = [noisy(step.bidDepth), noisy(step.askDepth)]
          ticks.push({ type: 'book-depth', ...stamp(venue), bidNotional, askNotional })
        }
      }
      sums = emptySums()
    }
    return ticks
  }
}

const EIGHT_HOURS = duration(8 * HOUR)

/** Figures of the steps since the last published ones. */
interface Sums {
  readonly open: number | undefined
  readonly high: number
  readonly low: number
  readonly coins: number
  readonly buys: number
  readonly sells: number
  readonly longs: readonly number[]
  readonly shorts: readonly number[]
  readonly printedLongs: number
  readonly printedShorts: number
}

function emptySums(): Sums {
  const none = VENUES.map(() => 0)
  return {
    open: undefined,
    high: Number.NEGATIVE_INFINITY,
    low: Number.POSITIVE_INFINITY,
    coins: 0,
    buys: 0,
    sells: 0,
    longs: none,
    shorts: none,
    printedLongs: 0,
    printedShorts: 0,
  }
}

function addStep(sums: Sums, step: WorldStep): Sums {
  const throttled = PUBLICATION.findIndex((venue) => venue.liquidations === 'sampled')
  const cap = PRINT_CAP * step.openInterest[throttled]! * step.closePrice
  return {
    open: sums.open ?? step.openPrice,
    high: Math.max(sums.high, step.highPrice),
    low: Math.min(sums.low, step.lowPrice),
    coins: sums.coins + step.volume / step.closePrice,
    buys: sums.buys + step.volume * step.takerBuyShare,
    sells: sums.sells + step.volume * (1 - step.takerBuyShare),
    longs: sums.longs.map((sum, i) => sum + step.longLiquidations[i]!),
    shorts: sums.shorts.map((sum, i) => sum + step.shortLiquidations[i]!),
    printedLongs: sums.printedLongs + Math.min(cap, step.longLiquidations[throttled]!),
    printedShorts: sums.printedShorts + Math.min(cap, step.shortLiquidations[throttled]!),
  }
}

const toBar = (sums: Sums, step: WorldStep, share: number) => ({
  openPrice: price(sums.open ?? step.openPrice),
  highPrice: price(sums.high),
  lowPrice: price(sums.low),
  closePrice: price(step.closePrice),
  volume: baseQty(sums.coins * share),
})
