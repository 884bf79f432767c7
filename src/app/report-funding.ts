import type { Asset } from '../domain/market/tick.ts'
import { DAY, type FundingPer8h, later, type Price, type TimestampMs, type Usd, usd } from '../domain/units.ts'
import type { VenueFunding } from '../ports.ts'
import { readHolding } from './book.ts'
import type { Ports } from './ports.ts'

const MEAN_DAYS = 7

export interface FundingReport {
  readonly asset: Asset
  readonly at: TimestampMs
  /** Coins short. */
  readonly hedge: number
  /** Undefined before the first forecast. */
  readonly price?: { readonly value: Price; readonly at: TimestampMs } | undefined
  /** Median of the fresh rates of all venues, as the newest forecast knew it. */
  readonly median?: { readonly rate: FundingPer8h; readonly at: TimestampMs } | undefined
  /** Those that declare funding, with their means of seven days; stale ones included, with their age. */
  readonly venues: readonly VenueFunding[]
  /** What the hedge receives (positive) or pays in a day at the median, at its present size. */
  readonly perDay?: Usd | undefined
}

/** Funding as it stands, from the record: whichever process heard it. Undefined for an asset that the book does not hold. */
export const createReportFunding =
  (ports: Ports) =>
  async (asset: Asset): Promise<FundingReport | undefined> => {
    const { store, settings, clock } = ports
    if (settings.book.exposures[asset] === undefined) return undefined
    const at = clock.now()
    const [holding, latest, venues] = await Promise.all([
      readHolding(ports, asset),
      store.forecasts.latest(asset),
      store.figures.funding(asset, later(at, -MEAN_DAYS * DAY), at),
    ])
    const market = latest?.forecast.market
    const rate = market?.fundingRate
    return {
      asset,
      at,
      hedge: holding.hedge,
      price: market && { value: market.price, at: market.priceAt },
      median: rate === undefined ? undefined : { rate, at: latest!.forecast.at },
      venues,
      perDay: rate === undefined ? undefined : usd(holding.hedge * market!.price * rate * 3),
    }
  }
