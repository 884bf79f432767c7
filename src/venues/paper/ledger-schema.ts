/**
 * The venue's own books, apart from the desk's. Orders, fills and changes are only ever added; `books` and `accounts` hold what
 * follows from them at this moment, so that no order has to add up the whole past.
 *
 * Amounts are `numeric`, times are milliseconds of the product's clock. Each step runs once, in order, in one transaction with
 * those before it; a ledger that was made by an older version goes on from where it is.
 */
export const LEDGER_STEPS: readonly { readonly isDone: string; readonly sql: string }[] = [
  {
    isDone: `select to_regclass('venue_ledger.fills') is not null as done`,
    sql: `
create schema if not exists venue_ledger;

create table venue_ledger.acceptances (
  sequence bigint generated always as identity primary key,
  venue_id text not null,
  client_order_id text not null,
  instrument_id text not null,
  side text not null check (side in ('buy', 'sell')),
  quantity numeric not null check (quantity > 0 and quantity < 'Infinity'),
  limit_price numeric not null check (limit_price > 0 and limit_price < 'Infinity'),
  reduce_only boolean not null,
  accepted_at_ms bigint not null
);
create index acceptances_by_client_order_id on venue_ledger.acceptances (venue_id, client_order_id);

create table venue_ledger.fills (
  trade_id text primary key,
  acceptance bigint not null references venue_ledger.acceptances,
  venue_id text not null,
  client_order_id text not null,
  instrument_id text not null,
  side text not null check (side in ('buy', 'sell')),
  quantity numeric not null check (quantity > 0 and quantity < 'Infinity'),
  fill_price numeric not null check (fill_price > 0 and fill_price < 'Infinity'),
  fee_usd numeric not null check (fee_usd >= 0 and fee_usd < 'Infinity'),
  filled_at_ms bigint not null
);
create index fills_by_client_order_id on venue_ledger.fills (venue_id, client_order_id);
create index fills_by_instrument on venue_ledger.fills (venue_id, instrument_id);

create function venue_ledger.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'Expected only insertions into %, was %', tg_table_name, tg_op;
end $$;
create trigger acceptances_only_grow before update or delete or truncate on venue_ledger.acceptances
  for each statement execute function venue_ledger.refuse_change();
create trigger fills_only_grow before update or delete or truncate on venue_ledger.fills
  for each statement execute function venue_ledger.refuse_change();
`,
  },
  {
    // Orders that rest, stops, other hands and the venue's own force. Before it every order was immediate-or-cancel.
    isDone: `select to_regclass('venue_ledger.books') is not null as done`,
    sql: `
create sequence venue_ledger.order_numbers;
select setval('venue_ledger.order_numbers', (select coalesce(max(sequence), 0) + 1 from venue_ledger.acceptances), false);

alter table venue_ledger.acceptances
  alter column sequence drop identity,
  alter column client_order_id drop not null,
  alter column limit_price drop not null,
  add column kind text not null default 'limit' check (kind in ('limit', 'stop', 'liquidation', 'deleveraging')),
  add column trigger_price numeric check (trigger_price > 0 and trigger_price < 'Infinity'),
  add column time_in_force text not null default 'ioc' check (time_in_force in ('gtc', 'ioc')),
  add column post_only boolean not null default false,
  add check (case kind when 'stop' then trigger_price else limit_price end is not null);

drop index venue_ledger.acceptances_by_client_order_id;
create index acceptances_by_client_order_id on venue_ledger.acceptances (venue_id, client_order_id, sequence);

alter table venue_ledger.fills
  alter column client_order_id drop not null,
  add column sequence bigint generated always as identity,
  add column liquidity text not null default 'taker' check (liquidity in ('maker', 'taker')),
  add column cause text not null default 'order' check (cause in ('order', 'liquidation', 'deleveraging'));
create index fills_by_acceptance on venue_ledger.fills (acceptance);
drop index venue_ledger.fills_by_instrument;
create index fills_by_time on venue_ledger.fills (venue_id, instrument_id, filled_at_ms, sequence);

create table venue_ledger.changes (
  sequence bigint generated always as identity primary key,
  acceptance bigint not null references venue_ledger.acceptances,
  venue_id text not null,
  change text not null check (change in ('triggered', 'reduced', 'filled', 'canceled')),
  open_quantity numeric check (open_quantity > 0 and open_quantity < 'Infinity'),
  reason text,
  changed_at_ms bigint not null
);
create unique index one_ending on venue_ledger.changes (acceptance) where change in ('filled', 'canceled');

insert into venue_ledger.changes (acceptance, venue_id, change, reason, changed_at_ms)
  select a.sequence, a.venue_id, e.change, case e.change when 'canceled' then 'IMMEDIATE_OR_CANCEL' end, a.accepted_at_ms
  from venue_ledger.acceptances a, lateral (
    select case when coalesce(sum(f.quantity), 0) >= a.quantity then 'filled' else 'canceled' end as change
    from venue_ledger.fills f where f.acceptance = a.sequence
  ) e order by a.sequence;
create trigger changes_only_grow before update or delete or truncate on venue_ledger.changes
  for each statement execute function venue_ledger.refuse_change();

create table venue_ledger.books (
  venue_id text not null,
  instrument_id text not null,
  book jsonb not null,
  primary key (venue_id, instrument_id)
) with (fillfactor = 50);
create table venue_ledger.accounts (
  venue_id text primary key,
  countdown_lapses_at_ms bigint
);
`,
  },
]
