import { HORIZONS } from '../domain/forecast.ts'
import { currentFunding } from '../domain/market/funding.ts'
import type { Asset, Bar } from '../domain/market/tick.ts'
import {
  type CascadeOutcome,
  type CascadeQuestion,
  cascadeOutcome,
  OUTCOME_LOOKBACK_HOURS,
  overlayOutcome,
} from '../domain/model/outcome.ts'
import { DAY, HOUR, later, type TimestampMs } from '../domain/units.ts'
import type { ModelForecast, ModelOutcome } from '../ports.ts'
import type { MarketState } from './market-state.ts'
import type { Ports } from './ports.ts'
import { OVERLAY_TARGET, targetKey } from './record-model-forecasts.ts'

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
    const cascades = new Map<string, CascadeOutcome | undefined>()
    const cascadeOf = (forecast: ModelForecast): CascadeOutcome | undefined => {
      // Down and up, of every model, come of the same bars.
      const key = `${forecast.asset}/${forecast.at}/${forecast.dueAt}`
      if (!cascades.has(key)) cascades.set(key, whatCame(market, forecast, cascadeOutcome))
      return cascades.get(key)
    }
    const outcomes: ModelOutcome[] = []
    for (const forecast of pending) {
      const { modelId, asset, target } = forecast
      const outcome = happened(market, forecast, cascadeOf)
      if (outcome === 'not-yet' && at - forecast.dueAt < GIVE_UP_AFTER) continue
      outcomes.push({
        ...{ modelId, asset, at: forecast.at, target },
        outcome: typeof outcome === 'boolean' ? outcome : undefined,
      })
    }
    return store.modelForecasts.resolve(outcomes)
  }

function happened(
  market: MarketState,
  forecast: ModelForecast,
  cascadeOf: (forecast: ModelForecast) => CascadeOutcome | undefined,
): boolean | 'unknown' | 'not-yet' {
  const { target, asset, at } = forecast
  if (target === OVERLAY_TARGET) {
    // The label takes the mean over the venues; of a day's move what they disagree about is a thousandth.
    const fundingRate = currentFunding(market.panel, market.feeds, asset, at)
    const outcome = whatCame(market, forecast, (bars, question) => overlayOutcome(bars, { ...question, fundingRate }))
    return outcome === undefined ? 'not-yet' : outcome.kind === 'known' ? outcome.pays : 'unknown'
  }
  const way = (['down', 'up'] as const).find((one) => HORIZONS.some((horizon) => target === targetKey(one, horizon)))
  const outcome = way && cascadeOf(forecast)
  return outcome === undefined ? 'not-yet' : outcome.kind === 'known' ? outcome[way!] : 'unknown'
}

/** Undefined while the market has not been followed to the end of the horizon. */
function whatCame<T>(
  { panel, feeds }: MarketState,
  { asset, at, dueAt }: ModelForecast,
  judge: (bars: readonly Bar[], question: CascadeQuestion) => T,
): T | undefined {
  const venue = panel.priceVenue(asset)
  const cadence = feeds.find((feed) => feed.feed === 'bar' && feed.asset === asset && feed.venue === venue)?.cadence
  if (venue === undefined || cadence === undefined || !hasReached(panel, asset, dueAt)) return undefined
  const bars = panel.between('bar', venue, asset, later(at, -OUTCOME_LOOKBACK_HOURS * HOUR), dueAt)
  return judge(bars, { at, horizonHours: (dueAt - at) / HOUR, cadence })
}

const hasReached = (panel: MarketState['panel'], asset: Asset, instant: TimestampMs): boolean =>
  Number(panel.lastBar(asset, later(instant, GIVE_UP_AFTER))?.receivedAt) >= instant
