import { sql } from 'kysely'
import type { MapSnapshot } from '../domain/liquidation/snapshot.ts'
import { HOUR } from '../domain/units.ts'
import type { Store } from '../ports.ts'
import type { StoreContext } from './context.ts'

export function createMapSnapshots({ db }: StoreContext): Store['maps'] {
  const select = () =>
    db
      .selectFrom('map_snapshots')
      .select([
        'asset',
        'snapshot_at',
        'price_usd',
        'low_price_usd',
        'high_price_usd',
        'bin_width',
        'first_bin',
        sql<readonly number[]>`to_json(longs_usd)`.as('longs'),
        sql<readonly number[]>`to_json(shorts_usd)`.as('shorts'),
      ])
  return {
    async save(snapshot) {
      const rows = await db
        .insertInto('map_snapshots')
        .values({
          asset: snapshot.asset,
          hour_at: Math.floor(snapshot.at / HOUR) * HOUR,
          snapshot_at: snapshot.at,
          price_usd: snapshot.price,
          low_price_usd: snapshot.lowPrice,
          high_price_usd: snapshot.highPrice,
          bin_width: snapshot.binWidth,
          first_bin: snapshot.firstBin,
          longs_usd: sql<readonly number[]>`${snapshot.longs}::bigint[]`,
          shorts_usd: sql<readonly number[]>`${snapshot.shorts}::bigint[]`,
        })
        .onConflict((oc) => oc.columns(['asset', 'hour_at']).doNothing())
        .returning('asset')
        .execute()
      return rows.length > 0
    },

    async latest(asset) {
      const row = await select().where('asset', '=', asset).orderBy('hour_at', 'desc').limit(1).executeTakeFirst()
      return row && toSnapshot(row)
    },

    async between(asset, from, to) {
      const rows = await select()
        .where('asset', '=', asset)
        .where('snapshot_at', '>=', from)
        .where('snapshot_at', '<=', to)
        .orderBy('hour_at')
        .execute()
      return rows.map(toSnapshot)
    },

    async deleteBefore(at) {
      const result = await db.deleteFrom('map_snapshots').where('snapshot_at', '<', at).executeTakeFirst()
      return Number(result.numDeletedRows)
    },
  }
}

const toSnapshot = (row: {
  asset: string
  snapshot_at: number
  price_usd: number
  low_price_usd: number
  high_price_usd: number
  bin_width: number
  first_bin: number
  longs: readonly number[]
  shorts: readonly number[]
}): MapSnapshot =>
  ({
    asset: row.asset,
    at: row.snapshot_at,
    price: row.price_usd,
    lowPrice: row.low_price_usd,
    highPrice: row.high_price_usd,
    binWidth: row.bin_width,
    firstBin: row.first_bin,
    longs: row.longs,
    shorts: row.shorts,
  }) as MapSnapshot
