import { HORIZON_LENGTH, HORIZONS } from '../domain/forecast.ts'
import type { Asset } from '../domain/market/tick.ts'
import { type DurationMs, later, type TimestampMs } from '../domain/units.ts'
import type { Forecaster, ModelForecast } from '../ports.ts'
import type { MarketState } from './market-state.ts'
import type { Ports } from './ports.ts'

/** Kept beside the price-only cascades, on which alone skill is claimed: hedges are sized by it. */
export const OVERLAY_TARGET = 'overlay-pays-24h'
export const targetKey = (way: 'down' | 'up', horizon: (typeof HORIZONS)[number]): string => `cascade-${way}-${horizon}`

/**
 * Keeps what the champion and every challenger say of each asset as of `at`, to be judged by later. Nobody acts on what a
 * challenger says. A model that is not on record, or that is not sure enough of its inputs to answer, leaves nothing.
 *
 * @returns how many forecasts were new
 * @throws {AggregateError} when models failed; what the others said is kept all the same
 */
export const createRecordModelForecasts = (
  { store, forecaster, settings }: Pick<Ports, 'store' | 'forecaster' | 'settings'>,
  market: MarketState,
) => {
  const onRecord = new Set<string>()
  const isOnRecord = async (modelId: string): Promise<boolean> => {
    if (!onRecord.has(modelId) && (await store.models.find(modelId))) onRecord.add(modelId)
    return onRecord.has(modelId)
  }

  return async ({ at }: { at: TimestampMs }): Promise<number> => {
    await forecaster.refresh?.()
    const said: ModelForecast[] = []
    const failures: unknown[] = []
    for (const one of [forecaster, ...(forecaster.shadow ?? [])]) {
      if (!one.model || !(await isOnRecord(one.model.modelId))) continue
      try {
        for (const asset of Object.keys(settings.book.exposures)) said.push(...(await ask(one, market, asset, at)))
      } catch (error) {
        failures.push(error)
      }
    }
    const saved = await store.modelForecasts.save(said)
    if (failures.length > 0) throw new AggregateError(failures, `${failures.length} models failed to answer`)
    return saved
  }
}

async function ask(one: Forecaster, market: MarketState, asset: Asset, at: TimestampMs): Promise<ModelForecast[]> {
  const prediction = await one.predict(market.panel, asset, at, market.feeds)
  if (prediction.kind === 'undetermined') return []
  const { modelId, cascades, overlayConfidence, overlayBaseline, overlayHorizon } = prediction
  const forecast = (target: string, horizon: DurationMs, probability: number, baseline: number): ModelForecast => ({
    modelId,
    asset,
    at,
    target,
    probability,
    baseline,
    dueAt: later(at, horizon),
  })
  return [
    ...HORIZONS.flatMap((horizon) => {
      const cascade = cascades[horizon]
      if (!cascade) return []
      const { pCascadeDown, pCascadeUp, baseline } = cascade
      return [
        forecast(targetKey('down', horizon), HORIZON_LENGTH[horizon], pCascadeDown, baseline.pCascadeDown),
        forecast(targetKey('up', horizon), HORIZON_LENGTH[horizon], pCascadeUp, baseline.pCascadeUp),
      ]
    }),
    ...(overlayBaseline === undefined
      ? []
      : [forecast(OVERLAY_TARGET, overlayHorizon, overlayConfidence, overlayBaseline)]),
  ]
}
