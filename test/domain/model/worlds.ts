import { logit, sigmoid } from '../../../src/domain/calibration.ts'
import type { ScoredForecast } from '../../../src/domain/model/scored.ts'
import { createGaussian, createRandom } from '../../../src/domain/random.ts'

const DAY = 86_400_000
const HOUR = 3_600_000
export const START = Date.UTC(2025, 0, 1)

export interface World {
  readonly seed: number
  readonly days?: number
  /** Hours between forecasts. */
  readonly every?: number
  /** Of what is said: 1 and 0 say the truth. */
  readonly slope?: number
  readonly shift?: number
  /** Log odds by which the truth leaves what is said, from the middle of the stretch on. */
  readonly change?: number
  /** Says nothing of what is coming, but as often as it does. */
  readonly blind?: boolean
}

/**
 * Forecasts of two assets whose chance of a cascade moves slowly. One draw decides each day, target and asset, as outcomes of
 * neighbouring hours overlap; volatility alone sees half of what there is to see.
 */
export function forecastsOf({
  seed,
  days = 90,
  every = 6,
  slope = 1,
  shift = 0,
  change = 0,
  blind = false,
}: World): ScoredForecast[] {
  const random = createRandom(seed)
  const gauss = createGaussian(random)
  const mood = new Map<string, number>()
  const forecasts: ScoredForecast[] = []
  for (let day = 0; day < days; day++)
    for (const asset of ['BTC', 'ETH'])
      for (const target of ['cascade-down-24h', 'cascade-up-24h']) {
        const key = `${asset}/${target}`
        const slow = 0.8 * (mood.get(key) ?? 0) + 0.5 * gauss()
        mood.set(key, slow)
        const known = logit(0.06) + 0.9 * slow
        const happened = random() < sigmoid(known + (day >= days / 2 ? change : 0))
        const said = blind ? logit(0.06) + 0.9 * gauss() : known
        for (let hour = 0; hour < 24; hour += every)
          forecasts.push({
            asset,
            target,
            at: START + day * DAY + hour * HOUR,
            probability: sigmoid(slope * said + shift),
            baseline: sigmoid(logit(0.06) + 0.45 * slow + (day >= days / 2 ? change : 0)),
            happened,
          })
      }
  return forecasts
}

export const SEEDS = Array.from({ length: 100 }, (_, i) => i + 1)
export const shareOf = <T>(items: readonly T[], holds: (item: T) => boolean): number =>
  items.filter(holds).length / items.length
