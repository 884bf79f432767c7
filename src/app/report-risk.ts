import type { Limits } from '../domain/risk/limits.ts'
import { RAILS, type RailEffects, type RailName, type RailState } from '../domain/risk/rail.ts'
import type { TimestampMs } from '../domain/units.ts'
import type { LivePermission } from '../ports.ts'
import { type Flattening, readFlattening } from './flatten.ts'
import type { Ports } from './ports.ts'
import { readLimits, readRiskEffects, type TradingStateNow, tradingStateNow } from './risk-in-force.ts'

export interface RailStanding {
  readonly rail: RailName
  /** One a scope; none before the rail was judged for the first time. */
  readonly states: readonly RailState[]
}

export interface RiskStatus {
  readonly at: TimestampMs
  readonly trading: TradingStateNow
  /** All thirteen, in order of precedence. */
  readonly rails: readonly RailStanding[]
  readonly effects: RailEffects
  /** Undefined before the first round of watching. */
  readonly judgedAt?: TimestampMs | undefined
  readonly limits: Limits
  readonly permission: LivePermission
  readonly mode: 'paper' | 'live'
  readonly flattening?: Flattening | undefined
}

/** What trading is held to and why, from the record alone: any process can say it. */
export const createReportRisk = (ports: Ports) => async (): Promise<RiskStatus> => {
  const { store, clock, settings } = ports
  const [trading, record, effects, limits, permission, flattening] = await Promise.all([
    tradingStateNow(ports),
    store.rails.read(),
    readRiskEffects(ports),
    readLimits(ports),
    store.live.permission(),
    readFlattening(store),
  ])
  return {
    at: clock.now(),
    trading,
    rails: RAILS.map((rail) => ({ rail, states: record?.states.filter((state) => state.rail === rail) ?? [] })),
    effects,
    ...(record && { judgedAt: record.at }),
    limits,
    permission,
    mode: settings.trading.mode,
    ...(flattening && { flattening }),
  }
}
