import type { SchemaStep } from './schema-step.ts'

/** The steps from 004 to 007: the record of maps and clusters, confidence by horizon, alert episodes, margin tiers. */
export const LIQUIDATION_STEPS: readonly SchemaStep[] = [
  {
    name: '004-liquidation-record',
    sql: `
      -- One map an hour and asset. Its two arrays of 241 whole dollars are 3.9 kB, and 1.2 kB once PostgreSQL has compressed
      -- them; on the simulated market a row is 1.3 kB, 1.8 kB with its pages and indexes: 16 MB a year and asset.
      create table map_snapshots (
        asset text not null,
        hour_at bigint not null,
        snapshot_at bigint not null,
        price_usd numeric not null,
        low_price_usd numeric not null,
        high_price_usd numeric not null,
        bin_width double precision not null,
        first_bin integer not null,
        longs_usd bigint[] not null,
        shorts_usd bigint[] not null,
        primary key (asset, hour_at)
      );
      create index map_snapshots_by_time on map_snapshots (snapshot_at);

      -- When each cluster was first and last in a forecast, so that one that has vanished is found again by its id.
      create table cluster_sightings (
        asset text not null,
        cluster_id text not null,
        first_seen_at bigint not null,
        last_seen_at bigint not null,
        primary key (asset, cluster_id)
      );

      -- What was said of a cluster on a day, and what came of it; null is not known.
      create table cluster_outcomes (
        asset text not null,
        cluster_id text not null,
        day_at bigint not null,
        horizon text not null check (horizon in ('4h', '24h', '72h')),
        side text not null check (side in ('buy', 'sell')),
        confidence double precision not null,
        baseline double precision not null,
        touched boolean,
        event boolean,
        calibrated_on text not null check (calibrated_on in ('simulated', 'recorded')),
        judged_at bigint not null,
        primary key (asset, cluster_id, day_at, horizon)
      );
      create index cluster_outcomes_by_day on cluster_outcomes (asset, day_at);
    `,
  },
  {
    name: '005-cascades-by-horizon',
    sql: `
      -- Until now a forecast spoke of the next day only, and its gates for cascades were not kept: what was not said then
      -- stays absent.
      update forecasts
      set prediction = (prediction - array['horizon', 'pCascadeDown', 'pCascadeUp', 'baseline']) || jsonb_build_object(
        'overlayHorizon', prediction -> 'horizon',
        'cascades', jsonb_build_object('24h', jsonb_build_object(
          'pCascadeDown', prediction -> 'pCascadeDown',
          'pCascadeUp', prediction -> 'pCascadeUp',
          'baseline', prediction -> 'baseline',
          'gatePassed', '{}'::jsonb
        ))
      )
      where kind = 'estimated' and prediction -> 'cascades' is null;
    `,
  },
  {
    name: '006-alert-episodes',
    sql: `
      -- Until now a cluster had one confidence, for one horizon, without baseline, coverage or age. Those cannot be filled in,
      -- and the calibration behind it is not today's: within every horizon it is undetermined, and what was said then is kept
      -- beside it. Leverage was not kept; it had been seen at least since the row was written.
      create function pg_temp.cluster_by_horizon(cluster jsonb, seen_at bigint) returns jsonb language sql as $$
        select (cluster - 'confidence') || jsonb_build_object(
          'firstSeenAt', seen_at,
          'leverage', '[]'::jsonb,
          'confidence', (
            select jsonb_object_agg(horizon, '{"kind": "undetermined", "reason": "NO_CALIBRATION"}'::jsonb)
            from unnest(array['4h', '24h', '72h']) as horizon
          ),
          'confidenceBefore', cluster -> 'confidence'
        )
      $$;

      alter table alerts
        add column horizon text,
        add column raised_price_usd numeric,
        add column stage text,
        add column severity text,
        add column stage_times jsonb,
        add column touch jsonb,
        add column open_interest_change double precision;

      -- A touch used to end an alert, so what followed it is unknown. Severity was not judged: the lowest claims least.
      update alerts set
        horizon = case (cluster -> 'confidence' ->> 'horizon')
          when '14400000' then '4h' when '259200000' then '72h' else '24h' end,
        raised_price_usd = (cluster ->> 'peakPrice')::numeric
          / (1 + case side when 'sell' then -1 else 1 end * (cluster ->> 'distance')::numeric / 10000),
        stage = case when ended_at is null then 'raised' else 'over' end,
        severity = 'notice',
        stage_times = jsonb_strip_nulls(jsonb_build_object(
          'raised', raised_at,
          'touched', case end_reason when 'touched' then ended_at end,
          'over', ended_at
        )),
        touch = case end_reason when 'touched' then jsonb_build_object('from', ended_at, 'at', ended_at) end,
        end_reason = case end_reason when 'touched' then 'unknown' else end_reason end,
        cluster = pg_temp.cluster_by_horizon(cluster, raised_at);

      alter table alerts
        alter column horizon set not null,
        alter column raised_price_usd set not null,
        alter column stage set not null,
        alter column severity set not null,
        alter column stage_times set not null,
        add check (horizon in ('4h', '24h', '72h')),
        add check (stage in ('raised', 'approaching', 'touched', 'cascading', 'over')),
        add check ((stage = 'over') = (ended_at is not null)),
        add check (severity in ('notice', 'warning', 'critical'));
      create index alerts_by_end on alerts (ended_at);

      -- Only the newest list of an asset is ever read again: it keeps the identity of clusters over a restart.
      update forecasts set clusters = case
        when forecast_at = (select max(forecast_at) from forecasts newest where newest.asset = forecasts.asset)
        then coalesce(
          (select jsonb_agg(pg_temp.cluster_by_horizon(cluster, forecast_at) order by place)
            from jsonb_array_elements(clusters) with ordinality as listed (cluster, place)),
          '[]'::jsonb
        )
        else '[]'::jsonb
      end
      where clusters <> '[]'::jsonb;

      drop function pg_temp.cluster_by_horizon;
    `,
  },
  {
    name: '007-margin-tiers',
    sql: `
      -- What each venue asks in maintenance by position size, and since when; one table of a contract is in force at a time.
      create table margin_tiers (
        venue text not null,
        contract text not null,
        valid_from bigint not null,
        valid_to bigint,
        tiers jsonb not null,
        reference_price_usd numeric,
        source text not null,
        loaded_at bigint not null,
        primary key (venue, contract, valid_from),
        check (valid_to >= valid_from)
      );
      create unique index margin_tiers_in_force on margin_tiers (venue, contract) where valid_to is null;
    `,
  },
]
