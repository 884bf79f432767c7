import type { AlertEndReason, AlertSeverity } from '../domain/alert.ts'
import type { Forecast } from '../domain/forecast.ts'
import {
  type Effectiveness,
  hedgeEffectiveness,
  type RollingMeasure,
  rollingLossesAvoided,
} from '../domain/hedging/effectiveness.ts'
import type { ProposalState } from '../domain/proposal.ts'
import { DAY, type DurationMs, duration, HOUR, later, type TimestampMs } from '../domain/units.ts'
import type { ModelCardFacts } from '../ports.ts'
import { modelInForce } from './model-in-force.ts'
import type { Ports } from './ports.ts'
import {
  countBy,
  type DeliveryFigures,
  deliveryFigures,
  type OrderCosts,
  orderCosts,
  type Spread,
  timeToDecision,
  type WorstMove,
  worstMove,
} from './report-figures.ts'
import { createReportPnl, type PnlReport } from './report-pnl.ts'

export const REPORT_PERIODS = ['daily', 'weekly'] as const
export type ReportPeriod = (typeof REPORT_PERIODS)[number]
const DAYS: Readonly<Record<ReportPeriod, number>> = { daily: 1, weekly: 7 }

/** A day says nothing of a hedge, so that what it did is told over this long, whatever the period of the report. */
const EFFECTIVENESS_DAYS = 30
/** Hours of one day hang together. */
const BLOCK = 24
/** A week: fewer hours hold fewer than seven draws that are independent. */
const MIN_HOURS = 7 * BLOCK
const ROLLING = { window: MIN_HOURS, step: BLOCK / 2, blockLength: BLOCK, minPeriods: MIN_HOURS, replicates: 100 }
/** More than a desk makes in a week; where there were more, the report says so. */
const MOST_ROWS = 1000

export interface Report {
  readonly period: ReportPeriod
  readonly from: TimestampMs
  readonly at: TimestampMs
  readonly pnl: PnlReport
  /** By the hour, over a month, or as long as there is a record. */
  readonly effectiveness: {
    readonly path: PnlReport
    readonly said: Effectiveness
    readonly rolling: readonly RollingMeasure[]
    readonly window: DurationMs
  }
  readonly worstMove?: WorstMove | undefined
  readonly alerts: {
    readonly raised: readonly [AlertSeverity, number][]
    readonly ended: readonly [AlertEndReason, number][]
    readonly open: number
  }
  readonly proposals: {
    readonly byState: readonly [ProposalState, number][]
    readonly timeToDecision?: Spread | undefined
  }
  readonly orders: OrderCosts
  readonly deliveries: DeliveryFigures
  readonly model: {
    readonly facts: ModelCardFacts | undefined
    /** Of each asset that has any. */
    readonly newest: readonly Forecast[]
  }
  /** There were more rows in the period than are read: counts are lower bounds. */
  readonly cutShort: boolean
}

/** What a desk did in the last day or week, from the record. */
export const createWriteReport = (ports: Ports) => {
  const reportPnl = createReportPnl(ports)
  return async ({ period }: { period: ReportPeriod }): Promise<Report> => {
    const { store, settings, clock, forecaster } = ports
    const at = clock.now()
    const days = DAYS[period]
    const from = later(at, -days * DAY)
    const assets = Object.keys(settings.book.exposures)
    const [pnl, path, alerts, proposals, orders, fills, messages, newest, paths, model] = await Promise.all([
      reportPnl({ days }),
      reportPnl({ days: EFFECTIVENESS_DAYS }),
      store.alerts.recent(MOST_ROWS),
      store.proposals.list({ book: settings.book.name, limit: MOST_ROWS }),
      store.orders.recent(MOST_ROWS),
      store.orders.allFills(),
      store.outbox.log({ limit: MOST_ROWS }),
      Promise.all(assets.map(async (asset) => (await store.forecasts.latest(asset))?.forecast ?? [])),
      Promise.all(
        assets.map(async (asset) => ({
          asset,
          path: await store.forecasts.path(asset, { from, to: at, every: HOUR }),
        })),
      ),
      modelInForce(forecaster),
    ])
    const ended = alerts.filter(({ endedAt, endReason }) => endedAt !== undefined && endedAt >= from && endReason)
    const inPeriod = {
      alerts: alerts.filter(({ raisedAt }) => raisedAt >= from),
      proposals: proposals.filter(({ proposedAt }) => proposedAt >= from),
      orders: orders.filter(({ createdAt }) => createdAt >= from),
      messages: messages.filter(({ waitingSince }) => waitingSince >= from),
    }
    return {
      period,
      from,
      at,
      pnl,
      effectiveness: {
        path,
        said: hedgeEffectiveness(path.periods, { blockLength: BLOCK, minPeriods: MIN_HOURS }),
        rolling: rollingLossesAvoided(path.periods, ROLLING),
        window: duration(ROLLING.window * HOUR),
      },
      worstMove: worstMove(paths, HOUR),
      alerts: {
        raised: countBy(inPeriod.alerts, ({ severity }) => severity),
        ended: countBy(ended, ({ endReason }) => endReason!),
        open: alerts.filter(({ endedAt }) => endedAt === undefined).length,
      },
      proposals: {
        byState: countBy(inPeriod.proposals, ({ state }) => state),
        timeToDecision: timeToDecision(proposals, from),
      },
      orders: orderCosts(inPeriod.orders, { fills, proposals }),
      deliveries: deliveryFigures(inPeriod.messages),
      model: { facts: model, newest: newest.flat() },
      cutShort: Object.values(inPeriod).some((rows) => rows.length === MOST_ROWS),
    }
  }
}
