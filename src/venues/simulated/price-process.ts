import { STEPS_PER_DAY, STEPS_PER_HOUR, type WorldParameters } from './presets.ts'

const MAX_EXCITEMENT = 1.2
const halving = (halfLifeHours: number): number => 0.5 ** (1 / (STEPS_PER_HOUR * halfLifeHours))

/** Random numbers of one step that several assets have in common: each mixes them with its own, so its own law is unchanged. */
export interface SharedShock {
  /** Standard normal. */
  readonly price: number
  readonly volatility: number
  readonly appetite: number
  readonly sentiment: number
  readonly jumpSize: number
  /** Uniform: a jump comes to all assets or to none. */
  readonly jumpChance: number
}

/** Correlations of an asset's shocks with the shared ones; that of two assets is the square. */
const LOADINGS = { price: 0.9, volatility: 0.92, appetite: 0.84, sentiment: 0.77, jumpSize: 0.9 }

const mix = (own: number, shared: number | undefined, loading: number): number =>
  shared === undefined ? own : loading * shared + Math.sqrt(1 - loading * loading) * own

export interface PriceState {
  /** Log price relative to the start, and its two parts: fundamental value and transient impact of liquidations. */
  logPrice: number
  fundamental: number
  impact: number
  slowVolatility: number
  excitement: number
  /** Log of volatility over its median. */
  logVolatility: number
  /** Standard deviation of this step's return. */
  stepVolatility: number
  appetite: number
  sentiment: number
  liquidity: number
  /** Notional per unit of log price. */
  depth: number
}

export const initialPriceState = (parameters: WorldParameters): PriceState => ({
  logPrice: 0,
  fundamental: 0,
  impact: 0,
  slowVolatility: 0,
  excitement: 0,
  logVolatility: 0,
  stepVolatility: parameters.dailyVolatility / Math.sqrt(STEPS_PER_DAY),
  appetite: 0,
  sentiment: 0,
  liquidity: 0,
  depth: parameters.depth,
})

/**
 * Moves volatility, appetite, sentiment, depth and price by five minutes, before any liquidation.
 *
 * Volatility is a slow Ornstein–Uhlenbeck log times a part that large moves excite; the price is a fundamental with jumps
 * plus the fading impact of earlier liquidations. Specification §7.1.
 */
export function createPriceProcess(parameters: WorldParameters, normal: () => number, uniform: () => number) {
  const ornstein = (halfLifeHours: number, spread: number) => {
    const keep = halving(halfLifeHours)
    return { keep, noise: spread * Math.sqrt(1 - keep * keep) }
  }
  const slow = ornstein(parameters.volatilityHalfLife, parameters.volatilitySpread)
  const appetite = ornstein(240, 1)
  const sentiment = ornstein(72, 0.7)
  const liquidity = ornstein(36, 0.25)
  const excitementKeep = halving(parameters.excitementHalfLife)
  const impactKeep = halving(parameters.impactHalfLife)
  const baseVolatility = parameters.dailyVolatility / Math.sqrt(STEPS_PER_DAY)
  const jumpChance = parameters.jumpsPerDay / STEPS_PER_DAY

  return (state: PriceState, shared: SharedShock | undefined): void => {
    state.slowVolatility =
      slow.keep * state.slowVolatility + slow.noise * mix(normal(), shared?.volatility, LOADINGS.volatility)
    state.excitement *= excitementKeep
    state.appetite =
      appetite.keep * state.appetite + appetite.noise * mix(normal(), shared?.appetite, LOADINGS.appetite)
    state.sentiment =
      sentiment.keep * state.sentiment + sentiment.noise * mix(normal(), shared?.sentiment, LOADINGS.sentiment)
    state.liquidity = liquidity.keep * state.liquidity + liquidity.noise * normal()

    state.logVolatility = state.slowVolatility + state.excitement
    const volatility = baseVolatility * Math.exp(state.logVolatility - 0.15)
    state.stepVolatility = volatility
    state.depth = parameters.depth * Math.exp(-parameters.depthElasticity * state.logVolatility + state.liquidity)

    let move = volatility * mix(normal(), shared?.price, LOADINGS.price)
    const chance = uniform()
    if ((shared?.jumpChance ?? chance) < jumpChance) {
      move += parameters.jumpMean + parameters.jumpSpread * mix(normal(), shared?.jumpSize, LOADINGS.jumpSize)
    }
    state.excitement = Math.min(MAX_EXCITEMENT, state.excitement + 0.03 * Math.max(0, Math.abs(move) / volatility - 1))
    state.fundamental += move - (volatility * volatility) / 2
    state.impact *= impactKeep
    state.logPrice = state.fundamental + state.impact
  }
}
