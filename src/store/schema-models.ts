import type { SchemaStep } from './schema-step.ts'

/** The registry of models, what they said in shadow, and how they were judged. */
export const MODEL_STEPS: readonly SchemaStep[] = [
  {
    name: '013-models',
    sql: `
      create table models (
        model_id text primary key,
        seq bigint generated always as identity,
        rung text not null,
        market text not null check (market in ('simulated', 'recorded')),
        state text not null check (state in ('champion', 'challenger', 'retired')),
        origin text not null check (origin in ('shipped', 'trained')),
        data_hash text not null,
        feature_hash text not null,
        seeds jsonb not null,
        code_version text not null,
        trained_at bigint not null,
        trained_on text not null,
        architecture text not null,
        metrics jsonb not null,
        gates jsonb not null,
        calibrators jsonb not null,
        override text,
        -- gzip of model.json: it is compressed already, so PostgreSQL need not try.
        artifact bytea not null,
        registered_at bigint not null,
        shadow_since bigint not null,
        promoted_at bigint,
        promoted_by text,
        replaced text references models,
        demoted_at bigint,
        retired_at bigint,
        reason text,
        check (state <> 'champion' or promoted_at is not null),
        check ((state = 'retired') = (retired_at is not null)),
        check (demoted_at is null or state <> 'champion'),
        check (replaced <> model_id)
      );
      alter table models alter column artifact set storage external;
      create unique index one_champion_per_market on models (market) where state = 'champion';

      create table model_forecasts (
        model_id text not null references models,
        asset text not null,
        forecast_at bigint not null,
        target text not null,
        probability double precision not null check (probability between 0 and 1),
        baseline double precision check (baseline between 0 and 1),
        due_at bigint not null check (due_at > forecast_at),
        -- Null is not known: not yet while nobody has looked, and never afterwards.
        outcome boolean,
        looked_at boolean not null default false,
        primary key (model_id, asset, forecast_at, target),
        check (looked_at or outcome is null)
      );
      create index model_forecasts_due on model_forecasts (due_at) where not looked_at;
      create index model_forecasts_by_time on model_forecasts (forecast_at);

      create table model_health (
        model_id text not null references models,
        day_at bigint not null check (day_at % 86400000 = 0),
        verdict text not null check (verdict in ('good', 'watch', 'failed')),
        report jsonb not null,
        primary key (model_id, day_at)
      );

      -- What more than one person has to approve.
      create table request_approvals (
        request_id text not null references admin_requests on delete cascade,
        member_id text not null,
        seq bigint generated always as identity,
        approved_at bigint not null,
        primary key (request_id, member_id)
      );
    `,
  },
]
