import { type Selectable, sql } from 'kysely'
import type { Alert } from '../domain/alert.ts'
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
          ended_at: alert.endedAt ?? null,
          end_reason: alert.endReason ?? null,
          threshold: alert.threshold,
          peak_confidence: alert.peakConfidence,
          cluster: jsonb(alert.cluster),
        })
        .onConflict((oc) => oc.columns(['asset', 'cluster_id']).where('ended_at', 'is', null).doNothing())
        .returning('alert_id')
        .execute()
      return rows.length > 0
    },

    async follow(alertId, peakConfidence) {
      await db
        .updateTable('alerts')
        .set({ peak_confidence: sql<number>`greatest(peak_confidence, ${peakConfidence}::double precision)` })
        .where('alert_id', '=', alertId)
        .where('ended_at', 'is', null)
        .execute()
    },

    async end(alertId, at, reason) {
      const rows = await db
        .updateTable('alerts')
        .set({ ended_at: at, end_reason: reason })
        .where('alert_id', '=', alertId)
        .where('ended_at', 'is', null)
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
  }
}

const toAlert = (row: Selectable<Tables['alerts']>): Alert =>
  present({
    alertId: row.alert_id,
    clusterId: row.cluster_id,
    asset: row.asset,
    raisedAt: row.raised_at,
    endedAt: row.ended_at,
    endReason: row.end_reason,
    threshold: row.threshold,
    peakConfidence: row.peak_confidence,
    cluster: row.cluster,
  } as { [K in keyof Alert]: Alert[K] | null })
