import type { Selectable } from 'kysely'
import type { Horizon } from '../domain/forecast.ts'
import { timestamp } from '../domain/units.ts'
import type { ClusterJudgement, Store } from '../ports.ts'
import type { StoreContext } from './context.ts'
import { present } from './json.ts'
import type { Tables } from './tables.ts'

export function createClusterOutcomes({ db }: StoreContext): Store['clusterOutcomes'] {
  return {
    async save(judgements) {
      if (judgements.length === 0) return 0
      const rows = await db
        .insertInto('cluster_outcomes')
        .values(
          judgements.map((judgement) => ({
            asset: judgement.asset,
            cluster_id: judgement.clusterId,
            day_at: judgement.day,
            horizon: judgement.horizon,
            side: judgement.side,
            confidence: judgement.confidence,
            baseline: judgement.baseline,
            touched: judgement.touched ?? null,
            event: judgement.event ?? null,
            calibrated_on: judgement.calibratedOn,
            judged_at: judgement.judgedAt,
          })),
        )
        .onConflict((oc) => oc.columns(['asset', 'cluster_id', 'day_at', 'horizon']).doNothing())
        .returning('cluster_id')
        .execute()
      return rows.length
    },

    async judgedDays(asset, since) {
      const rows = await db
        .selectFrom('cluster_outcomes')
        .select(['day_at', 'horizon'])
        .distinct()
        .where('asset', '=', asset)
        .where('day_at', '>=', since)
        .orderBy('day_at')
        .orderBy('horizon')
        .execute()
      return rows.map((row) => ({ day: timestamp(row.day_at), horizon: row.horizon as Horizon }))
    },

    async list({ asset, horizon }) {
      const rows = await db
        .selectFrom('cluster_outcomes')
        .selectAll()
        .where('horizon', '=', horizon)
        .$if(asset !== undefined, (query) => query.where('asset', '=', asset!))
        .orderBy('day_at')
        .orderBy('asset')
        .orderBy('cluster_id')
        .execute()
      return rows.map(toJudgement)
    },
  }
}

const toJudgement = (row: Selectable<Tables['cluster_outcomes']>): ClusterJudgement =>
  present({
    asset: row.asset,
    clusterId: row.cluster_id,
    day: row.day_at,
    horizon: row.horizon,
    side: row.side,
    confidence: row.confidence,
    baseline: row.baseline,
    touched: row.touched,
    event: row.event,
    calibratedOn: row.calibrated_on,
    judgedAt: row.judged_at,
  } as { [K in keyof ClusterJudgement]: ClusterJudgement[K] | null })
