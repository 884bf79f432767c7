import type { SchemaStep } from './schema-step.ts'

/** The steps from 011 on: orders that rest on several venues, what reconciling finds there, limits, rails and live permission. */
export const EXECUTION_STEPS: readonly SchemaStep[] = [
  {
    name: '011-execution',
    sql: `
      -- Every order so far carried out a proposal with immediate-or-cancel orders on one venue.
      alter table orders
        alter column proposal_id drop not null,
        add column kind text not null default 'child' check (kind in ('child', 'stop', 'liquidation', 'deleveraging')),
        add column leg integer not null default 0,
        add column time_in_force text not null default 'ioc' check (time_in_force in ('gtc', 'ioc')),
        add column post_only boolean not null default false,
        add column reduce_only boolean not null default false,
        add column venue_order_id text,
        add column valid_until bigint,
        -- Sum of its fills: what is filled beyond it has not been heard fill by fill yet.
        add column booked_quantity_base numeric not null default 0,
        add check ((kind = 'child') = (proposal_id is not null));
      update orders set booked_quantity_base = booked.quantity_base
        from (select client_order_id, sum(quantity_base) as quantity_base from fills group by client_order_id) as booked
        where booked.client_order_id = orders.client_order_id;
      alter table orders
        alter column kind drop default,
        alter column leg drop default,
        alter column time_in_force drop default,
        alter column post_only drop default,
        alter column reduce_only drop default;
      -- A quantity below 1e-9 is dust: the venue's sum of fills may be rounded otherwise than ours.
      create index orders_unresolved on orders (instrument_id, seq)
        where kind in ('child', 'stop') and (
          state in ('initialized', 'submitted', 'accepted', 'partially-filled', 'unknown')
          or booked_quantity_base < filled_quantity_base - 1e-9
        );

      alter table fills add column liquidity text check (liquidity in ('maker', 'taker'));

      alter table proposals
        add column control text not null default 'running' check (control in ('running', 'paused', 'canceling')),
        add column controlled_by text,
        add column controlled_at bigint;

      create table leases (
        name text primary key,
        lease integer not null,
        lease_holder text,
        -- On the database's own clock, so that processes whose clocks differ agree on it.
        lease_ends_at bigint
      );

      create table venue_order_ids (
        venue text not null,
        client_order_id text not null,
        short_id bigint not null,
        primary key (venue, client_order_id),
        unique (venue, short_id)
      );

      create table standings (
        instrument_id text primary key,
        foreign_quantity_base numeric not null,
        fills_until bigint not null,
        unexplained_quantity_base numeric not null,
        unexplained_notional_usd numeric not null,
        dirty_polls integer not null,
        clean_polls integer not null,
        checked_at bigint not null
      );
      create table foreign_fills (
        instrument_id text not null,
        trade_id text not null,
        noted_at bigint not null,
        primary key (instrument_id, trade_id)
      );

      create table rail_record (
        only_row boolean primary key default true check (only_row),
        states jsonb not null,
        effects jsonb not null,
        judged_at bigint not null
      );
      create table risk_decisions (
        seq bigint generated always as identity primary key,
        decided_at bigint not null,
        rail text not null,
        scope text not null,
        level_before text not null,
        level_after text not null,
        inputs jsonb not null,
        inputs_hash text not null
      );
      create index risk_decisions_by_rail on risk_decisions (rail, seq);
      create function refuse_change_of_decisions() returns trigger language plpgsql as $$
      begin
        raise exception 'The record of risk decisions is append-only: % is refused', lower(tg_op);
      end $$;
      create trigger risk_decisions_are_append_only before update or delete or truncate on risk_decisions
        for each statement execute function refuse_change_of_decisions();

      -- In the unit of the limit: USD, share, basis points, milliseconds or a number.
      create table limit_overrides (
        limit_key text primary key,
        value numeric not null,
        requested_by text not null,
        approved_by text not null,
        approved_at bigint not null
      );

      create table admin_requests (
        request_id text primary key,
        seq bigint generated always as identity,
        subject jsonb not null,
        state text not null check (state in ('pending', 'approved', 'declined', 'expired')),
        requested_by text not null,
        requested_at bigint not null,
        expires_at bigint not null,
        decided_by text,
        decided_at bigint,
        reason text,
        check ((state = 'pending') = (decided_at is null))
      );
      create index admin_requests_by_state on admin_requests (state, seq);

      create table live_permission (
        only_row boolean primary key default true check (only_row),
        state text not null check (state in ('none', 'granted', 'revoked')),
        changed_by text[] not null,
        changed_at bigint not null,
        reason text not null
      );
      insert into live_permission (state, changed_by, changed_at, reason) values ('none', '{}', 0, 'first start');

      create table day_marks (day_at bigint primary key, value_usd numeric not null);
    `,
  },
  {
    name: '012-booked-positions',
    sql: `
      -- What the fills of an instrument add up to at average cost, kept with every fill that is booked: the record grows for ever.
      create table booked_positions (
        instrument_id text primary key,
        quantity_base numeric not null,
        average_price_usd numeric not null,
        realized_usd numeric not null,
        fees_usd numeric not null
      );
      do $$
      declare
        fill record;
        held record;
        signed numeric;
        quantity numeric;
      begin
        for fill in select * from fills order by instrument_id, filled_at, seq loop
          insert into booked_positions values (fill.instrument_id, 0, 0, 0, 0) on conflict do nothing;
          select * into held from booked_positions where instrument_id = fill.instrument_id;
          signed := case when fill.side = 'buy' then fill.quantity_base else -fill.quantity_base end;
          quantity := round(held.quantity_base + signed, 9);
          update booked_positions set
            quantity_base = quantity,
            fees_usd = fees_usd + fill.fee_usd,
            average_price_usd = case
              when held.quantity_base = 0 or sign(held.quantity_base) = sign(signed)
                then (held.average_price_usd * held.quantity_base + fill.fill_price_usd * signed) / (held.quantity_base + signed)
              when quantity <> 0 and sign(quantity) = sign(signed) then fill.fill_price_usd
              else held.average_price_usd end,
            realized_usd = realized_usd + case
              when held.quantity_base = 0 or sign(held.quantity_base) = sign(signed) then 0
              else least(abs(signed), abs(held.quantity_base)) * sign(held.quantity_base)
                * (fill.fill_price_usd - held.average_price_usd) end
          where instrument_id = fill.instrument_id;
        end loop;
      end $$;
    `,
  },
]
