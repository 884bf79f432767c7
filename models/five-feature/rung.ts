import { linearRung } from '../linear-rung.ts'
import type { Target } from '../targets.ts'

const isUpward = ({ name }: Target): boolean => name.startsWith('cascade-up') || name.startsWith('rise-')

/**
 * Five features, of which the first is the product's own: how far a cascade could feed itself, `ln(liquidatable notional over
 * depth)`, below the price for falls and above it for rises.
 *
 * @see specification §7.3
 */
export const fiveFeatureRung = linearRung({
  name: 'five-feature',
  title: 'five features',
  inputsOf: (target) => [
    isUpward(target) ? 'gain-above' : 'gain-below',
    'open-interest-z',
    'funding',
    'open-interest-change-24h',
    'volatility-ratio-fast',
  ],
})
