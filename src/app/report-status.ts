import type { Alert } from '../domain/alert.ts'
import type { Forecast } from '../domain/forecast.ts'
import type { Proposal } from '../domain/proposal.ts'
import type { Limits } from '../domain/risk/checks.ts'
import { type TimestampMs, type Usd, usd } from '../domain/units.ts'
import type { Store } from '../ports.ts'
import { type Holding, readHolding } from './book.ts'
import { type HedgeLiquidation, hedgeLiquidation } from './hedge-liquidation.ts'
import type { Ports } from './ports.ts'

export interface AssetStatus {
  readonly holding: Holding
  readonly forecast?: Forecast
  /** Marked at the newest price; undefined before the first. */
  readonly unrealizedPnl?: Usd
  readonly netDelta?: Usd
  readonly liquidation?: HedgeLiquidation
  readonly openProposal?: Proposal
  readonly openAlerts: readonly Alert[]
}

export interface BookStatus {
  readonly book: string
  readonly at: TimestampMs
  readonly tradingState: Awaited<ReturnType<Store['settings']['tradingState']>>
  readonly assets: readonly AssetStatus[]
  readonly limits: Limits
  readonly undeliveredMessages: number
}

/** Everything `/hedge status` and `/risk status` show, read from the record alone. */
export const createReportStatus = (ports: Ports) => async (): Promise<BookStatus> => {
  const { store, settings, clock } = ports
  const assets: AssetStatus[] = []
  for (const asset of Object.keys(settings.book.exposures)) {
    const holding = await readHolding(ports, asset)
    const latest = await store.forecasts.latest(asset)
    const [newest] = await store.proposals.list({
      book: settings.book.name,
      asset,
      states: ['pending', 'approved', 'executing'],
      limit: 1,
    })
    const price = latest?.forecast.market.price
    assets.push({
      holding,
      forecast: latest?.forecast,
      ...(price === undefined
        ? {}
        : {
            unrealizedPnl: usd(
              holding.averageEntryPrice === undefined ? 0 : holding.hedge * (holding.averageEntryPrice - price),
            ),
            netDelta: usd((holding.exposure - holding.hedge) * price),
          }),
      liquidation: await hedgeLiquidation(ports, holding, price),
      openProposal: newest,
      openAlerts: await store.alerts.open(asset),
    })
  }
  return {
    book: settings.book.name,
    at: clock.now(),
    tradingState: await store.settings.tradingState(),
    assets,
    limits: settings.limits,
    undeliveredMessages: await store.outbox.undelivered(),
  }
}
