import type { InstrumentId } from '../../../src/domain/instrument.ts'
import type { AdvancedRails } from '../../../src/domain/risk/advance-rails.ts'
import { advanceRails } from '../../../src/domain/risk/advance-rails.ts'
import type { AccountFacts, RailFacts } from '../../../src/domain/risk/facts.ts'
import { DEFAULT_LIMITS, type Limits } from '../../../src/domain/risk/limits.ts'
import type { RailName, RailState } from '../../../src/domain/risk/rail.ts'
import {
  baseQty,
  duration,
  type FundingPer8h,
  fraction,
  later,
  price,
  type TimestampMs,
  timestamp,
  usd,
} from '../../../src/domain/units.ts'

export const NOON = timestamp(Date.UTC(2026, 0, 5, 12))

export const calmAccount = (over: Partial<AccountFacts> = {}): AccountFacts => ({
  venue: 'binance',
  age: duration(1000),
  equity: usd(1e6),
  initialMargin: usd(300_000),
  maintenanceMargin: usd(15_000),
  grossNotional: usd(1.5e6),
  status: 'trading',
  liquidationsPaused: false,
  markIndexGap: fraction(0.0002),
  ...over,
})

/** A desk at noon with two venues and one asset, on which no rail has anything to say. */
export const calm = (over: Partial<RailFacts> = {}): RailFacts => ({
  at: NOON,
  process: { heartbeatAge: duration(0), authErrorsInARow: 0 },
  instruments: [
    {
      venue: 'binance',
      asset: 'ETH',
      instrumentId: 'ETH-USDT-PERP.BINANCE' as InstrumentId,
      unexplainedQuantity: baseQty(0),
      unexplainedNotional: usd(0),
      unexplainedShare: fraction(0),
      dirtyPolls: 0,
      cleanPolls: 9,
    },
  ],
  accounts: [calmAccount(), calmAccount({ venue: 'bybit' })],
  legs: [
    { venue: 'binance', asset: 'ETH', side: 'short', notional: usd(1.5e6), liquidationDistance: fraction(0.6) },
    { venue: 'bybit', asset: 'ETH', side: 'short', notional: usd(1.5e6), liquidationDistance: fraction(0.7) },
  ],
  book: {
    valueAtDayStart: usd(10e6),
    value: usd(10.1e6),
    prices: [{ asset: 'ETH', priceAtDayStart: price(3000), price: price(3030) }],
  },
  data: [
    {
      asset: 'ETH',
      isLive: true,
      priceAge: duration(1000),
      priceCadence: duration(60_000),
      declaredVenues: ['binance', 'bybit', 'okx'],
      freshVenues: ['binance', 'bybit', 'okx'],
      dispersion: fraction(0.0005),
    },
  ],
  funding: [
    { asset: 'ETH', venue: 'binance', funding: 0.0001 as FundingPer8h, robustZ: 0.3 },
    { asset: 'ETH', venue: 'bybit', funding: 0.00012 as FundingPer8h, robustZ: 0.4 },
  ],
  crowding: [{ asset: 'ETH', openInterestZ: 0.5, longShare: fraction(0.52), gain: 0.2, gainP95: 0.4 }],
  model: {
    calibrationGatePassed: true,
    psi: 0.05,
    pageHinkleyAlarm: false,
    averagePrecisionLift: 2,
    inferenceFailed: false,
  },
  pacing: {
    parentsToday: 3,
    assets: [{ asset: 'ETH', ratioChangeLastHour: fraction(0.05), ratioChangeLastDay: fraction(0.2) }],
  },
  ...over,
})

export const MINUTES = 60_000

/** Rails that are judged again and again, as a desk does it. */
export function watch(limits: Limits = DEFAULT_LIMITS) {
  let states: readonly RailState[] = []
  return {
    see(facts: RailFacts): AdvancedRails {
      const advanced = advanceRails(states, facts, limits)
      states = advanced.states
      return advanced
    },
    /** Sees the same facts every minute for so long. */
    stay(minutes: number, facts: (at: TimestampMs) => RailFacts, from: TimestampMs): TimestampMs {
      for (let minute = 1; minute <= minutes; minute++) this.see(facts(later(from, minute * MINUTES)))
      return later(from, minutes * MINUTES)
    },
    state: (rail: RailName, scope: string): RailState | undefined =>
      states.find((one) => one.rail === rail && one.scope === scope),
    level: (rail: RailName, scope: string) => states.find((one) => one.rail === rail && one.scope === scope)?.level,
    states: () => states,
    set: (next: readonly RailState[]) => {
      states = next
    },
  }
}
