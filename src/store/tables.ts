import type { ColumnType, Generated } from 'kysely'
import type { Alert, Touch } from '../domain/alert.ts'
import type { Card } from '../domain/card.ts'
import type { Cluster, MarketContext, Prediction } from '../domain/forecast.ts'
import type { MarginTier } from '../domain/liquidation/margin-tiers.ts'
import type { Preferences } from '../domain/preferences.ts'
import type { ProposalTerms } from '../domain/proposal.ts'
import type { RailEffects, RailState } from '../domain/risk/rail.ts'
import type { AdminRequest, ModelMetrics } from '../ports.ts'

type Json<T> = ColumnType<T, T, T>
type Nullable<T> = ColumnType<T | null, T | null | undefined, T | null>

/** The rows behind schema.ts, as Kysely sees them. */
export interface Tables {
  observations: {
    seq: Generated<number>
    feed: string
    venue: string
    asset: string
    metric: string
    event_at: number
    received_at: number
    value: number | null
    note: string | null
  }
  declared_feeds: { feed: string; venue: string; asset: string; cadence_ms: number; seq: Generated<number> }
  forecasts: {
    asset: string
    forecast_at: number
    kind: string
    prediction: Json<Prediction>
    market: Json<MarketContext>
    clusters: Json<readonly Cluster[]>
  }
  map_snapshots: {
    asset: string
    hour_at: number
    snapshot_at: number
    price_usd: number
    low_price_usd: number
    high_price_usd: number
    bin_width: number
    first_bin: number
    /** Read as JSON: the driver would give bigint[] as texts. */
    longs_usd: readonly number[]
    shorts_usd: readonly number[]
  }
  cluster_sightings: { asset: string; cluster_id: string; first_seen_at: number; last_seen_at: number }
  cluster_outcomes: {
    asset: string
    cluster_id: string
    day_at: number
    horizon: string
    side: string
    confidence: number
    baseline: number
    touched: Nullable<boolean>
    event: Nullable<boolean>
    calibrated_on: string
    judged_at: number
  }
  alerts: {
    alert_id: string
    seq: Generated<number>
    cluster_id: string
    asset: string
    side: string
    raised_at: number
    ended_at: Nullable<number>
    end_reason: Nullable<string>
    threshold: number
    peak_confidence: number
    cluster: Json<Cluster>
    horizon: string
    raised_price_usd: number
    stage: string
    severity: string
    stage_times: Json<Alert['stageTimes']>
    touch: Nullable<Touch>
    open_interest_change: Nullable<number>
    acknowledged_by: Nullable<string>
    acknowledged_at: Nullable<number>
    escalation: Generated<number>
  }
  members: {
    member_id: string
    seq: Generated<number>
    name: string
    role: string
    preferences: Nullable<Preferences>
  }
  member_identities: { platform: string; platform_user_id: string; seq: Generated<number>; member_id: string }
  subscriptions: { member_id: string; asset: string; min_severity: string; min_confidence: number }
  mutes: { member_id: string; asset: string; muted_until: number }
  reach: { member_id: string; platform: string; works: boolean; reason: Nullable<string>; noted_at: number }
  held_alerts: { member_id: string; alert_id: string; seq: Generated<number>; held_at: number }
  one_time_codes: {
    code_hash: string
    purpose: string
    member_id: string
    name: Nullable<string>
    role: Nullable<string>
    created_by: string
    created_at: number
    expires_at: number
    redeemed_at: Nullable<number>
  }
  buttons: {
    button_id: string
    card_key: string
    platform: string
    channel: string
    member_id: Nullable<string>
    command: string
    once: boolean
    asks: Nullable<string>
    issued_at: number
  }
  button_presses: { button_id: string; member_id: string; interaction_id: string; pressed_at: number }
  margin_tiers: {
    venue: string
    contract: string
    valid_from: number
    valid_to: Nullable<number>
    tiers: Json<readonly MarginTier[]>
    reference_price_usd: Nullable<number>
    source: string
    loaded_at: number
  }
  settings: { key: string; value: string }
  trading_state: { only_row: Generated<boolean>; state: string; changed_by: string; changed_at: number; reason: string }
  proposals: {
    proposal_id: string
    seq: Generated<number>
    book: string
    asset: string
    state: string
    terms: Json<ProposalTerms>
    terms_hash: string
    notional_usd: number
    proposed_at: number
    expires_at: number
    decided_by: Nullable<string>
    decided_at: Nullable<number>
    reason: Nullable<string>
    lease: Generated<number>
    lease_holder: Nullable<string>
    lease_ends_at: Nullable<number>
    execution_started_at: Nullable<number>
    execution_ends_at: Nullable<number>
    finished_at: Nullable<number>
    control: Generated<string>
    controlled_by: Nullable<string>
    controlled_at: Nullable<number>
  }
  proposal_approvals: { proposal_id: string; member_id: string; seq: Generated<number>; approved_at: number }
  orders: {
    client_order_id: string
    seq: Generated<number>
    kind: string
    proposal_id: Nullable<string>
    instrument_id: string
    leg: number
    slice: number
    attempt: number
    side: string
    quantity_base: number
    limit_price_usd: number
    time_in_force: string
    post_only: boolean
    reduce_only: boolean
    state: string
    venue_order_id: Nullable<string>
    filled_quantity_base: number
    /** Sum of its fills. */
    booked_quantity_base: Generated<number>
    average_fill_price_usd: Nullable<number>
    arrival_mid_usd: Nullable<number>
    reason: Nullable<string>
    valid_until: Nullable<number>
    created_at: number
    updated_at: number
  }
  fills: {
    instrument_id: string
    trade_id: string
    seq: Generated<number>
    client_order_id: string
    side: string
    quantity_base: number
    fill_price_usd: number
    fee_usd: number
    filled_at: number
    liquidity: Nullable<string>
  }
  booked_positions: {
    instrument_id: string
    quantity_base: number
    average_price_usd: number
    realized_usd: number
    fees_usd: number
  }
  leases: { name: string; lease: number; lease_holder: Nullable<string>; lease_ends_at: Nullable<number> }
  venue_order_ids: { venue: string; client_order_id: string; short_id: number }
  standings: {
    instrument_id: string
    foreign_quantity_base: number
    fills_until: number
    unexplained_quantity_base: number
    unexplained_notional_usd: number
    dirty_polls: number
    clean_polls: number
    checked_at: number
  }
  foreign_fills: { instrument_id: string; trade_id: string; noted_at: number }
  rail_record: {
    only_row: Generated<boolean>
    states: Json<readonly RailState[]>
    effects: Json<RailEffects>
    judged_at: number
  }
  risk_decisions: {
    seq: Generated<number>
    decided_at: number
    rail: string
    scope: string
    level_before: string
    level_after: string
    inputs: Json<Readonly<Record<string, unknown>>>
    inputs_hash: string
  }
  limit_overrides: { limit_key: string; value: number; requested_by: string; approved_by: string; approved_at: number }
  admin_requests: {
    request_id: string
    seq: Generated<number>
    subject: Json<AdminRequest['subject']>
    state: string
    requested_by: string
    requested_at: number
    expires_at: number
    decided_by: Nullable<string>
    decided_at: Nullable<number>
    reason: Nullable<string>
  }
  live_permission: {
    only_row: Generated<boolean>
    state: string
    changed_by: string[]
    changed_at: number
    reason: string
  }
  request_approvals: { request_id: string; member_id: string; seq: Generated<number>; approved_at: number }
  day_marks: { day_at: number; value_usd: number }
  models: {
    model_id: string
    seq: Generated<number>
    rung: string
    market: string
    state: string
    origin: string
    data_hash: string
    feature_hash: string
    seeds: Json<readonly number[]>
    code_version: string
    trained_at: number
    trained_on: string
    architecture: string
    metrics: Json<ModelMetrics>
    gates: Json<Readonly<Record<string, boolean>>>
    calibrators: Json<Readonly<Record<string, unknown>>>
    override: Nullable<string>
    artifact: Buffer
    registered_at: number
    shadow_since: number
    promoted_at: Nullable<number>
    promoted_by: Nullable<string>
    replaced: Nullable<string>
    demoted_at: Nullable<number>
    retired_at: Nullable<number>
    reason: Nullable<string>
  }
  model_forecasts: {
    model_id: string
    asset: string
    forecast_at: number
    target: string
    probability: number
    baseline: Nullable<number>
    due_at: number
    /** Null: not known, not yet or never. */
    outcome: Nullable<boolean>
    looked_at: Generated<boolean>
  }
  model_health: { model_id: string; day_at: number; verdict: string; report: Json<Readonly<Record<string, unknown>>> }
  outbox: {
    message_key: string
    seq: Generated<number>
    card_key: string
    platform: string
    channel: string
    card: Json<Card>
    created_at: number
    due_at: number
    claimed_until_at: Nullable<number>
    attempts: Generated<number>
    delivered_at: Nullable<number>
    message_id: Nullable<string>
    last_error: Nullable<string>
    given_up: Generated<boolean>
    member_id: Nullable<string>
    revision: string
    /** Place in URGENCIES. */
    urgency: Generated<number>
    waiting_since: number
    foldable: Generated<boolean>
    folded_into: Nullable<string>
  }
  seen_interactions: {
    platform: string
    interaction_id: string
    seen_at: number
    holder: Nullable<string>
    answered_at: Nullable<number>
  }
  instances: { instance_id: string; beat_at: number }
  audit_log: {
    seq: number
    happened_at: number
    actor: string
    action: string
    subject: string
    details: Json<Readonly<Record<string, unknown>>>
    previous_hash: string
    hash: string
  }
  audit_head: { only_row: Generated<boolean>; seq: number; hash: string }
  schema_migrations: { name: string; applied_at: number }
}
