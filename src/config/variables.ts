import type { z } from 'zod'
import { SCHEDULE_KINDS, URGENCIES } from '../domain/execution/schedule.ts'
import { HORIZONS } from '../domain/forecast.ts'
import { HEDGE_POLICIES } from '../domain/hedging/policies.ts'
import { channelRoles, commandRoles } from './access.ts'
import { ASSET, book, LIVE_VENUES, liveVenues, market, tradingVenues } from './market.ts'
import { admins, members } from './people.ts'
import {
  basisPoints,
  choice,
  count,
  days,
  dollars,
  expected,
  listOf,
  milliseconds,
  number,
  share,
  text,
  url,
} from './values.ts'

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
/** How a pager is spoken to: src/chat/pager.ts. */
const PAGER_KINDS = ['ntfy', 'pagerduty', 'json'] as const
const SNOWFLAKE = /^\d{15,20}$/
const CHAT_ID = /^-?\d{1,20}$/
const token = expected('a token without blanks', (value) => (/\s/.test(value) ? undefined : value))
const webhookSecret = expected('16 to 256 letters, digits, "_" and "-"', (value) =>
  /^[\w-]{16,256}$/.test(value) ? value : undefined,
)
const id = expected('an id of 15 to 20 digits', (value) => (SNOWFLAKE.test(value) ? value : undefined))

/** Text as a variable holds it, undefined where it has to be given to count; and how it is read. */
interface Variable<Value, Default extends string | undefined> {
  readonly default: Default
  readonly value: z.ZodType<Value, string>
  /** Its value is never shown, logged or printed. */
  readonly secret: boolean
}

const withDefault = <Value>(value: z.ZodType<Value, string>, text: string): Variable<Value, string> => ({
  default: text,
  value,
  secret: false,
})
const optional = <Value>(value: z.ZodType<Value, string>): Variable<Value, undefined> => ({
  default: undefined,
  value,
  secret: false,
})
const secret = <Value>(value: z.ZodType<Value, string>): Variable<Value, undefined> => ({
  default: undefined,
  value,
  secret: true,
})

export const VARIABLES = {
  DATA_DIR: withDefault(text, '.breakwater'),
  RETENTION_DAYS: withDefault(count('days'), '0'),
  LOG_LEVEL: withDefault(choice(LOG_LEVELS), 'info'),

  DATABASE_URL: secret(url('postgres', 'postgresql')),
  REDIS_URL: secret(url('redis', 'rediss')),

  DISCORD_TOKEN: secret(token),
  DISCORD_APPLICATION_ID: optional(id),
  DISCORD_GUILD_ID: optional(id),
  DISCORD_CHANNEL_IDS: optional(listOf('channel ids of 15 to 20 digits', SNOWFLAKE)),
  DISCORD_API_ROOT: withDefault(url('https', 'http'), 'https://discord.com/api'),

  TELEGRAM_TOKEN: secret(token),
  TELEGRAM_CHAT_IDS: optional(listOf('numeric chat ids such as -1001234567890 (names change hands)', CHAT_ID)),
  TELEGRAM_API_ROOT: withDefault(url('https', 'http'), 'https://api.telegram.org'),
  TELEGRAM_WEBHOOK_URL: optional(url('https')),
  TELEGRAM_WEBHOOK_SECRET: secret(webhookSecret),
  TELEGRAM_WEBHOOK_PORT: withDefault(number('a port', { min: 0, max: 65_535, whole: true }), '8443'),

  ADMINS: optional(admins),
  MEMBERS: optional(members),
  CHANNEL_ROLES: optional(channelRoles),
  COMMAND_ROLES: optional(commandRoles),

  MARKET: withDefault(market, 'live'),
  MARKET_SPEED: withDefault(number('market seconds per second', { min: 0.1, max: 100_000 }), '1'),
  ASSETS: withDefault(listOf('assets in upper case, e.g. ETH,BTC', ASSET), 'ETH,BTC'),
  LIVE_VENUES: withDefault(liveVenues, LIVE_VENUES.join(',')),
  BINANCE_BASE_URL: optional(url('https', 'http')),
  BINANCE_WS_URL: optional(url('wss', 'ws')),
  BYBIT_BASE_URL: optional(url('https', 'http')),
  BYBIT_WS_URL: optional(url('wss', 'ws')),
  OKX_BASE_URL: optional(url('https', 'http')),
  OKX_WS_URL: optional(url('wss', 'ws')),
  DERIBIT_BASE_URL: optional(url('https', 'http')),
  DERIBIT_WS_URL: optional(url('wss', 'ws')),
  HYPERLIQUID_BASE_URL: optional(url('https', 'http')),
  HYPERLIQUID_WS_URL: optional(url('wss', 'ws')),
  DYDX_BASE_URL: optional(url('https', 'http')),
  DYDX_WS_URL: optional(url('wss', 'ws')),

  TRADING_MODE: withDefault(choice(['paper', 'live']), 'paper'),

  BOOK_NAME: withDefault(text, 'main'),
  BOOK: withDefault(book, 'ETH:1000,BTC:20'),

  HEDGE_POLICY: withDefault(choice(HEDGE_POLICIES), 'volatility-timed'),
  HEDGE_MEAN_RATIO: withDefault(share(), '0.5'),
  HEDGE_MAX_RATIO: withDefault(share(), '1'),
  HEDGE_BETA: withDefault(share(2), '0.8'),
  RISK_AVERSION: withDefault(number('a number for risk aversion per unit of wealth', { min: 0.1, max: 1000 }), '5'),
  MIN_BAND: withDefault(share(0.5), '0.02'),
  HEDGE_LEVERAGE: withDefault(number('a leverage', { min: 1, max: 100 }), '3'),

  FORECAST_EVERY_MS: withDefault(milliseconds(1000), '30000'),

  ALERT_THRESHOLD: optional(share()),
  ALERT_HORIZON: withDefault(choice(HORIZONS), '24h'),
  ALERT_HYSTERESIS: optional(share()),
  ALERT_COOLDOWN_MS: withDefault(milliseconds(), '21600000'),
  ALERT_MAX_HOURS: withDefault(number('a number of hours', { min: 1, max: 720 }), '4'),
  ALERT_BUDGET_PER_DAY: withDefault(count('alerts'), '4'),
  ALERT_ACK_MINUTES: withDefault(number('a number of minutes', { min: 1, max: 1440 }), '5'),
  PAGER_KIND: withDefault(choice(PAGER_KINDS), 'ntfy'),
  PAGER_URL: optional(url('https', 'http')),
  PAGER_KEY: secret(token),

  PROPOSAL_EXPIRY_MS: withDefault(milliseconds(10_000), '600000'),
  PROPOSAL_MAX_DRIFT_BPS: withDefault(basisPoints(), '50'),
  PROPOSAL_COOLDOWN_MS: withDefault(milliseconds(), '14400000'),
  APPROVAL_QUORUM: withDefault(count('members', 1), '1'),
  APPROVAL_QUORUM_LARGE: withDefault(count('members', 1), '2'),
  QUORUM_LARGE_ABOVE_USD: withDefault(dollars(), '1000000'),
  SELF_APPROVAL_MAX_USD: withDefault(dollars(), '0'),

  MAX_ORDER_NOTIONAL_USD: withDefault(dollars(), '250000'),
  MAX_PROPOSAL_NOTIONAL_USD: withDefault(dollars(), '5000000'),
  MAX_GROSS_NOTIONAL_USD: withDefault(dollars(), '20000000'),
  MAX_DAY_NOTIONAL_USD: withDefault(dollars(), '20000000'),
  MAX_NET_NOTIONAL_USD: withDefault(dollars(), '50000000'),
  MAX_ORDERS_PER_MINUTE: withDefault(count('orders', 1), '60'),
  MAX_DAILY_PROPOSALS: withDefault(count('proposals'), '20'),
  PRICE_COLLAR_BPS: withDefault(basisPoints(), '50'),
  MAX_LEVERAGE: withDefault(number('a leverage', { min: 0.1, max: 5 }), '3'),
  HARD_LEVERAGE: withDefault(number('a leverage', { min: 0.1, max: 5 }), '5'),
  MAX_VENUE_SHARE: withDefault(share(), '0.6'),
  DAILY_LOSS_SOFT: withDefault(share(), '0.03'),
  DAILY_LOSS_HARD: withDefault(share(), '0.05'),
  RISK_EVERY_MS: withDefault(milliseconds(1000), '10000'),

  AUTO_APPROVE_ORDER_USD: withDefault(dollars(), '0'),
  AUTO_APPROVE_HOUR_USD: withDefault(dollars(), '0'),
  AUTO_APPROVE_DAY_USD: withDefault(dollars(), '0'),

  MAX_SLIPPAGE_BPS: withDefault(basisPoints(), '30'),
  EXECUTION_SCHEDULE: withDefault(choice(SCHEDULE_KINDS), 'twap'),
  EXECUTION_URGENCY: withDefault(choice(URGENCIES), 'normal'),
  EXECUTION_DURATION_MS: withDefault(milliseconds(), '1800000'),
  MAX_CLIP_USD: withDefault(dollars(1), '150000'),
  TAKER_FEE_BPS: withDefault(basisPoints(100), '5'),
  HALF_SPREAD_BPS: withDefault(basisPoints(100), '1'),
  PASSIVE_WAIT_MS: withDefault(milliseconds(), '20000'),
  ORDER_VALIDITY_MS: withDefault(milliseconds(500), '5000'),
  PROTECTIVE_STOPS: withDefault(choice(['on', 'off']), 'on'),
  STOP_AT_SHARE: withDefault(share(), '0.7'),
  LEASE_TTL_MS: withDefault(milliseconds(1000), '15000'),
  PAPER_EQUITY_USD: withDefault(dollars(1), '5000000'),

  TRADING_VENUES: optional(tradingVenues),
  VENUE_SANDBOX: withDefault(choice(['on', 'off']), 'off'),
  VENUE_KEYS_FILE: optional(text),
  VENUE_KEYS_PASSPHRASE: secret(text),
  VENUE_KEYS_PASSPHRASE_FILE: optional(text),

  LIVE_MIN_PAPER_DAYS: withDefault(count('days'), '90'),
  LIVE_MIN_LOSSES_AVOIDED: withDefault(share(), '0.3'),
  LIVE_MAX_UPSIDE_GIVEN_UP: withDefault(share(), '0.7'),
  LIVE_MAX_VOLATILITY_RATIO: withDefault(number('a ratio', { min: 0.1, max: 10 }), '1.1'),
  LIVE_MAX_CALIBRATION_ERROR: withDefault(share(), '0.05'),

  MODEL_SHADOW_DAYS: withDefault(count('days'), '30'),
  MODEL_RETRAIN_DAYS: withDefault(count('days', 1), '91'),
  MODEL_PROTOCOL_UPGRADES: optional(days),
  MODEL_TRAINING_DATA: optional(text),

  COUNTDOWN_MS: withDefault(milliseconds(), '60000'),
  HEARTBEAT_URL: secret(url('https', 'http')),
  HEARTBEAT_EVERY_MS: withDefault(milliseconds(1000), '15000'),
} as const

type Variables = typeof VARIABLES
export type VariableName = keyof Variables
type Read<V> =
  V extends Variable<infer Value, infer Default> ? Value | (Default extends string ? never : undefined) : never
export type Values = { readonly [Name in VariableName]: Read<Variables[Name]> }
