import { type Selectable, type SqlBool, sql } from 'kysely'
import { ALERT_SEVERITIES, ALERT_STAGES, type Alert } from '../domain/alert.ts'
import type { Store } from '../ports.ts'
import type { StoreContext } from './context.ts'
import { jsonb, present } from './json.ts'
import type { Tables } from './tables.ts'

export function createAlerts({ db }: StoreContext): Store['alerts'] {
  const select = () => db.selectFrom('alerts').selectAll()
  return {
    async raise(alert) {
      const rows = await db
        .insertInto('alerts')
        .values({
          alert_id: alert.alertId,
          cluster_id: alert.clusterId,
          asset: alert.asset,
          side: alert.cluster.side,
          raised_at: alert.raisedAt,
          raised_price_usd: alert.raisedPrice,
          horizon: alert.horizon,
          threshold: alert.threshold,
          cluster: jsonb(alert.cluster),
          peak_confidence: alert.peakConfidence,
          severity: alert.severity,
          ...progress(alert),
        })
        .onConflict((oc) => oc.columns(['asset', 'cluster_id']).where('ended_at', 'is', null).doNothing())
        .returning('alert_id')
        .execute()
      return rows.length > 0
    },

    async advance(alert) {
      const rows = await db
        .updateTable('alerts')
        .set({
          ...progress(alert),
          peak_confidence: sql<number>`greatest(peak_confidence, ${alert.peakConfidence}::double precision)`,
          severity: sql<string>`case when ${rank(ALERT_SEVERITIES, sql.ref('severity'))} > ${rank(ALERT_SEVERITIES, alert.severity)}
            then severity else ${alert.severity} end`,
        })
        .where('alert_id', '=', alert.alertId)
        .where('ended_at', 'is', null)
        .where(sql<SqlBool>`${rank(ALERT_STAGES, sql.ref('stage'))} <= ${rank(ALERT_STAGES, alert.stage)}`)
        .returning('alert_id')
        .execute()
      return rows.length > 0
    },

    async open(asset) {
      const rows = await select()
        .where('ended_at', 'is', null)
        .$if(asset !== undefined, (query) => query.where('asset', '=', asset!))
        .orderBy('raised_at')
        .orderBy('seq')
        .execute()
      return rows.map(toAlert)
    },

    async recent(limit) {
      const rows = await select().orderBy('raised_at', 'desc').orderBy('seq', 'desc').limit(limit).execute()
      return rows.map(toAlert)
    },

    async lastEnded(asset, side) {
      const row = await select()
        .where('asset', '=', asset)
        .where('side', '=', side)
        .where('ended_at', 'is not', null)
        .orderBy('ended_at', 'desc')
        .orderBy('seq', 'desc')
        .limit(1)
        .executeTakeFirst()
      return row && toAlert(row)
    },

    async countRaised(asset, from) {
      const { count } = await db
        .selectFrom('alerts')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .where('asset', '=', asset)
        .where('raised_at', '>', from)
        .executeTakeFirstOrThrow()
      return count
    },

    async standingSince(from) {
      const rows = await select()
        .where((is) => is.or([is('ended_at', 'is', null), is('ended_at', '>', from)]))
        .orderBy('raised_at')
        .orderBy('seq')
        .execute()
      return rows.map(toAlert)
    },

    async find(alertId) {
      const row = await select().where('alert_id', '=', alertId).executeTakeFirst()
      return row && toAlert(row)
    },

    async acknowledge(alertId, memberId, at) {
      const rows = await db
        .updateTable('alerts')
        .set({ acknowledged_by: memberId, acknowledged_at: at })
        .where('alert_id', '=', alertId)
        .where('acknowledged_by', 'is', null)
        .returning('alert_id')
        .execute()
      if (rows.length > 0) return true
      const known = await db.selectFrom('alerts').select('alert_id').where('alert_id', '=', alertId).executeTakeFirst()
      return known && false
    },

    async escalate(alertId, from, to) {
      const rows = await db
        .updateTable('alerts')
        .set({ escalation: to })
        .where('alert_id', '=', alertId)
        .where('escalation', '=', from)
        .where('acknowledged_by', 'is', null)
        .returning('alert_id')
        .execute()
      return rows.length > 0
    },
  }
}

/** What an episode changes as it goes. */
const progress = (alert: Alert) => ({
  stage: alert.stage,
  stage_times: jsonb(alert.stageTimes),
  touch: alert.touch === undefined ? null : jsonb(alert.touch),
  open_interest_change: alert.openInterestChange ?? null,
  ended_at: alert.endedAt ?? null,
  end_reason: alert.endReason ?? null,
})

/** Place of a value, or of a column's value, in a list. */
const rank = (order: readonly string[], value: unknown) =>
  sql<number>`array_position(${[...order]}::text[], ${value}::text)`

const toAlert = (row: Selectable<Tables['alerts']>): Alert =>
  present({
    alertId: row.alert_id,
    clusterId: row.cluster_id,
    asset: row.asset,
    raisedAt: row.raised_at,
    raisedPrice: row.raised_price_usd,
    horizon: row.horizon,
    threshold: row.threshold,
    peakConfidence: row.peak_confidence,
    stage: row.stage,
    severity: row.severity,
    stageTimes: row.stage_times,
    touch: row.touch,
    openInterestChange: row.open_interest_change,
    endedAt: row.ended_at,
    endReason: row.end_reason,
    acknowledgedBy: row.acknowledged_by,
    acknowledgedAt: row.acknowledged_at,
    escalation: row.escalation === 0 ? null : row.escalation,
    cluster: row.cluster,
  } as { [K in keyof Alert]: Alert[K] | null })
