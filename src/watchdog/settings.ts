import { existsSync, readFileSync } from 'node:fs'
import { parseArgs, parseEnv } from 'node:util'
import type { PagerOptions } from '../chat/pager.ts'
import type { WaySettings } from './ways.ts'

export type Environment = Readonly<Record<string, string | undefined>>

export interface WatchdogSettings {
  readonly port: number
  readonly bind: string
  readonly silentAfterMs: number
  readonly repeatAfterMs: number
  /** Where beats are taken; undefined: at any path. */
  readonly beat: { readonly path: string; readonly authorization: string | undefined } | undefined
  readonly ways: WaySettings
  /** What must not be shown. */
  readonly secrets: readonly string[]
  /** Sends one alert by every way and ends. */
  readonly trial: boolean
}

/** As `.env.example` has them; a test holds the two against each other. */
export const DEFAULTS = {
  DISCORD_API_ROOT: 'https://discord.com/api',
  TELEGRAM_API_ROOT: 'https://api.telegram.org',
  PAGER_KIND: 'ntfy',
  HEARTBEAT_EVERY_MS: '15000',
} as const

export const USAGE = `Usage: breakwater watchdog [options]

Takes the heartbeats of the desk (HEARTBEAT_URL) and pages and posts when they stop. Reads PAGER_…, TELEGRAM_…, DISCORD_… and
HEARTBEAT_… of .env and of the environment. Best run on another machine.

  --port <number>           where beats are taken (default 8687, 0 = any free one)
  --bind <address>          address to listen at (default 127.0.0.1); beyond this machine HEARTBEAT_URL needs a secret path
  --silent-after <seconds>  how long a silence may be (default 60)
  --repeat-after <seconds>  until an alert is repeated; each further pause is twice as long, up to an hour (default 120)
  --test                    send a trial alert by every way, and end
  --help                    show this
`

/** What is wrong with the settings, all of it, by name and without a secret. */
export class WatchdogSettingsError extends Error {
  constructor(mistakes: readonly string[]) {
    super(`The watchdog cannot start:\n${mistakes.map((mistake) => `  ${mistake}`).join('\n')}`)
    this.name = 'WatchdogSettingsError'
  }
}

/**
 * Reads what it needs from the command line, the environment and `.env`, in this order of precedence, and leaves everything else
 * alone: the desk's configuration may be broken, and the watchdog has to run all the same.
 *
 * @returns undefined when help is asked for
 * @throws {WatchdogSettingsError} naming every mistake
 */
export function readWatchdogSettings(
  args: readonly string[],
  { environment = process.env, envFile = '.env' }: { environment?: Environment; envFile?: string } = {},
): WatchdogSettings | undefined {
  const options = parse(args)
  if (options.help) return undefined
  const file = existsSync(envFile) ? parseEnv(readFileSync(envFile, 'utf8')) : {}
  const get = (name: string): string | undefined =>
    environment[name]?.trim() || file[name]?.trim() || (DEFAULTS as Record<string, string>)[name]

  const mistakes: string[] = []
  const ways = waysFrom(get, mistakes)
  const beat = beatFrom(get('HEARTBEAT_URL'), mistakes)
  const seconds = (name: 'silent-after' | 'repeat-after', fallback: number): number => {
    const value = Number(options[name] ?? fallback)
    if (!(value > 0 && value <= 86_400))
      mistakes.push(`--${name}: Expected seconds, up to a day, was ${options[name]}.`)
    return value * 1000
  }
  const silentAfterMs = seconds('silent-after', 60)
  const everyMs = Number(get('HEARTBEAT_EVERY_MS'))
  if (silentAfterMs < 2 * everyMs) {
    mistakes.push(
      `--silent-after: Expected at least two beats (HEARTBEAT_EVERY_MS=${everyMs}), was ${silentAfterMs / 1000} s: one lost would be an alert.`,
    )
  }
  const port = Number(options.port ?? 8687)
  if (!(Number.isInteger(port) && port >= 0 && port <= 65_535)) {
    mistakes.push(`--port: Expected a port, was ${options.port}.`)
  }
  const bind = options.bind ?? '127.0.0.1'
  if (!isThisMachine(bind) && (beat === undefined || (beat.path === '' && beat.authorization === undefined))) {
    mistakes.push(
      `--bind: Expected an address of this machine alone, because HEARTBEAT_URL has no secret path, was ${bind}: anyone could beat in the desk’s place. Set it to http://<address>:${port}/beat/<something secret>.`,
    )
  }
  if (Object.values(ways).every((way) => way === undefined)) {
    mistakes.push(
      'Expected a way to reach people, was none: set PAGER_URL, TELEGRAM_TOKEN with TELEGRAM_CHAT_IDS, or DISCORD_TOKEN with DISCORD_CHANNEL_IDS.',
    )
  }
  if (mistakes.length > 0) throw new WatchdogSettingsError(mistakes)
  const secrets = ['PAGER_KEY', 'PAGER_URL', 'TELEGRAM_TOKEN', 'DISCORD_TOKEN', 'HEARTBEAT_URL']
    .map(get)
    .filter((secret) => secret !== undefined)
  return {
    port,
    bind,
    silentAfterMs,
    repeatAfterMs: seconds('repeat-after', 120),
    beat,
    ways,
    secrets,
    trial: options.test ?? false,
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        port: { type: 'string' },
        bind: { type: 'string' },
        'silent-after': { type: 'string' },
        'repeat-after': { type: 'string' },
        test: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    }).values
  } catch (error) {
    throw new WatchdogSettingsError([(error as Error).message])
  }
}

const PAGER_KINDS: readonly PagerOptions['kind'][] = ['ntfy', 'pagerduty', 'json']
type Get = (name: string) => string | undefined

function waysFrom(get: Get, mistakes: string[]): WaySettings {
  const address = (name: string): string | undefined => {
    const value = get(name)?.replace(/\/+$/, '')
    if (value === undefined || isHttp(value)) return value
    mistakes.push(`${name}: Expected an address that starts with https:// or http://; its value is not shown.`)
    return undefined
  }
  const list = (name: string, item: RegExp): readonly string[] => {
    const items = (get(name) ?? '').split(',').map((one) => one.trim())
    const given = items.filter((one) => one !== '')
    if (!given.every((one) => item.test(one))) mistakes.push(`${name}: Expected numeric ids between commas.`)
    return given
  }
  const kind = PAGER_KINDS.find((one) => one === get('PAGER_KIND'))
  if (kind === undefined) mistakes.push(`PAGER_KIND: Expected one of ${PAGER_KINDS.join(', ')}.`)
  const [pagerUrl, telegramToken, discordToken] = [address('PAGER_URL'), get('TELEGRAM_TOKEN'), get('DISCORD_TOKEN')]
  const chats = list('TELEGRAM_CHAT_IDS', /^-?\d{1,20}$/)
  const channels = list('DISCORD_CHANNEL_IDS', /^\d{15,20}$/)
  if (telegramToken && chats.length === 0)
    mistakes.push('TELEGRAM_CHAT_IDS: Expected ids, because TELEGRAM_TOKEN is set.')
  if (discordToken && channels.length === 0)
    mistakes.push('DISCORD_CHANNEL_IDS: Expected ids, because DISCORD_TOKEN is set.')
  const [telegramRoot, discordRoot] = [address('TELEGRAM_API_ROOT'), address('DISCORD_API_ROOT')]
  return {
    pager: pagerUrl && kind ? { kind, url: pagerUrl, key: get('PAGER_KEY') } : undefined,
    telegram:
      telegramToken && telegramRoot && chats.length > 0
        ? { token: telegramToken, chats, apiRoot: telegramRoot }
        : undefined,
    discord:
      discordToken && discordRoot && channels.length > 0
        ? { token: discordToken, channels, apiRoot: discordRoot }
        : undefined,
  }
}

function beatFrom(url: string | undefined, mistakes: string[]): WatchdogSettings['beat'] {
  if (url === undefined) return undefined
  if (!isHttp(url)) {
    mistakes.push('HEARTBEAT_URL: Expected an address that starts with https:// or http://; its value is not shown.')
    return undefined
  }
  const { pathname, search, username, password } = new URL(url)
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return {
    path: plainPath(pathname, search),
    authorization: pair === ':' ? undefined : `Basic ${Buffer.from(pair).toString('base64')}`,
  }
}

/** A slash at the end makes no difference. */
export const plainPath = (pathname: string, search: string): string => `${pathname.replace(/\/+$/, '')}${search}`

const isHttp = (value: string): boolean => URL.canParse(value) && ['http:', 'https:'].includes(new URL(value).protocol)
const isThisMachine = (bind: string): boolean => bind === 'localhost' || bind === '::1' || /^127\./.test(bind)
