import type { Cluster, Forecast } from '../domain/forecast.ts'
import { clustersAt } from '../domain/liquidation/clusters.ts'
import type { Asset } from '../domain/market/tick.ts'
import { DAY, HOUR, MINUTE, type TimestampMs } from '../domain/units.ts'
import { type MarketState, marketContext } from './market-state.ts'
import type { Ports } from './ports.ts'
import { createRaiseAlerts } from './raise-alerts.ts'
import { createRecordMap } from './record-map.ts'

/**
 * Forecast and clusters of every asset as of `at`, stored, and the map once an hour; then alerts; then the question whether a
 * hedge should change, once an hour what became of earlier clusters and what the models in shadow say, and once a day how the
 * models do.
 */
export const createRefreshForecasts = (ports: Ports, market: MarketState) => {
  const raiseAlerts = createRaiseAlerts(ports, market)
  const recordMap = createRecordMap(ports, market)
  let judgedHour = Number.NEGATIVE_INFINITY
  let measuredDay = Number.NEGATIVE_INFINITY
  return async ({ at }: { at: TimestampMs }): Promise<readonly Forecast[]> => {
    const forecasts: Forecast[] = []
    for (const asset of Object.keys(ports.settings.book.exposures)) {
      const made = await forecastOne(ports, market, asset, at)
      if (!made) continue
      await ports.store.forecasts.save(made.forecast, made.clusters)
      await recordMap({ asset, at })
      await raiseAlerts({ asset, clusters: made.clusters, price: made.forecast.market.price, at })
      forecasts.push(made.forecast)
    }
    if (forecasts.length === 0) return []
    await ports.queue.add({ name: 'propose-hedges', data: { at }, jobId: `propose-hedges-${at}` })
    if (Math.floor(at / HOUR) > judgedHour) {
      await ports.queue.add({ name: 'judge-clusters', data: { at }, jobId: `judge-clusters-${at}` })
      if (ports.models)
        await ports.queue.add({ name: 'record-model-forecasts', data: { at }, jobId: `record-model-forecasts-${at}` })
      judgedHour = Math.floor(at / HOUR)
    }
    if (ports.models && healthDay(at) > measuredDay) {
      await ports.queue.add({ name: 'measure-model-health', data: { at }, jobId: `measure-model-health-${at}` })
      measuredDay = healthDay(at)
    }
    return forecasts
  }
}

/** A day of models begins at 00:20 UTC, when what came of the day before is known. */
const healthDay = (at: TimestampMs): number => Math.floor((at - 20 * MINUTE) / DAY)

async function forecastOne(
  { forecaster, settings, store }: Ports,
  market: MarketState,
  asset: Asset,
  at: TimestampMs,
): Promise<{ forecast: Forecast; clusters: readonly Cluster[] } | undefined> {
  const context = marketContext(market, settings, asset, at)
  if (!context) return undefined
  const prediction = await forecaster.predict(market.panel, asset, at, market.feeds)
  const map = market.maps.get(asset)
  // After a restart the identity of clusters goes on from the record: an alert's episode is not over because we were.
  const previous = market.clusters.get(asset) ?? (await store.forecasts.latest(asset))?.clusters ?? []
  const clusters = map
    ? clustersAt({
        map,
        panel: market.panel,
        feeds: market.feeds,
        asset,
        at,
        previous,
        calibrations: market.calibrations,
      })
    : []
  market.clusters.set(asset, clusters)
  return { forecast: { asset, at, prediction, market: context }, clusters }
}
