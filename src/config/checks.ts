import { joinPeople } from './people.ts'
import type { Values, VariableName } from './variables.ts'

export interface Mistake {
  readonly variable: string
  readonly message: string
}

type Check = (
  values: Partial<Values>,
  isWrong: (name: VariableName) => boolean,
) => Mistake | readonly Mistake[] | undefined

/** Slices vary by ± 30 %, so one of four may carry 1.53 times the mean clip. */
const LARGEST_SLICE = 1.6

const PLATFORM_NEEDS = {
  DISCORD_TOKEN: ['DISCORD_APPLICATION_ID', 'DISCORD_CHANNEL_IDS'],
  TELEGRAM_TOKEN: ['TELEGRAM_CHAT_IDS'],
} as const satisfies Partial<Record<VariableName, readonly VariableName[]>>

const CHECKS: readonly Check[] = [
  ({ TRADING_MODE: mode, TRADING_VENUES: venues, MARKET: market }, isWrong) =>
    mode !== 'live'
      ? undefined
      : [
          ...(venues === undefined && !isWrong('TRADING_VENUES')
            ? [
                {
                  variable: 'TRADING_VENUES',
                  message: 'Expected at least one venue, because TRADING_MODE=live, was nothing.',
                },
              ]
            : []),
          ...(market !== undefined && market.kind !== 'live'
            ? [
                {
                  variable: 'TRADING_MODE',
                  message: `Expected paper, because MARKET=${market.kind} is not the real market, was "live".`,
                },
              ]
            : []),
        ],

  ({ VENUE_KEYS_PASSPHRASE: passphrase, VENUE_KEYS_PASSPHRASE_FILE: file }) =>
    passphrase !== undefined && file !== undefined
      ? {
          variable: 'VENUE_KEYS_PASSPHRASE_FILE',
          message: 'Expected nothing, because VENUE_KEYS_PASSPHRASE is set, was a file. Remove one of the two.',
        }
      : undefined,

  (values, isWrong) =>
    (Object.keys(PLATFORM_NEEDS) as (keyof typeof PLATFORM_NEEDS)[]).flatMap((token) =>
      values[token] === undefined
        ? []
        : PLATFORM_NEEDS[token]
            .filter((name) => values[name] === undefined && !isWrong(name))
            .map((variable) => ({ variable, message: `Expected a value, because ${token} is set, was nothing.` })),
    ),

  (values, isWrong) =>
    values.TELEGRAM_WEBHOOK_URL !== undefined &&
    values.TELEGRAM_WEBHOOK_SECRET === undefined &&
    !isWrong('TELEGRAM_WEBHOOK_SECRET')
      ? {
          variable: 'TELEGRAM_WEBHOOK_SECRET',
          message:
            'Expected a value, because TELEGRAM_WEBHOOK_URL is set, was nothing: without it anyone could pose as Telegram.',
        }
      : undefined,

  ({ PAGER_URL, PAGER_KIND, PAGER_KEY }, isWrong) =>
    PAGER_URL !== undefined && PAGER_KIND === 'pagerduty' && PAGER_KEY === undefined && !isWrong('PAGER_KEY')
      ? { variable: 'PAGER_KEY', message: 'Expected the integration key of the PagerDuty service, was nothing.' }
      : undefined,

  // Everyone is refused until an admin lets them in, so a platform without one could never be used.
  (values, isWrong) => {
    if (isWrong('ADMINS')) return undefined
    const platforms = [
      values.DISCORD_TOKEN === undefined ? [] : ['discord' as const],
      values.TELEGRAM_TOKEN === undefined ? [] : ['telegram' as const],
    ].flat()
    return platforms
      .filter((platform) => !values.ADMINS?.some(({ identity }) => identity.platform === platform))
      .map((platform) => ({
        variable: 'ADMINS',
        message: `Expected an admin on ${platform}, because ${platform.toUpperCase()}_TOKEN is set, was none. Add ${platform}:<numeric id>:<name>.`,
      }))
  },

  ({ ADMINS = [], MEMBERS = [] }) =>
    joinPeople([...ADMINS, ...MEMBERS]).contradictions.map((message) => ({
      variable: 'MEMBERS',
      message: `${message}.`,
    })),

  ({ BOOK, ASSETS }) =>
    Object.keys((ASSETS && BOOK) ?? {})
      .filter((asset) => !ASSETS!.includes(asset))
      .map((asset) => ({
        variable: 'BOOK',
        message: `Expected only assets that ASSETS lists (${ASSETS!.join(', ')}), was ${asset}. Add it there or remove it here.`,
      })),

  atMost('HEDGE_MEAN_RATIO', 'HEDGE_MAX_RATIO'),
  atMost('ALERT_HYSTERESIS', 'ALERT_THRESHOLD'),
  atMost('APPROVAL_QUORUM', 'APPROVAL_QUORUM_LARGE'),
  atMost('MAX_ORDER_NOTIONAL_USD', 'MAX_PROPOSAL_NOTIONAL_USD'),
  atMost('MAX_PROPOSAL_NOTIONAL_USD', 'MAX_GROSS_NOTIONAL_USD'),
  atMost('MAX_SLIPPAGE_BPS', 'PRICE_COLLAR_BPS'),
  atMost('MAX_LEVERAGE', 'HARD_LEVERAGE'),
  atMost('DAILY_LOSS_SOFT', 'DAILY_LOSS_HARD'),
  atMost('AUTO_APPROVE_ORDER_USD', 'AUTO_APPROVE_HOUR_USD'),
  atMost('AUTO_APPROVE_HOUR_USD', 'AUTO_APPROVE_DAY_USD'),

  ({ MAX_CLIP_USD: clip, MAX_ORDER_NOTIONAL_USD: max }) =>
    clip !== undefined && max !== undefined && clip * LARGEST_SLICE > max
      ? {
          variable: 'MAX_CLIP_USD',
          message:
            `Expected ${Math.floor(max / LARGEST_SLICE)} or less, was ${clip}: slices vary in size, and the largest would ` +
            `be denied by MAX_ORDER_NOTIONAL_USD=${max}.`,
        }
      : undefined,
]

/** What is wrong between variables that are each well formed; those whose variables are missing or wrong are passed over. */
export const checkTogether = (values: Partial<Values>, isWrong: (name: VariableName) => boolean): readonly Mistake[] =>
  CHECKS.flatMap((check) => check(values, isWrong) ?? [])

type NumericName = { [Name in VariableName]: Values[Name] extends number | undefined ? Name : never }[VariableName]

function atMost(variable: NumericName, limit: NumericName): Check {
  return (values) => {
    const [value, max] = [values[variable], values[limit]]
    return value !== undefined && max !== undefined && value > max
      ? { variable, message: `Expected at most ${limit}=${max}, was ${value}. Lower the one or raise the other.` }
      : undefined
  }
}
