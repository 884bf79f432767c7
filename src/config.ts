/**
 * Every variable, read once: the only file of the desk that reads process.env. The list itself is config/variables.ts; `.env.example`
 * says the same to people, and a test holds the two against each other.
 *
 * @module
 */
import { existsSync, readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import { checkTogether, type Mistake } from './config/checks.ts'
import type { TradingVenue } from './config/market.ts'
import { joinPeople } from './config/people.ts'
import { VARIABLES, type Values, type VariableName } from './config/variables.ts'
import type { ScheduleChoice } from './domain/execution/schedule.ts'
import type { SizingRules } from './domain/hedging/size.ts'
import { hiding as hidingFields } from './domain/hiding.ts'
import { DEFAULT_LIMITS, type Limits } from './domain/risk/limits.ts'
import type { LiveGateRules } from './domain/risk/live-gate.ts'
import { DAY, duration, HOUR, MINUTE } from './domain/units.ts'

export { LIVE_VENUES, type LiveVenue, type MarketChoice, type TradingVenue } from './config/market.ts'

export type Environment = Readonly<Record<string, string | undefined>>
export type Config = DeepReadonly<ReturnType<typeof toConfig>>
type DeepReadonly<T> = T extends number | string | boolean | undefined
  ? T
  : { readonly [K in keyof T]: DeepReadonly<T[K]> }

/** Bad configuration: every mistake at once, by variable name, and no secret in any of them. */
export class ConfigError extends Error {
  readonly mistakes: readonly Mistake[]

  constructor(mistakes: readonly Mistake[]) {
    const lines = mistakes.map(({ variable, message }) => `  ${variable}: ${message}`)
    super(
      `${mistakes.length === 1 ? 'One mistake' : `${mistakes.length} mistakes`} in the configuration:\n${lines.join('\n')}`,
    )
    this.name = 'ConfigError'
    this.mistakes = mistakes
  }
}

/**
 * Reads the configuration from the environment and from a `.env` file; what the environment says wins over the file.
 *
 * @param overrides - values from the command line, by variable name; they win over both
 * @throws {ConfigError} naming every mistake, misspelt names in the file included
 */
export function loadConfig({
  envFile = '.env',
  overrides = {},
}: {
  envFile?: string
  overrides?: Environment
} = {}): Config {
  const file = readEnvFile(envFile)
  return parse({ ...file, ...process.env, ...overrides }, unknownNames(file, envFile))
}

/** What can be made of a configuration that may have mistakes in it. */
export interface ConfigReading {
  /** A variable that is wrong is absent, even where it has a default. */
  readonly values: Partial<Values>
  readonly mistakes: readonly Mistake[]
  readonly envFile: 'read' | 'absent'
  /** Names that hold something, in the file or in the environment. */
  readonly given: ReadonlySet<string>
  /** What must not be shown, for whoever prints the words of others; empty parts are left out. */
  readonly secrets: readonly string[]
}

/**
 * Reads as `loadConfig` does, and goes on past mistakes.
 *
 * @param environment - in place of this process's own
 */
export function readConfig({
  envFile = '.env',
  environment = process.env,
}: {
  envFile?: string
  environment?: Environment
} = {}): ConfigReading {
  const unreadable: Mistake[] = []
  let file: Environment = {}
  try {
    file = readEnvFile(envFile)
  } catch (error) {
    const was = (error as NodeJS.ErrnoException).code ?? 'unreadable'
    unreadable.push({ variable: envFile, message: `Expected a file that this user can read, was ${was}.` })
  }
  const env = { ...file, ...environment }
  const { values, mistakes } = read(env, [...unreadable, ...unknownNames(file, envFile)])
  const given = Object.entries(env).flatMap(([name, value]) => (value?.trim() ? [[name, value.trim()] as const] : []))
  return {
    values,
    mistakes,
    envFile: existsSync(envFile) ? 'read' : 'absent',
    given: new Set(given.map(([name]) => name)),
    secrets: given.flatMap(([name, value]) => secretsIn(name, value)),
  }
}

/**
 * Checks every variable and builds the configuration. An empty variable counts as absent.
 *
 * @returns frozen, with instants and amounts in domain units; groups that hold a secret do not show it when printed
 * @throws {ConfigError} naming every mistake at once
 */
export const parseConfig = (env: Environment): Config => parse(env, [])

function parse(env: Environment, found: readonly Mistake[]): Config {
  const { values, mistakes } = read(env, found)
  if (mistakes.length > 0) throw new ConfigError(mistakes)
  return deepFreeze(toConfig(values as Values))
}

const readEnvFile = (envFile: string): Environment =>
  existsSync(envFile) ? parseEnv(readFileSync(envFile, 'utf8')) : {}

const unknownNames = (file: Environment, envFile: string): readonly Mistake[] =>
  Object.keys(file)
    .filter((name) => !(name in VARIABLES))
    .map((name) => ({
      variable: name,
      message: `Expected a variable of .env.example, was a name that nothing reads. Correct it or remove it from ${envFile}.`,
    }))

function read(env: Environment, found: readonly Mistake[]): { values: Partial<Values>; mistakes: readonly Mistake[] } {
  const values: Record<string, unknown> = {}
  const mistakes = [...found]
  for (const [name, variable] of Object.entries(VARIABLES)) {
    const given = env[name]?.trim() || variable.default
    if (given === undefined) continue
    const result = variable.value.safeParse(given)
    if (result.success) values[name] = result.data
    else {
      const what = `Expected ${result.error.issues[0]!.message}`
      mistakes.push({
        variable: name,
        message: variable.secret ? `${what}; its value is not shown.` : `${what}, was "${shown(given)}".`,
      })
    }
  }
  const isWrong = new Set(mistakes.map(({ variable }) => variable))
  mistakes.push(...checkTogether(values as Partial<Values>, (name) => isWrong.has(name)))
  return { values: values as Partial<Values>, mistakes }
}

/** A secret as it was written, and the password of an address as it stands there and as it is meant. */
function secretsIn(name: string, value: string): readonly string[] {
  const secret = name in VARIABLES && VARIABLES[name as VariableName].secret ? [value] : []
  const password = /\/\/[^/@\s]*:([^@\s]+)@/.exec(value)?.[1]
  return [...secret, ...(password === undefined ? [] : [password, decoded(password)])]
}

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text // no escapes in it
  }
}

const SECRET_FIELDS = new Set(['token', 'connectionString', 'redisUrl', 'secret', 'key', 'passphrase', 'address'])

function toConfig(values: Values) {
  const sizing: SizingRules = {
    policy: values.HEDGE_POLICY,
    meanRatio: values.HEDGE_MEAN_RATIO,
    maxRatio: values.HEDGE_MAX_RATIO,
    beta: values.HEDGE_BETA,
    riskAversion: values.RISK_AVERSION,
    minBand: values.MIN_BAND,
    takerFee: values.TAKER_FEE_BPS,
    halfSpread: values.HALF_SPREAD_BPS,
  }
  const limits: Limits = {
    ...DEFAULT_LIMITS,
    maxRatio: values.HEDGE_MAX_RATIO,
    maxProposalNotional: values.MAX_PROPOSAL_NOTIONAL_USD,
    maxOrderNotional: values.MAX_ORDER_NOTIONAL_USD,
    maxDayNotional: values.MAX_DAY_NOTIONAL_USD,
    maxGrossNotional: values.MAX_GROSS_NOTIONAL_USD,
    maxNetNotional: values.MAX_NET_NOTIONAL_USD,
    maxDailyProposals: values.MAX_DAILY_PROPOSALS,
    maxOrdersPerMinute: values.MAX_ORDERS_PER_MINUTE,
    priceCollar: values.PRICE_COLLAR_BPS,
    maxSlippage: values.MAX_SLIPPAGE_BPS,
    maxVenueShare: values.MAX_VENUE_SHARE,
    maxLeverage: values.MAX_LEVERAGE,
    hardLeverage: values.HARD_LEVERAGE,
    softDailyLoss: values.DAILY_LOSS_SOFT,
    hardDailyLoss: values.DAILY_LOSS_HARD,
  }
  return {
    data: {
      folder: values.DATA_DIR,
      /** Undefined keeps for ever. */
      retention: values.RETENTION_DAYS === 0 ? undefined : duration(values.RETENTION_DAYS * DAY),
      logLevel: values.LOG_LEVEL,
    },
    /** Undefined: the embedded PostgreSQL. */
    store: hiding({ connectionString: values.DATABASE_URL }),
    /** Undefined: the queue lives in PostgreSQL. */
    queue: hiding({ redisUrl: values.REDIS_URL }),
    /** Undefined without a token: the platform is off. */
    discord:
      values.DISCORD_TOKEN === undefined
        ? undefined
        : hiding({
            token: values.DISCORD_TOKEN,
            applicationId: values.DISCORD_APPLICATION_ID!,
            guildId: values.DISCORD_GUILD_ID,
            channels: values.DISCORD_CHANNEL_IDS!,
            apiRoot: values.DISCORD_API_ROOT,
          }),
    telegram:
      values.TELEGRAM_TOKEN === undefined
        ? undefined
        : hiding({
            token: values.TELEGRAM_TOKEN,
            channels: values.TELEGRAM_CHAT_IDS!,
            apiRoot: values.TELEGRAM_API_ROOT,
            /** Undefined: long polling. */
            webhook:
              values.TELEGRAM_WEBHOOK_URL === undefined
                ? undefined
                : hiding({
                    url: values.TELEGRAM_WEBHOOK_URL,
                    secret: values.TELEGRAM_WEBHOOK_SECRET!,
                    port: values.TELEGRAM_WEBHOOK_PORT,
                  }),
          }),
    members: joinPeople([...(values.ADMINS ?? []), ...(values.MEMBERS ?? [])]).members,
    access: { channels: values.CHANNEL_ROLES ?? [], commands: values.COMMAND_ROLES ?? {} },
    escalation: { acknowledgeWithin: duration(values.ALERT_ACK_MINUTES * MINUTE) },
    /** Undefined: nothing outside the chats is called. */
    pager:
      values.PAGER_URL === undefined
        ? undefined
        : hiding({ kind: values.PAGER_KIND, url: values.PAGER_URL, key: values.PAGER_KEY }),
    market: {
      choice: values.MARKET,
      /** Market seconds per second; a live market has its own. */
      speed: values.MARKET_SPEED,
      assets: values.ASSETS,
      liveVenues: values.LIVE_VENUES,
      /** Where the real clients go instead of the venue's own address. */
      endpoints: {
        binance: { baseUrl: values.BINANCE_BASE_URL, wsUrl: values.BINANCE_WS_URL },
        bybit: { baseUrl: values.BYBIT_BASE_URL, wsUrl: values.BYBIT_WS_URL },
        okx: { baseUrl: values.OKX_BASE_URL, wsUrl: values.OKX_WS_URL },
        deribit: { baseUrl: values.DERIBIT_BASE_URL, wsUrl: values.DERIBIT_WS_URL },
        hyperliquid: { baseUrl: values.HYPERLIQUID_BASE_URL, wsUrl: values.HYPERLIQUID_WS_URL },
        dydx: { baseUrl: values.DYDX_BASE_URL, wsUrl: values.DYDX_WS_URL },
      } satisfies Record<TradingVenue, { baseUrl: string | undefined; wsUrl: string | undefined }>,
    },
    trading: hiding({
      mode: values.TRADING_MODE,
      /** Where real money goes; none on paper. */
      venues: values.TRADING_VENUES ?? [],
      /** The venues' own test networks in place of the real ones. */
      sandbox: values.VENUE_SANDBOX === 'on',
      keysFile: values.VENUE_KEYS_FILE,
      passphrase: values.VENUE_KEYS_PASSPHRASE,
      passphraseFile: values.VENUE_KEYS_PASSPHRASE_FILE,
      paperEquity: values.PAPER_EQUITY_USD,
      /** Of the countdown after which a venue cancels what rests; 0 = never armed. */
      countdown: values.COUNTDOWN_MS,
    }),
    liveGate: {
      minPaperDays: values.LIVE_MIN_PAPER_DAYS,
      minLossesAvoided: values.LIVE_MIN_LOSSES_AVOIDED,
      maxUpsideGivenUp: values.LIVE_MAX_UPSIDE_GIVEN_UP,
      maxVolatilityRatio: values.LIVE_MAX_VOLATILITY_RATIO,
      maxCalibrationError: values.LIVE_MAX_CALIBRATION_ERROR,
    } satisfies LiveGateRules,
    models: {
      shadowDays: values.MODEL_SHADOW_DAYS,
      retrainEvery: duration(values.MODEL_RETRAIN_DAYS * DAY),
      protocolUpgrades: values.MODEL_PROTOCOL_UPGRADES ?? [],
      /** Folder of recorded data; undefined: none is there to train on. */
      trainingData: values.MODEL_TRAINING_DATA,
    },
    /** Undefined: nobody outside is told that we are alive. */
    heartbeat:
      values.HEARTBEAT_URL === undefined
        ? undefined
        : hiding({ address: values.HEARTBEAT_URL, every: values.HEARTBEAT_EVERY_MS }),
    risk: { every: values.RISK_EVERY_MS },
    autoApproval: {
      maxOrder: values.AUTO_APPROVE_ORDER_USD,
      maxHour: values.AUTO_APPROVE_HOUR_USD,
      maxDay: values.AUTO_APPROVE_DAY_USD,
    },
    book: { name: values.BOOK_NAME, exposures: values.BOOK },
    hedge: sizing,
    hedgeLeverage: values.HEDGE_LEVERAGE,
    forecast: { every: values.FORECAST_EVERY_MS },
    alerts: {
      threshold: values.ALERT_THRESHOLD,
      horizon: values.ALERT_HORIZON,
      hysteresis: values.ALERT_HYSTERESIS,
      cooldown: values.ALERT_COOLDOWN_MS,
      maxDuration: duration(values.ALERT_MAX_HOURS * HOUR),
      budgetPerDay: values.ALERT_BUDGET_PER_DAY,
    },
    approvals: {
      expiry: values.PROPOSAL_EXPIRY_MS,
      maxDrift: values.PROPOSAL_MAX_DRIFT_BPS,
      cooldown: values.PROPOSAL_COOLDOWN_MS,
      quorum: values.APPROVAL_QUORUM,
      quorumLarge: values.APPROVAL_QUORUM_LARGE,
      quorumLargeAbove: values.QUORUM_LARGE_ABOVE_USD,
      selfApprovalMax: values.SELF_APPROVAL_MAX_USD,
    },
    limits,
    execution: {
      schedule: {
        kind: values.EXECUTION_SCHEDULE,
        urgency: values.EXECUTION_URGENCY,
        duration: values.EXECUTION_DURATION_MS,
      } satisfies ScheduleChoice,
      maxClip: values.MAX_CLIP_USD,
      passiveWait: values.PASSIVE_WAIT_MS,
      orderValidity: values.ORDER_VALIDITY_MS,
      leaseTtl: values.LEASE_TTL_MS,
    },
    stops: { enabled: values.PROTECTIVE_STOPS === 'on', atShare: values.STOP_AT_SHARE },
  }
}

/** A group that does not show its secrets. */
const hiding = <T extends object>(group: T): T => hidingFields(group, SECRET_FIELDS)

/** A value in a message: shortened, and without the password of an address. */
const shown = (value: string): string => {
  const safe = value.replace(/\/\/[^@/\s]*@/, '//[secret]@')
  return safe.length > 80 ? `${safe.slice(0, 79)}…` : safe
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const item of Object.values(value)) deepFreeze(item)
  }
  return value
}
