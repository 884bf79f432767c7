import { join } from 'node:path'
import { commands } from '../../commands/index.ts'
import { CONSOLE_CHANNEL, createConsoleChat } from '../chat/console.ts'
import { loadConfig } from '../config.ts'
import { formatTime } from '../domain/format.ts'
import { base32Hash } from '../domain/hash.ts'
import { DAY, later, type TimestampMs } from '../domain/units.ts'
import { createLog } from '../log.ts'
import { chooseMarket } from './choose-market.ts'
import { DEMO_MEMBERS } from './demo-members.ts'
import { openDesk } from './desk.ts'
import { createRandomIds, createSeededIds } from './ids.ts'
import { runScript } from './run-script.ts'
import { onStop, report } from './terminal.ts'

export interface DemoOptions {
  readonly market: string
  readonly symbol?: string
  readonly from?: TimestampMs
  readonly to?: TimestampMs
  readonly days: number
  readonly speed: number
  readonly seed: number
  readonly script?: boolean
  readonly fresh?: boolean
}

/** While something waits for a person, market time must not run out under their hands. */
const SPEED_WHILE_WAITING = 5
const LOOK_MS = 100

/** `demo`: the whole product on paper money with the chat in this terminal, or the unattended run with `--script`. */
export async function runDemo(options: DemoOptions): Promise<void> {
  checkWindow(options)
  const symbol = options.symbol?.toUpperCase()
  const base = loadConfig({ overrides: { MARKET: options.market } })
  if (symbol !== undefined && base.book.exposures[symbol] === undefined) {
    throw new Error(
      `Expected --symbol to be an asset of the book (${Object.keys(base.book.exposures).join(', ')}), was ${symbol}: add it to BOOK, e.g. BOOK=${symbol}:100`,
    )
  }
  const assets = symbol === undefined ? Object.keys(base.book.exposures) : [symbol]
  const exposures = Object.fromEntries(Object.entries(base.book.exposures).filter(([asset]) => assets.includes(asset)))
  const config = { ...base, book: { ...base.book, exposures } }
  const log = createLog(config.data.logLevel === 'info' ? 'warn' : config.data.logLevel)
  const stop = onStop()
  let talking = false
  const name = databaseName(options, assets)

  const chat = createConsoleChat({
    input: options.script ? undefined : process.stdin,
    output: process.stdout,
    commands,
    identities: DEMO_MEMBERS.map((member) => ({
      name: member.name,
      platformUserId: member.identities[0]!.platformUserId,
    })),
    allowIdentitySwitch: true,
    pictureFolder: options.script ? undefined : join(config.data.folder, 'pictures'),
    log,
  })
  const desk = await openDesk({
    config,
    log,
    database: { name, fresh: options.script === true || options.fresh === true },
    roles: ['bot', 'worker'],
    members: DEMO_MEMBERS,
    openMarket: (clock) =>
      chooseMarket(config, { assets, seed: options.seed, from: options.from, to: scriptEnd(options) }, { clock, log }),
    ids: () => (options.script ? createSeededIds(name) : createRandomIds()),
    channels: [{ platform: 'console', channel: CONSOLE_CHANNEL }],
    openChats: async () => [chat],
    // Once people can type, the line below them is theirs.
    onProgress: (text) => {
      if (!talking) report(text)
    },
  })
  try {
    if (options.script) {
      await runScript({
        desk,
        asset: assets[0]!,
        market: options.market,
        say: async (who, line) =>
          void (await chat.submit(
            line,
            DEMO_MEMBERS.find((member) => member.memberId === who)!.identities[0]!.platformUserId,
          )),
        print: (line) => process.stdout.write(`${line}\n`),
        signal: stop.signal,
      })
      return
    }
    report('')
    talking = true
    process.stdout.write(WELCOME(options))
    let waiting = false
    const look = async (): Promise<void> => {
      waiting = (await desk.store.proposals.list({ states: ['pending'], limit: 1 })).length > 0
    }
    // A database that is away is told by whoever works; here it only means that nobody is known to be waiting.
    const watch = setInterval(() => void look().catch(() => undefined), LOOK_MS)
    chat.closed.then(() => {
      if (stop.signal.aborted) return
      if (!process.stdin.isTTY) process.stdout.write(INPUT_ENDED)
      stop.abort()
    })
    try {
      await desk.drive({
        signal: stop.signal,
        speed: () => (waiting ? Math.min(options.speed, SPEED_WHILE_WAITING) : options.speed),
        betweenSteps: look,
      })
      if (!stop.signal.aborted) {
        process.stdout.write('The window has run out. You can still ask; Ctrl-C ends.\n')
        await stop.stopped
      }
    } finally {
      clearInterval(watch)
    }
  } finally {
    await desk.close()
  }
}

/** @throws {Error} before anything is opened, when the window cannot be run */
function checkWindow({ market, script, from, to }: DemoOptions): void {
  if (script && market === 'live')
    throw new Error('Expected simulated or replay:<folder> with --script, was live: a live market has no end')
  if (from !== undefined && to !== undefined && to <= from) {
    throw new Error(`Expected --to after --from, was ${formatTime(from)} … ${formatTime(to)}`)
  }
}

const scriptEnd = (options: DemoOptions): TimestampMs | undefined =>
  options.to ??
  (options.script && options.market === 'simulated'
    ? later(options.from ?? SIMULATED_SCRIPT_START, options.days * DAY)
    : undefined)

const SIMULATED_SCRIPT_START = Date.UTC(2026, 0, 5) as TimestampMs

function databaseName(options: DemoOptions, assets: readonly string[]): string {
  const market = options.market.startsWith('replay:') ? 'replay' : options.market
  const day = (at?: TimestampMs) =>
    at === undefined ? '' : `_${new Date(at).toISOString().slice(0, 10).replaceAll('-', '')}`
  const name = `${options.script ? 'script' : 'demo'}_${market}_${assets.join('_')}${day(options.from)}${day(options.to)}`
  // PostgreSQL cuts names at 63 bytes, and two folders may hold the same dates: the end tells them apart.
  const distinct = base32Hash(`${options.market}/${assets.join(',')}/${options.seed}`, 30)
  return `${name.slice(0, 52)}_${distinct}`.toLowerCase()
}

const INPUT_ENDED =
  '\nThe input has ended, and with it the demo. npm run demo -- --script runs without anyone typing.\n'

const WELCOME = (options: DemoOptions): string =>
  [
    '',
    `Breakwater on paper money, ${options.market} market, ${options.speed} market seconds a second.`,
    'You speak as Ana, who may do everything. /as Tom and /as Vera try it with fewer rights.',
    'Try /help, /hedge status, /liq clusters ETH. Ctrl-C ends; the next start goes on from here.',
    '',
  ].join('\n')
