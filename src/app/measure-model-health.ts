import { answeringOf } from '../domain/model/coverage.ts'
import { type DriftMeasurement, measureDrift, type RecentRows } from '../domain/model/drift.ts'
import { type HealthReport, judgeHealth } from '../domain/model/health.ts'
import type { ScoredForecast } from '../domain/model/scored.ts'
import { DAY, HOUR, later, type TimestampMs, timestamp } from '../domain/units.ts'
import type { Forecaster, ModelForecast, ModelHealth, ModelRecord } from '../ports.ts'
import { announce, wakeDelivery } from './announce.ts'
import { createDemoteModel } from './change-model.ts'
import type { MarketState } from './market-state.ts'
import { healthCard, toHealthReport } from './model-health-card.ts'
import type { Ports } from './ports.ts'
import { OVERLAY_TARGET } from './record-model-forecasts.ts'
import { createResolveModelForecasts } from './resolve-model-forecasts.ts'

/** Losses, calibration and precision are judged over this, drift of inputs over the last 30 days of it (specification §6). */
const JUDGED = 90 * DAY
const DRIFT_HOURS = 30 * 24
/** What the desk acts on: hedges and alerts rest on the day ahead. */
const ACTED_ON: readonly string[] = ['cascade-down-24h', 'cascade-up-24h']
const OTHERS = [
  ['cascade-down-4h', 4],
  ['cascade-up-4h', 4],
  ['cascade-down-72h', 72],
  ['cascade-up-72h', 72],
  [OVERLAY_TARGET, 24],
] as const

export interface MeasuredHealth {
  readonly modelId: string
  readonly report: HealthReport
  /** The verdict is another than the last time. */
  readonly changed: boolean
  readonly demoted: boolean
}

/**
 * Judges the champion and every challenger on what they said and what came of it, once a day: the verdict is put on record with
 * every number behind it, the desk is told when it changes, and a champion that failed is taken out of force.
 *
 * Measured again the same day, the row is replaced and nobody is told twice.
 */
export const createMeasureModelHealth = (ports: Ports, market: MarketState) => {
  const resolve = createResolveModelForecasts(ports, market)
  const demote = createDemoteModel(ports)
  const rowsOf = createRecentRows(ports, market)

  return async ({ at }: { at: TimestampMs }): Promise<readonly MeasuredHealth[]> => {
    const { store, models, forecaster } = ports
    if (!models) return []
    await resolve({ at })
    await forecaster.refresh?.()
    const loaded = [forecaster, ...(forecaster.shadow ?? [])]
    const measured: MeasuredHealth[] = []
    for (const model of (await store.models.list(models.market)).filter(({ state }) => state !== 'retired')) {
      const one = loaded.find((candidate) => candidate.model?.modelId === model.modelId)
      const report = await judge(ports, { model, one, rowsOf, at })
      const changed = await record(ports, { model, report, at })
      const reason = failureOf(report)
      const demoted =
        model.state === 'champion' && reason !== undefined
          ? (await demote({ modelId: model.modelId, reason, at })).kind === 'demoted'
          : false
      measured.push({ modelId: model.modelId, report, changed, demoted })
    }
    await wakeDelivery(ports.queue)
    return measured
  }
}

type ReadRows = (
  one: Forecaster,
  over: { readonly since: TimestampMs; readonly at: TimestampMs },
) => Promise<readonly Omit<RecentRows, 'scores'>[]>

async function judge(
  { store }: Pick<Ports, 'store'>,
  { model, one, rowsOf, at }: { model: ModelRecord; one: Forecaster | undefined; rowsOf: ReadRows; at: TimestampMs },
): Promise<HealthReport> {
  const { modelId } = model
  const forecasts = await store.modelForecasts.between({ modelId, from: later(at, -JUDGED), to: at })
  // What was fetched as history comes by the hour and without some feeds: only what it was asked about in life is like training.
  const since = (await store.modelForecasts.shadow(modelId)).firstAt ?? later(at, HOUR)
  const of = (targets: readonly string[]): readonly ScoredForecast[] =>
    forecasts.flatMap((forecast) => (targets.includes(forecast.target) ? (scored(forecast) ?? []) : []))
  const rows = one?.drift ? await rowsOf(one, { since, at }) : []
  const drift: DriftMeasurement | undefined =
    one?.drift && rows.length > 0 ? measureDrift(one.drift, withScores(rows, { forecasts, at })) : undefined
  return judgeHealth({
    scored: of(ACTED_ON),
    others: OTHERS.map(([target, horizonHours]) => ({ target, horizonHours, forecasts: of([target]) })),
    drift,
    usualLogLoss: one?.drift?.dailyLogLoss,
    answering: answeringOf(
      forecasts.map((forecast) => forecast.at),
      at,
      Math.max(model.shadowSince, at - JUDGED),
    ),
  })
}

const scored = ({ outcome, ...forecast }: ModelForecast): ScoredForecast | undefined =>
  outcome === undefined ? undefined : { ...forecast, happened: outcome }

/** Not of the overlay: a trend moves it as a whole, its own gate caps it where it is used, and that is no reason to put a model out of force. */
function withScores(
  rows: readonly Omit<RecentRows, 'scores'>[],
  { forecasts, at }: { forecasts: readonly ModelForecast[]; at: TimestampMs },
): readonly RecentRows[] {
  const recent = forecasts.filter((forecast) => forecast.at > at - DRIFT_HOURS * HOUR)
  return rows.map((one) => {
    const byTarget = Map.groupBy(
      recent.filter(({ asset, target }) => asset === one.asset && target !== OVERLAY_TARGET),
      ({ target }) => target,
    )
    const scores = [...byTarget].map(([target, said]) => [target, said.map(({ probability }) => probability)] as const)
    return { ...one, scores: Object.fromEntries(scores) }
  })
}

/** Saves the row of the day, and tells of a verdict that is another than the last; both or neither. */
async function record(
  ports: Ports,
  { model, report, at }: { model: ModelRecord; report: HealthReport; at: TimestampMs },
): Promise<boolean> {
  const { modelId } = model
  const row: ModelHealth = {
    modelId,
    day: timestamp(Math.floor(at / DAY) * DAY),
    verdict: VERDICTS[report.verdict],
    report: { ...report },
  }
  return ports.store.transaction(async (tx) => {
    const before = await tx.modelHealth.latest(modelId)
    const known = before && toHealthReport(before)?.verdict
    await tx.modelHealth.save(row)
    const changed = report.verdict !== (known ?? 'healthy')
    if (!changed) return false
    await tx.audit.append({
      at,
      actor: 'system',
      action: 'model.judged',
      subject: modelId,
      details: { verdict: report.verdict, before: known ?? null },
    })
    // A champion that failed is told of when it is taken out of force.
    const isToldElsewhere = report.verdict === 'failed' && model.state === 'champion'
    if (!isToldElsewhere)
      await announce(tx, ports, {
        cardKey: `model-health:${modelId}:${at}`,
        at,
        urgency: 'normal',
        foldable: true,
        card: healthCard(model, report, known),
      })
    return true
  })
}

const VERDICTS: Readonly<Record<HealthReport['verdict'], ModelHealth['verdict']>> = {
  healthy: 'good',
  warn: 'watch',
  recalibrate: 'watch',
  failed: 'failed',
}

/** What failed, in words; undefined where nothing did. */
function failureOf({ findings }: HealthReport): string | undefined {
  const failed = findings.filter(({ level }) => level === 'failed')
  return failed.length === 0 ? undefined : failed.map(({ text }) => text).join('; ')
}

/**
 * The hourly rows of features of the last 30 days by asset, as the models read them.
 *
 * A row is a matter of the record (whatever was received by its instant), so each is made once and kept, and after a restart
 * they are made again from the market that was read back.
 */
function createRecentRows({ settings }: Pick<Ports, 'settings'>, market: MarketState): ReadRows {
  const kept = new Map<string, Map<number, readonly number[]>>()
  let names: readonly string[] = []
  return async (one, { since, at }) => {
    if (!one.lastRow) return []
    const last = Math.floor(at / HOUR) * HOUR
    const oldest = Math.max(last - (DRIFT_HOURS - 1) * HOUR, Math.ceil(since / HOUR) * HOUR)
    const recent: Omit<RecentRows, 'scores'>[] = []
    for (const asset of Object.keys(settings.book.exposures)) {
      const rows = kept.get(asset) ?? new Map<number, readonly number[]>()
      kept.set(asset, rows)
      for (const instant of rows.keys()) if (instant < oldest) rows.delete(instant)
      for (let instant = oldest; instant <= last; instant += HOUR) {
        if (rows.has(instant) || !market.panel.lastBar(asset, timestamp(instant))) continue
        const row = one.lastRow(market.panel, asset, timestamp(instant), market.feeds)
        if (row.names.length !== names.length) names = row.names
        rows.set(instant, row.values)
        // A month of rows takes seconds after a restart: chat and execution go first.
        await new Promise<void>((resolve) => setImmediate(resolve))
      }
      const inOrder = [...rows].sort(([a], [b]) => a - b).map(([, values]) => values)
      // In its first hour a model has been asked about nothing yet.
      if (inOrder.length > 0) recent.push({ asset, names, rows: inOrder })
    }
    return recent
  }
}
