import type { Alert } from '../domain/alert.ts'
import type { Cluster, Forecast } from '../domain/forecast.ts'
import type { Asset } from '../domain/market/tick.ts'
import type { Proposal } from '../domain/proposal.ts'
import type { Limits } from '../domain/risk/limits.ts'
import { DAY, duration, HOUR, later, type TimestampMs, type Usd, usd } from '../domain/units.ts'
import type { Store } from '../ports.ts'
import { type Holding, holdingOf, unrealizedPnlOf } from './book.ts'
import { type HedgeLiquidation, hedgeLiquidation } from './hedge-liquidation.ts'
import { readTierTables } from './load-margin-tiers.ts'
import type { Ports } from './ports.ts'
import { readLimits, type TradingStateNow, tradingStateNow } from './risk-in-force.ts'
import { singleFlight } from './single-flight.ts'
import { type ValuePoint, valuePath } from './value-path.ts'
import { legsOf } from './venues.ts'

/** Who asks this soon after another is answered the same; `at` says of when it is. */
const SHARED_FOR = duration(250)
/** More proposals than this are never open at once: one an asset waits, and few execute. */
const MOST_OPEN = 100

export interface AssetStatus {
  readonly holding: Holding
  readonly forecast?: Forecast
  /** As of the forecast. */
  readonly clusters: readonly Cluster[]
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
  /** The stricter of what people have set and what the rails ask for. */
  readonly tradingState: TradingStateNow
  readonly assets: readonly AssetStatus[]
  /** The last 24 h by the hour, oldest first. */
  readonly day: readonly ValuePoint[]
  readonly limits: Limits
  readonly undeliveredMessages: number
}

/** Everything `/hedge status`, `/positions` and `/risk status` show, read from the record alone, once for all who ask at once. */
export const createReportStatus = (ports: Ports): (() => Promise<BookStatus>) =>
  singleFlight(() => readStatus(ports), { clock: ports.clock, shareFor: SHARED_FOR })

async function readStatus(ports: Ports): Promise<BookStatus> {
  const { store, settings, clock, venues } = ports
  const at = clock.now()
  const names = Object.keys(settings.book.exposures)
  const [legs, fills, proposals, alerts, tables, tradingState, undelivered, markets] = await Promise.all([
    Promise.all(names.map((asset) => legsOf({ venues }, asset))),
    store.orders.allFills(),
    store.proposals.list({
      book: settings.book.name,
      states: ['pending', 'approved', 'executing'],
      limit: MOST_OPEN,
    }),
    store.alerts.open(),
    readTierTables({ store }),
    tradingStateNow(ports),
    store.outbox.undelivered(),
    Promise.all(names.map((asset) => readMarket(store, asset, at))),
  ])
  const fillsOf = Map.groupBy(fills, ({ instrumentId }) => instrumentId)
  const assets = names.map((asset, i): AssetStatus => {
    const withFills = legs[i]!.map((leg) => ({ ...leg, fills: fillsOf.get(leg.instrument.instrumentId) ?? [] }))
    const holding = holdingOf({ settings, legs: withFills }, asset)
    const { latest } = markets[i]!
    const price = latest?.forecast.market.price
    return {
      holding,
      forecast: latest?.forecast,
      clusters: latest?.clusters ?? [],
      ...(price === undefined
        ? {}
        : {
            unrealizedPnl: unrealizedPnlOf(holding, price),
            netDelta: usd((holding.exposure - holding.hedge) * price),
          }),
      liquidation: hedgeLiquidation(holding, price, { tables, leverage: settings.hedgeLeverage, at }),
      openProposal: proposals.find((proposal) => proposal.asset === asset),
      openAlerts: alerts.filter((alert) => alert.asset === asset),
    }
  })
  const records = assets.map(({ holding: { asset, exposure } }, i) => ({
    asset,
    exposure,
    fills: fills.filter(({ instrumentId }) =>
      legs[i]!.some(({ instrument }) => instrument.instrumentId === instrumentId),
    ),
    path: markets[i]!.path,
  }))
  return {
    book: settings.book.name,
    at,
    tradingState,
    assets,
    day: valuePath(records, HOUR).points,
    limits: await readLimits(ports),
    undeliveredMessages: undelivered,
  }
}

async function readMarket(store: Store, asset: Asset, at: TimestampMs) {
  const [latest, path] = await Promise.all([
    store.forecasts.latest(asset),
    store.forecasts.path(asset, { from: later(at, -DAY), to: at, every: HOUR }),
  ])
  return { latest, path }
}
