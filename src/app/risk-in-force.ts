import { type LimitKey, type Limits, withOverrides } from '../domain/risk/limits.ts'
import { NO_RAIL_EFFECTS, type RailEffects } from '../domain/risk/rail.ts'
import { TRADING_STATES, type TradingState } from '../domain/risk/trading-state.ts'
import { elapsed, type TimestampMs } from '../domain/units.ts'
import type { RailRecord } from '../ports.ts'
import type { Ports } from './ports.ts'

type Reading = Pick<Ports, 'store' | 'settings' | 'clock'>

/** What trading is held to at this moment, by people and by rails together. */
export interface TradingStateNow {
  /** The stricter of both. */
  readonly state: TradingState
  /** Why it is not `active`, in words: the rails' reasons first, then the person's. */
  readonly because: readonly string[]
  /** What a person set last. */
  readonly set: {
    readonly state: TradingState
    readonly by: string
    readonly at: TimestampMs
    readonly reason: string
  }
  /** What the rails ask for. */
  readonly rails: TradingState
}

/** Rounds of watching that may fail in a row before the last one counts for nothing. */
const ROUNDS_MISSED = 3

/** The limits as they hold: configured, with those on top that two admins decided. */
export async function readLimits({ store, settings }: Pick<Ports, 'store' | 'settings'>): Promise<Limits> {
  const overrides = await store.limits.overrides()
  const decided: Partial<Record<LimitKey, number>> = Object.fromEntries(overrides.map(({ key, value }) => [key, value]))
  return withOverrides(settings.limits, decided)
}

/**
 * What the rails let through, as they were judged last. On a wall clock a judgement that is missing or has grown old is worth
 * nothing: then only protective orders go through until the rails are watched again.
 */
export const readRiskEffects = async (ports: Reading): Promise<RailEffects> =>
  effectsOf(ports, await ports.store.rails.read())

/** The same of a record that was read already. */
export function effectsOf(ports: Pick<Ports, 'settings' | 'clock'>, record: RailRecord | undefined): RailEffects {
  const effects = record?.effects ?? NO_RAIL_EFFECTS
  const unwatched = whyUnwatched(ports, record)
  if (unwatched === undefined) return effects
  return {
    ...effects,
    tradingState: stricterState(effects.tradingState, 'reducing'),
    because: [unwatched, ...effects.because],
    netDeltaMayGrow: false,
  }
}

/** The state in which orders are judged at this instant. */
export async function tradingStateNow(ports: Reading): Promise<TradingStateNow> {
  const set = await ports.store.settings.tradingState()
  const effects = await readRiskEffects(ports)
  return {
    state: stricterState(set.state, effects.tradingState),
    because: [
      ...(effects.tradingState === 'active' ? [] : effects.because),
      ...(set.state === 'active' ? [] : [`set to ${set.state} by ${set.by}: ${set.reason}`]),
    ],
    set,
    rails: effects.tradingState,
  }
}

export const stricterState = (one: TradingState, other: TradingState): TradingState =>
  TRADING_STATES.indexOf(one) >= TRADING_STATES.indexOf(other) ? one : other

/** In words, when nobody watches the rails; a virtual clock stands still between its bars and is never late. */
function whyUnwatched(
  { settings, clock }: Pick<Ports, 'settings' | 'clock'>,
  record: RailRecord | undefined,
): string | undefined {
  if (clock.kind === 'virtual') return undefined
  if (!record) return 'Risk is not watched yet: only protective orders'
  const age = elapsed(record.at, clock.now())
  const most = ROUNDS_MISSED * settings.risk.every
  return age > most
    ? `Risk is not watched: the rails were last judged ${Math.round(age / 1000)} s ago, at most ${Math.round(most / 1000)} s are allowed; only protective orders`
    : undefined
}
