import { baseRateRung } from './base-rate/rung.ts'
import { boostedTreesRung } from './boosted-trees/rung.ts'
import { CNN_LSTM } from './cnn-lstm/network.ts'
import { createNetworkRung } from './fit-network.ts'
import { fiveFeatureRung } from './five-feature/rung.ts'
import { GRU } from './gru/network.ts'
import { LSTM } from './lstm/network.ts'
import { openInterestFundingRung } from './open-interest-funding/rung.ts'
import { RUNG_NAMES, type Rung, type RungName } from './rung.ts'
import { TCN } from './tcn/network.ts'
import { TRANSFORMER } from './transformer/network.ts'
import { volatilityOnlyRung } from './volatility-only/rung.ts'

/** Every kind of model there is, from the one that knows nothing upwards. */
export const LADDER: readonly Rung[] = [
  baseRateRung,
  volatilityOnlyRung,
  openInterestFundingRung,
  fiveFeatureRung,
  boostedTreesRung,
  createNetworkRung(GRU),
  createNetworkRung(LSTM),
  createNetworkRung(CNN_LSTM),
  createNetworkRung(TCN),
  createNetworkRung(TRANSFORMER),
]

export const NETWORKS: readonly RungName[] = ['gru', 'lstm', 'cnn-lstm', 'tcn', 'transformer']

export const isRungName = (text: string): text is RungName => RUNG_NAMES.includes(text as RungName)
export const rungOf = (name: RungName): Rung => LADDER.find((rung) => rung.name === name)!

/** The one a rung has to beat; undefined for the lowest. */
export const rungBelow = (name: RungName): RungName | undefined => RUNG_NAMES[RUNG_NAMES.indexOf(name) - 1]
