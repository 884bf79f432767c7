/**
 * What the models are asked, by name: the one list that labels, heads, calibrators, reports and cards follow.
 *
 * A *target* is a name and a horizon; its key is both, `cascade-down-24h`. An *event* is answered with a probability, a
 * *value* with a number in its unit. Claims of skill rest on the price-only cascades alone (specification §2.3).
 *
 * @module
 * @see specification §2.1, §4.5
 */

export type TargetKind = 'event' | 'value'

export interface Target {
  readonly key: TargetKey
  readonly name: string
  readonly kind: TargetKind
  readonly horizonHours: number
  /** Of a value; what a probability is of, for an event. */
  readonly unit: string
  /** A typical size of the label: values are learned in this measure. 1 for events. */
  readonly scale: number
  /** How much the target counts while a network is fitted, beside the price-only cascades with 1. */
  readonly weight: number
}

export const CASCADE_HORIZONS = [4, 24, 72] as const

const CASCADES = [
  ['cascade-down', 'price falls by more than 2.5 σ√H', 1],
  ['cascade-up', 'price rises by more than 2.5 σ√H', 1],
  ['cascade-down-joint', '… and open interest falls with it', 0.3],
  ['cascade-up-joint', '… and open interest falls with it', 0.3],
  ['cascade-down-liq', '… and more longs are force-closed than in 99 % of windows', 0.3],
  ['cascade-up-liq', '… and more shorts are force-closed than in 99 % of windows', 0.3],
] as const

const OTHERS = [
  ['overlay-pays', 'event', 24, 'a short of one day earns more than it costs', 1, 1],
  ['volatility-regime', 'event', 24, 'the next day is among the wildest third of the last 30', 1, 0.3],
  ['rise-if-interest-rises', 'event', 24, 'price rises, given that open interest does', 1, 0.2],
  ['rise-if-interest-falls', 'event', 24, 'price rises, given that open interest falls', 1, 0.2],
  ['return', 'value', 1 / 12, 'log return over σ√H', 1, 0.1],
  ['return', 'value', 1, 'log return over σ√H', 1, 0.1],
  ['open-interest-change', 'value', 4, 'log change of open interest in coins', 0.02, 0.1],
  ['open-interest-change', 'value', 24, 'log change of open interest in coins', 0.05, 0.1],
  ['open-interest-change', 'value', 72, 'log change of open interest in coins', 0.08, 0.1],
  ['size-if-interest-rises', 'value', 24, '|log return| over σ√H, given that open interest rises', 1, 0.1],
  ['size-if-interest-falls', 'value', 24, '|log return| over σ√H, given that open interest falls', 1, 0.1],
  ['volatility', 'value', 4, 'ln of realised over known volatility', 0.5, 0.1],
  ['volatility', 'value', 24, 'ln of realised over known volatility', 0.4, 0.1],
  ['volatility', 'value', 72, 'ln of realised over known volatility', 0.4, 0.1],
  ['next-funding', 'value', 8, 'funding per eight hours', 1e-4, 0.1],
  ['hedge-ratio', 'value', 24, 'variance-minimising ratio of perpetual to spot', 0.05, 0.1],
] as const satisfies readonly (readonly [string, TargetKind, number, string, number, number])[]

type CascadeKey = `${(typeof CASCADES)[number][0]}-${(typeof CASCADE_HORIZONS)[number]}h`
export type EventKey =
  | CascadeKey
  | 'overlay-pays-24h'
  | 'volatility-regime-24h'
  | 'rise-if-interest-rises-24h'
  | 'rise-if-interest-falls-24h'
export type ValueKey =
  | 'return-5m'
  | 'return-1h'
  | `open-interest-change-${(typeof CASCADE_HORIZONS)[number]}h`
  | 'size-if-interest-rises-24h'
  | 'size-if-interest-falls-24h'
  | `volatility-${(typeof CASCADE_HORIZONS)[number]}h`
  | 'next-funding-8h'
  | 'hedge-ratio-24h'
export type TargetKey = EventKey | ValueKey

const keyOf = (name: string, hours: number): TargetKey =>
  (hours < 1 ? `${name}-${Math.round(hours * 60)}m` : `${name}-${hours}h`) as TargetKey

/** In the order of every model's heads. */
export const TARGETS: readonly Target[] = [
  ...CASCADES.flatMap(([name, unit, weight]) =>
    CASCADE_HORIZONS.map(
      (hours): Target => ({
        key: keyOf(name, hours),
        name,
        kind: 'event',
        horizonHours: hours,
        unit,
        scale: 1,
        weight,
      }),
    ),
  ),
  ...OTHERS.map(
    ([name, kind, hours, unit, scale, weight]): Target => ({
      key: keyOf(name, hours),
      name,
      kind,
      horizonHours: hours,
      unit,
      scale,
      weight,
    }),
  ),
]

/** What claims of skill may rest on. */
export const PRICE_ONLY: readonly EventKey[] = ['cascade-down', 'cascade-up'].flatMap((name) =>
  CASCADE_HORIZONS.map((hours) => keyOf(name, hours) as EventKey),
)

/**
 * What a model in force is claimed to know: falls and rises within four hours. Chosen on the quarters before 2024-07-15, where the
 * longer horizons held too few episodes to tell anything apart; the stretch after them had no part in it.
 */
export const CLAIMED: readonly EventKey[] = ['cascade-down-4h', 'cascade-up-4h']

export const TARGET_COUNT = TARGETS.length
const POSITION = new Map(TARGETS.map(({ key }, k) => [key, k]))

/** Position of a target in every row of scores. */
export const targetIndex = (key: TargetKey): number => POSITION.get(key)!
export const targetOf = (key: TargetKey): Target => TARGETS[targetIndex(key)]!
export const isTargetKey = (text: string): text is TargetKey => POSITION.has(text as TargetKey)

/** Hours after which every label of a sample is known: what splits purge and embargo by. */
export const LONGEST_HORIZON_HOURS = Math.max(...TARGETS.map(({ horizonHours }) => horizonHours))

/** One value per target, in their order. */
export const byTarget = <T>(value: (target: Target, k: number) => T): Record<TargetKey, T> =>
  Object.fromEntries(TARGETS.map((target, k) => [target.key, value(target, k)])) as Record<TargetKey, T>
