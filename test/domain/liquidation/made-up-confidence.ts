import { HORIZONS } from '../../../src/domain/forecast.ts'
import type { ConfidenceCalibrations, ConfidenceSample } from '../../../src/domain/liquidation/confidence.ts'
import { fitConfidence } from '../../../src/domain/liquidation/confidence-fit.ts'
import { createRandom } from '../../../src/domain/random.ts'
import { DAY, timestamp } from '../../../src/domain/units.ts'

/** A calibration of every horizon on outcomes that were made up: enough to have clusters say a confidence. */
export function madeUpConfidence(): ConfidenceCalibrations {
  const random = createRandom(1)
  const samples = Array.from({ length: 800 }, (_, i): ConfidenceSample => {
    const distanceSigma = 3 * random()
    const touched = random() < Math.exp(-distanceSigma)
    const outcome = { touched, event: touched && random() < 0.7, continued: touched }
    return {
      at: timestamp(Math.floor(i / 4) * DAY),
      side: i % 2 === 0 ? 'sell' : 'buy',
      series: 'ETH',
      features: {
        distanceSigma,
        volatilityRatio: random() - 0.5,
        size: -4 - random(),
        sizeOfDepth: random(),
        gain: random(),
        age: 3 * random(),
        crowding: random() - 0.5,
        openInterestChange: 0.1 * random(),
        leverageSpread: random(),
        coverage: 1,
      },
      outcomes: Object.fromEntries(HORIZONS.map((horizon) => [horizon, outcome])),
    }
  })
  const facts = { calibratedOn: 'simulated', trainedOn: 'made up' } as const
  const fitted = HORIZONS.map((horizon) => [horizon, fitConfidence(samples, { ...facts, horizon })] as const)
  for (const [, { kind }] of fitted) if (kind !== 'fitted') throw new Error(`Expected a fit, was ${kind}`)
  return Object.fromEntries(fitted)
}
