import { sql } from 'kysely'
import { EXPECTED_KINDS, type VenueId } from '../domain/market/tick.ts'
import { type DurationMs, type FundingPer8h, HOUR, type TimestampMs } from '../domain/units.ts'
import type { RunFigures, Store } from '../ports.ts'
import type { StoreContext } from './context.ts'
import type { Db } from './pool.ts'

export function createFigures({ db }: StoreContext): Store['figures'] {
  return {
    async run(from, to) {
      if (!(to > from)) throw new RangeError(`Expected a window that ends after ${from}, was one that ends at ${to}`)
      const within = (column: string) => sql`${sql.ref(column)} between ${from}::bigint and ${to}::bigint`
      const { rows } = await sql<Omit<RunFigures, 'missingFeeds'>>`
        select
          (select count(distinct (asset, event_at)) from observations
            where feed = 'bar' and metric = 'close-price' and ${within('event_at')}) as bars,
          (select count(*) from forecasts where kind = 'estimated' and ${within('forecast_at')}) as forecasts,
          (select count(*) from forecasts where kind = 'undetermined' and ${within('forecast_at')}) as undetermined,
          (select count(*) from alerts where ${within('raised_at')}) as alerts,
          (select coalesce(sum(upper(span) - lower(span)), 0)::double precision / (${to}::bigint - ${from}::bigint)
            from unnest((
              select range_agg(int8range(greatest(raised_at, ${from}::bigint), least(coalesce(ended_at, ${to}::bigint), ${to}::bigint)))
              from alerts where raised_at < ${to}::bigint and coalesce(ended_at, ${to}::bigint) > ${from}::bigint
                and coalesce(ended_at, ${to}::bigint) >= raised_at
            )) as span) as "shareOfTimeUnderAlert",
          (select count(*) from proposals where ${within('proposed_at')}) as proposals,
          (select count(*) from proposals
            where state in ('approved', 'executing', 'executed', 'failed') and ${within('decided_at')}) as approved,
          (select count(*) from orders
            where kind in ('child', 'stop') and state <> 'denied' and ${within('created_at')}) as orders,
          (select count(*) from fills where ${within('filled_at')}) as fills,
          (select count(*) from audit_log where action = 'risk.denied' and ${within('happened_at')}) as denied,
          (select count(*) from audit_log where action = 'command.forbidden' and ${within('happened_at')}) as forbidden
      `.execute(db)
      return { ...rows[0]!, missingFeeds: await missingFeeds(db, from, to) }
    },

    async funding(asset, from, to) {
      const { rows } = await sql<FundingRow>`
        with hourly as (
          select distinct on (declared.venue, event_at / ${sql.lit(HOUR)}) declared.venue, event_at, value
          from declared_feeds as declared
          join observations as seen using (feed, venue, asset)
          where declared.feed = 'funding' and declared.asset = ${asset} and metric = 'funding-rate-per-8h'
            and event_at > ${from}::bigint and event_at <= ${to}::bigint and received_at <= ${to}::bigint
          order by declared.venue, event_at / ${sql.lit(HOUR)}, event_at desc, received_at desc
        )
        select declared.venue, declared.cadence_ms as cadence,
          (array_agg(event_at order by event_at desc))[1] as at,
          (array_agg(value order by event_at desc))[1] as rate,
          avg(value) as mean,
          count(value) as hours
        from declared_feeds as declared left join hourly using (venue)
        where declared.feed = 'funding' and declared.asset = ${asset}
        group by declared.venue, declared.cadence_ms
        order by declared.venue`.execute(db)
      return rows.map(({ venue, cadence, at, rate, mean, hours }) => ({
        venue,
        cadence,
        ...(at === null || rate === null ? {} : { newest: { at, rate } }),
        ...(mean === null ? {} : { mean }),
        hours,
      }))
    },
  }
}

interface FundingRow {
  readonly venue: VenueId
  readonly cadence: DurationMs
  readonly at: TimestampMs | null
  readonly rate: FundingPer8h | null
  readonly mean: FundingPer8h | null
  readonly hours: number
}

/**
 * `<feed>/<asset>` of which nothing was received in (from, to]: the kinds expected of every asset that has declared feeds, and
 * whatever else was declared for it.
 */
async function missingFeeds(db: Db, from: TimestampMs, to: TimestampMs): Promise<readonly string[]> {
  const { rows } = await sql<{ feed: string; asset: string }>`
    select wanted.feed, wanted.asset
    from (
      select kind.feed, asset.asset
      from unnest(${[...EXPECTED_KINDS]}::text[]) as kind (feed)
        cross join (select distinct asset from declared_feeds) as asset
      union
      select feed, asset from declared_feeds
    ) as wanted
    where not exists (
      select from observations
      where observations.feed = wanted.feed and observations.asset = wanted.asset and metric <> 'disconnect'
        and received_at > ${from}::bigint and received_at <= ${to}::bigint
    )`.execute(db)
  return rows.map(({ feed, asset }) => `${feed}/${asset}`).sort()
}
