import { HORIZONS } from '../src/domain/forecast.ts'
import type { ConfidenceCalibrations, ConfidenceSample } from '../src/domain/liquidation/confidence.ts'
import { fitConfidence } from '../src/domain/liquidation/confidence-fit.ts'
import { createGaussian, createRandom } from '../src/domain/random.ts'
import { DAY, timestamp } from '../src/domain/units.ts'

const DAYS = 500

/** A calibration of every horizon, of the size that a real one has, fitted on made-up outcomes: for timing only. */
export function anyConfidence(): ConfidenceCalibrations {
  const random = createRandom(1)
  const normal = createGaussian(random)
  const samples = Array.from({ length: 4 * DAYS }, (_, i): ConfidenceSample => {
    const distanceSigma = 0.2 + 3 * random()
    const touched = random() < Math.exp(-distanceSigma)
    const outcome = { touched, event: touched && random() < 0.7, continued: touched && random() < 0.5 }
    return {
      at: timestamp(Math.floor(i / 4) * DAY),
      side: i % 2 === 0 ? 'sell' : 'buy',
      series: 'ETH',
      features: {
        distanceSigma,
        volatilityRatio: 0.2 * normal(),
        size: normal() - 4,
        sizeOfDepth: normal() - 2,
        gain: random(),
        age: 2 + normal(),
        crowding: normal(),
        openInterestChange: 0.02 * normal(),
        leverageSpread: random(),
        coverage: 1,
      },
      outcomes: { '4h': outcome, '24h': outcome, '72h': outcome },
    }
  })
  return Object.fromEntries(
    HORIZONS.map((horizon) => [
      horizon,
      fitConfidence(samples, { calibratedOn: 'simulated', trainedOn: 'made-up outcomes', horizon }),
    ]),
  )
}
