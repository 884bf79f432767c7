import type { SchemaStep } from './schema-step.ts'

/** The steps from 008 to 010: what a desk in chat keeps, and which process runs. */
export const CHAT_STEPS: readonly SchemaStep[] = [
  {
    name: '008-chat-desk',
    sql: `
      alter table members drop constraint members_role_check;
      alter table members
        add check (role in ('none', 'viewer', 'trader', 'approver', 'admin')),
        add column preferences jsonb;

      create table subscriptions (
        member_id text not null references members on delete cascade,
        asset text not null,
        min_severity text not null check (min_severity in ('notice', 'warning', 'critical')),
        min_confidence double precision not null,
        primary key (member_id, asset)
      );
      create table mutes (
        member_id text not null references members on delete cascade,
        asset text not null,
        muted_until bigint not null,
        primary key (member_id, asset)
      );
      create table reach (
        member_id text not null references members on delete cascade,
        platform text not null,
        works boolean not null,
        reason text,
        noted_at bigint not null,
        primary key (member_id, platform)
      );
      create table held_alerts (
        member_id text not null references members on delete cascade,
        alert_id text not null references alerts,
        seq bigint generated always as identity,
        held_at bigint not null,
        primary key (member_id, alert_id)
      );
      create table one_time_codes (
        code_hash text primary key,
        purpose text not null check (purpose in ('invite', 'link')),
        member_id text not null,
        name text,
        role text,
        created_by text not null,
        created_at bigint not null,
        expires_at bigint not null,
        redeemed_at bigint
      );

      create table buttons (
        button_id text primary key,
        card_key text not null,
        platform text not null,
        channel text not null,
        member_id text,
        command text not null,
        once boolean not null,
        asks text,
        issued_at bigint not null,
        unique (card_key, platform, channel, command)
      );
      create index buttons_by_age on buttons (issued_at);
      create table button_presses (
        button_id text not null references buttons on delete cascade,
        member_id text not null,
        interaction_id text not null,
        pressed_at bigint not null,
        primary key (button_id, member_id)
      );

      alter table alerts
        add column acknowledged_by text,
        add column acknowledged_at bigint,
        add column escalation integer not null default 0;

      -- What was put on record before has no urgency: none of it is approvals that still wait.
      alter table outbox
        add column member_id text,
        add column revision text not null default '',
        add column urgency smallint not null default 1 check (urgency between 0 and 2),
        add column waiting_since bigint;
      update outbox set waiting_since = created_at;
      alter table outbox alter column waiting_since set not null, alter column revision drop default;
      create index outbox_due on outbox (platform, channel, urgency, waiting_since) where delivered_at is null and not given_up;
      create index outbox_by_age on outbox (created_at);

      alter table seen_interactions
        add column holder text,
        add column answered_at bigint;
      -- Whoever heard them has answered, as far as anyone can tell.
      update seen_interactions set answered_at = seen_at;
      create index seen_interactions_by_age on seen_interactions (seen_at);
    `,
  },
  {
    name: '009-instances',
    sql: `
      -- Of a card in a place every message is asked for, what was given up included.
      create index outbox_by_card on outbox (card_key, platform, channel, seq);
      drop index outbox_waiting;

      -- Who lives, on the database's own clock: a frozen process keeps its connections and their locks.
      create unlogged table instances (
        instance_id text primary key,
        beat_at bigint not null
      );
    `,
  },
  {
    name: '010-folded-messages',
    sql: `
      -- In a flood many cards are told in one message: which card it was, in place of a message of their own.
      alter table outbox
        add column foldable boolean not null default false,
        add column folded_into text;
      create index outbox_folded on outbox (folded_into, seq) where folded_into is not null;
    `,
  },
]
