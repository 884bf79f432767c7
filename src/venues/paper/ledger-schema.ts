/**
 * The venue's own books, apart from the desk's: what it accepted and what it traded. Rows are only ever added.
 * One transaction makes all of it, so that where `fills` exists the rest does too.
 *
 * Amounts are `numeric`, times are milliseconds of the product's clock.
 */
export const LEDGER_SCHEMA = `
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
`
