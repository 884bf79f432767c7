import { HORIZON_LENGTH, HORIZONS, type Horizon } from '../domain/forecast.ts'
import type { Asset } from '../domain/market/tick.ts'
import { type CascadeOutcome, cascadeOutcome, OUTCOME_LOOKBACK_HOURS } from '../domain/model/outcome.ts'
import { DAY, HOUR, later, type TimestampMs } from '../domain/units.ts'
import type { ModelForecast, ModelOutcome } from '../ports.ts'
import type { MarketState } from './market-state.ts'
import type { Ports } from './ports.ts'

const BATCH = 20_000
/** What could not be judged so long after it came due never will be. */
const GIVE_UP_AFTER = 7 * DAY

/**
 * Writes down what came of forecasts whose horizon has passed, from the bars of the venue whose price stands for the asset.
 *
 * Only bars received by the end of the horizon count, as in the labels of training, so that the answer does not depend on when
 * it is asked for. A market that is still being read back does not know yet, and leaves them for the next time.
 *
 * @returns how many were settled, among them those that can never be known
 */
export const createResolveModelForecasts =
  ({ store }: Pick<Ports, 'store'>, market: MarketState) =>
  async ({ at }: { at: TimestampMs }): Promise<number> => {
    const pending = await store.modelForecasts.pending({ before: at, limit: BATCH })
    const known = new Map<string, CascadeOutcome | undefined>()
    const outcomes: ModelOutcome[] = []
    for (const forecast of pending) {
      const horizon = HORIZONS.find(
        (one) => forecast.target === `cascade-down-${one}` || forecast.target === `cascade-up-${one}`,
      )
      const key = `${forecast.asset}/${forecast.at}/${horizon}`
      if (horizon && !known.has(key)) known.set(key, judge(market, forecast, horizon))
      const outcome = known.get(key)
      if (!outcome && at - forecast.dueAt < GIVE_UP_AFTER) continue
      outcomes.push({
        modelId: forecast.modelId,
        asset: forecast.asset,
        at: forecast.at,
        target: forecast.target,
        outcome:
          outcome?.kind === 'known' ? outcome[forecast.target.startsWith('cascade-down') ? 'down' : 'up'] : undefined,
      })
    }
    return store.modelForecasts.resolve(outcomes)
  }

/** Undefined while the market has not been followed to the end of the horizon. */
function judge(
  { panel, feeds }: MarketState,
  { asset, at, dueAt }: ModelForecast,
  horizon: Horizon,
): CascadeOutcome | undefined {
  const venue = panel.priceVenue(asset)
  const cadence = feeds.find((feed) => feed.feed === 'bar' && feed.asset === asset && feed.venue === venue)?.cadence
  if (venue === undefined || cadence === undefined || !hasReached(panel, asset, dueAt)) return undefined
  const bars = panel.between('bar', venue, asset, later(at, -OUTCOME_LOOKBACK_HOURS * HOUR), dueAt)
  return cascadeOutcome(bars, { at, horizonHours: HORIZON_LENGTH[horizon] / HOUR, cadence })
}

const hasReached = (panel: MarketState['panel'], asset: Asset, instant: TimestampMs): boolean =>
  Number(panel.lastBar(asset, later(instant, GIVE_UP_AFTER))?.receivedAt) >= instant
