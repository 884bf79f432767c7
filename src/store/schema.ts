import { CHAT_STEPS } from './schema-chat.ts'
import { EXECUTION_STEPS } from './schema-execution.ts'
import { LIQUIDATION_STEPS } from './schema-liquidation.ts'
import { MODEL_STEPS } from './schema-models.ts'
import type { SchemaStep } from './schema-step.ts'

/**
 * The schema, as ordered steps of plain SQL. A step that has been released is never changed: a later one alters it.
 *
 * Instants are bigint milliseconds since 1970 in columns ending `_at`; money, prices and quantities are numeric with
 * their unit in the name (`fee_usd`, `quantity_base`).
 */
export const SCHEMA: readonly SchemaStep[] = [
  {
    name: '001-market',
    sql: `
      -- One number of one tick per row. A metric that the tick did not carry is null, so that a tick of one kind always
      -- has the same rows, and the same tick again meets every one of them.
      create table observations (
        seq bigint generated always as identity,
        feed text not null,
        venue text not null,
        asset text not null,
        metric text not null,
        event_at bigint not null,
        received_at bigint not null,
        value double precision,
        note text,
        primary key (feed, venue, asset, event_at, received_at, metric)
      );
      create index observations_by_receipt on observations (received_at, seq);

      create table declared_feeds (
        feed text not null,
        venue text not null,
        asset text not null,
        cadence_ms bigint not null,
        seq bigint generated always as identity,
        primary key (feed, venue, asset)
      );

      create table forecasts (
        asset text not null,
        forecast_at bigint not null,
        kind text not null check (kind in ('estimated', 'undetermined')),
        prediction jsonb not null,
        market jsonb not null,
        clusters jsonb not null,
        primary key (asset, forecast_at)
      );
      create index forecasts_by_time on forecasts (forecast_at);

      create table alerts (
        alert_id text primary key,
        seq bigint generated always as identity,
        cluster_id text not null,
        asset text not null,
        side text not null check (side in ('buy', 'sell')),
        raised_at bigint not null,
        ended_at bigint,
        end_reason text,
        threshold double precision not null,
        peak_confidence double precision not null,
        cluster jsonb not null
      );
      create unique index one_open_alert_per_cluster on alerts (asset, cluster_id) where ended_at is null;
      create index alerts_by_time on alerts (raised_at);
    `,
  },
  {
    name: '002-desk',
    sql: `
      create table members (
        member_id text primary key,
        seq bigint generated always as identity,
        name text not null,
        role text not null check (role in ('viewer', 'trader', 'approver', 'admin'))
      );
      create table member_identities (
        platform text not null,
        platform_user_id text not null,
        seq bigint generated always as identity,
        member_id text not null references members on delete cascade,
        primary key (platform, platform_user_id)
      );
      create index member_identities_by_member on member_identities (member_id);

      create table settings (key text primary key, value text not null);
      create table trading_state (
        only_row boolean primary key default true check (only_row),
        state text not null check (state in ('active', 'reducing', 'halted')),
        changed_by text not null,
        changed_at bigint not null,
        reason text not null
      );
      insert into trading_state (state, changed_by, changed_at, reason) values ('active', 'system', 0, 'first start');

      create table proposals (
        proposal_id text primary key,
        seq bigint generated always as identity,
        book text not null,
        asset text not null,
        state text not null,
        terms jsonb not null,
        terms_hash text not null,
        notional_usd numeric not null,
        proposed_at bigint not null,
        expires_at bigint not null,
        decided_by text,
        decided_at bigint,
        reason text,
        lease integer not null default 0,
        lease_holder text,
        -- On the database's own clock, so that processes whose clocks differ agree on it.
        lease_ends_at bigint,
        execution_started_at bigint,
        execution_ends_at bigint,
        finished_at bigint
      );
      create unique index one_pending_proposal_per_book_and_asset on proposals (book, asset) where state = 'pending';
      create index proposals_by_time on proposals (proposed_at);

      create table proposal_approvals (
        proposal_id text not null references proposals on delete cascade,
        member_id text not null,
        seq bigint generated always as identity,
        approved_at bigint not null,
        primary key (proposal_id, member_id)
      );

      create table orders (
        client_order_id text primary key,
        seq bigint generated always as identity,
        proposal_id text not null references proposals,
        instrument_id text not null,
        slice integer not null,
        attempt integer not null,
        side text not null check (side in ('buy', 'sell')),
        quantity_base numeric not null,
        limit_price_usd numeric not null,
        state text not null,
        filled_quantity_base numeric not null,
        average_fill_price_usd numeric,
        arrival_mid_usd numeric,
        reason text,
        created_at bigint not null,
        updated_at bigint not null
      );
      create index orders_by_proposal on orders (proposal_id);
      create index orders_by_time on orders (created_at);

      create table fills (
        instrument_id text not null,
        trade_id text not null,
        seq bigint generated always as identity,
        client_order_id text not null references orders,
        side text not null check (side in ('buy', 'sell')),
        quantity_base numeric not null,
        fill_price_usd numeric not null,
        fee_usd numeric not null,
        filled_at bigint not null,
        primary key (instrument_id, trade_id)
      );
      create index fills_by_order on fills (client_order_id);
      create index fills_by_time on fills (filled_at);
    `,
  },
  {
    name: '003-chat-and-audit',
    sql: `
      create table outbox (
        message_key text primary key,
        seq bigint generated always as identity,
        card_key text not null,
        platform text not null,
        channel text not null,
        card jsonb not null,
        created_at bigint not null,
        due_at bigint not null,
        claimed_until_at bigint,
        attempts integer not null default 0,
        delivered_at bigint,
        message_id text,
        last_error text,
        given_up boolean not null default false
      );
      create index outbox_waiting on outbox (card_key, platform, channel, seq)
        where delivered_at is null and not given_up;
      create index outbox_posted on outbox (card_key, platform, channel, seq) where delivered_at is not null;

      create table seen_interactions (
        platform text not null,
        interaction_id text not null,
        seen_at bigint not null,
        primary key (platform, interaction_id)
      );

      -- seq is counted by the writer, not by a sequence: a sequence leaves gaps, and here a gap is evidence.
      create table audit_log (
        seq bigint primary key,
        happened_at bigint not null,
        actor text not null,
        action text not null,
        subject text not null,
        details jsonb not null,
        previous_hash text not null,
        hash text not null
      );
      create index audit_log_by_action on audit_log (action, happened_at);
      -- The newest row's seq and hash, so that rows cut off the end are missed too.
      create table audit_head (
        only_row boolean primary key default true check (only_row),
        seq bigint not null,
        hash text not null
      );
      insert into audit_head (seq, hash) values (0, repeat('0', 64));

      create function refuse_change() returns trigger language plpgsql as $$
      begin
        raise exception 'The audit log is append-only: % is refused', lower(tg_op);
      end $$;
      create trigger audit_log_is_append_only before update or delete or truncate on audit_log
        for each statement execute function refuse_change();
    `,
  },
  ...LIQUIDATION_STEPS,
  ...CHAT_STEPS,
  ...EXECUTION_STEPS,
  ...MODEL_STEPS,
]
