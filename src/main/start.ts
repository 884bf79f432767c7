import { join } from 'node:path'
import { commands } from '../../commands/index.ts'
import type { Settings } from '../app/settings.ts'
import type { ChatAdapter } from '../chat/command.ts'
import { CONSOLE_CHANNEL, createConsoleChat } from '../chat/console.ts'
import { type Config, loadConfig } from '../config.ts'
import type { Member } from '../domain/member.ts'
import { DAY, HOUR, MINUTE, SECOND } from '../domain/units.ts'
import { createLog, type Logger } from '../log.ts'
import { chooseMarket } from './choose-market.ts'
import { type Desk, openDesk } from './desk.ts'
import { createRandomIds } from './ids.ts'
import { onStop, report } from './terminal.ts'

const ROLES = ['bot', 'worker'] as const
const CONSOLE_OPERATOR: Member = {
  memberId: 'operator',
  name: 'Operator',
  role: 'admin',
  identities: [{ platform: 'console', platformUserId: '1' }],
}

/** `start`: the desk as `.env` configures it. Without chat tokens this terminal is the chat and who sits at it the admin. */
export async function runStart(wanted: readonly string[]): Promise<void> {
  const unknown = wanted.filter((role) => role !== 'trainer' && !ROLES.some((known) => known === role))
  if (unknown.length > 0) throw new Error(`Expected roles among bot, worker, trainer, was ${unknown.join(', ')}`)
  if (wanted.includes('trainer')) {
    if (wanted.length > 1)
      throw new Error('Expected trainer alone, was together with others: training gets a process of its own')
    return (await import('./train.ts')).runTrain({ seed: 1, rung: 'boosted-trees', members: 1, symbol: [] })
  }
  const config = loadConfig()
  const log = createLog(config.data.logLevel)
  const stop = onStop()
  let open = false
  const roles = wanted.length === 0 ? ROLES : ROLES.filter((role) => wanted.includes(role))
  const onConsole = config.discord === undefined && config.telegram === undefined
  let ended: Promise<unknown> = new Promise(() => undefined)
  const desk = await openDesk({
    config,
    log,
    database: { name: 'breakwater', fresh: false },
    roles,
    members: onConsole ? [CONSOLE_OPERATOR, ...config.members] : config.members,
    openMarket: (clock) => {
      // Each process would hold a clock of its own, and only the worker's would move.
      if (roles.length < ROLES.length && config.market.choice.kind !== 'live') {
        throw new Error(
          `Expected MARKET=live for separate roles, was ${config.market.choice.kind}: simulated and replayed markets run all in one`,
        )
      }
      return chooseMarket(config, { assets: config.market.assets, seed: 1 }, { clock, log })
    },
    ids: createRandomIds,
    channels: channelsOf(config),
    openChats: async () => {
      if (!onConsole) return openPlatforms(config, log)
      const chat = createConsoleChat({
        input: process.stdin,
        output: process.stdout,
        commands,
        identities: [{ name: CONSOLE_OPERATOR.name, platformUserId: '1' }],
        allowIdentitySwitch: false,
        pictureFolder: join(config.data.folder, 'pictures'),
        log,
      })
      ended = chat.closed
      return [chat]
    },
    onProgress: (text) => (open ? log.info(text) : report(text)),
    standBy: stop.signal,
  }).catch((error: unknown) => {
    if (stop.signal.aborted) return undefined
    throw error
  })
  if (!desk) return
  report('')
  open = true
  void desk.store.lost.then((role) => {
    log.fatal(
      { role },
      'another process has taken over while this one stood still: ending, so that nothing is done twice',
    )
    // At once: an orderly end would still send what another process sends by now.
    process.exit(1)
  })
  ended.then(() => {
    if (stop.signal.aborted) return
    // Who sits at a terminal and ends the input means to leave; a service has none from the start and has work to do.
    if (process.stdin.isTTY) stop.abort()
    else log.warn('the input has ended, so nobody can type here; the desk goes on until it is stopped')
  })
  log.info(
    {
      roles,
      market: desk.source.name,
      book: config.book.exposures,
      chats: onConsole ? ['console'] : desk.settings.channels,
    },
    'desk is open',
  )
  if (roles.includes('bot')) await checkReach(desk, log)
  const timers = [
    ...(roles.includes('worker') ? keepHouse(desk, log) : []),
    ...(roles.includes('bot') ? keepPosted(desk, log) : []),
  ]
  try {
    if (roles.includes('worker')) await desk.drive({ signal: stop.signal, speed: () => config.market.speed })
    await stop.stopped
  } finally {
    for (const timer of timers) clearInterval(timer)
    await desk.close()
  }
}

function channelsOf({ discord, telegram }: Config): Settings['channels'] {
  if (discord === undefined && telegram === undefined) return [{ platform: 'console', channel: CONSOLE_CHANNEL }]
  return [
    ...(discord?.channels ?? []).map((channel) => ({ platform: 'discord' as const, channel })),
    ...(telegram?.channels ?? []).map((channel) => ({ platform: 'telegram' as const, channel })),
  ]
}

async function openPlatforms(config: Config, log: Logger): Promise<readonly ChatAdapter[]> {
  return [
    ...(config.discord
      ? [(await import('../chat/discord.ts')).createDiscordChat({ ...config.discord, commands, log })]
      : []),
    ...(config.telegram
      ? [(await import('../chat/telegram.ts')).createTelegramChat({ ...config.telegram, commands, log })]
      : []),
  ]
}

const RECONCILE_EVERY = 30 * SECOND

type HouseJob =
  | 'reconcile'
  | 'watch-risk'
  | 'apply-retention'
  | 'refresh-margin-tiers'
  | 'check-reach'
  | 'tend-training'
  | 'retrain-models'

/**
 * What has no event to wake it: judging the rails, saying that we are alive, reconciling, forgetting what is older than the
 * retention, asking venues for their tiers, looking after a model in training and whether another is due.
 */
function keepHouse(desk: Desk, log: Logger): NodeJS.Timeout[] {
  const add = (name: HouseJob) => () =>
    void desk.queue
      .add({ name, data: {}, jobId: name })
      .catch((error: unknown) => log.warn({ err: error, job: name }, 'housekeeping could not be woken'))
  const live = desk.source.name === 'live'
  if (live) add('refresh-margin-tiers')()
  if (desk.clock.kind === 'wall') add('watch-risk')()
  const { risk, heartbeat, trading } = desk.settings
  return [
    ...(desk.clock.kind === 'wall' ? [setInterval(add('watch-risk'), risk.every)] : []),
    setInterval(() => void beat(desk, log), heartbeat.every),
    ...(trading.countdown > 0 ? [setInterval(() => void keepCountdown(desk, log), trading.countdown / 3)] : []),
    setInterval(add('reconcile'), RECONCILE_EVERY),
    setInterval(add('apply-retention'), HOUR),
    setInterval(add('check-reach'), HOUR),
    ...(live ? [setInterval(add('refresh-margin-tiers'), DAY)] : []),
    setInterval(add('tend-training'), MINUTE),
    // Quarters of a replay pass in minutes: it is the calendar's that count.
    ...(desk.clock.kind === 'wall' ? [setInterval(add('retrain-models'), HOUR)] : []),
  ]
}

/** Whoever watches hears of a failure by our silence; the log hears of the first. */
async function beat({ app }: Desk, log: Logger): Promise<void> {
  const beaten = await app.beatHeart()
  if (beaten.kind === 'failed' && beaten.inARow === 1)
    log.warn({ reason: beaten.reason }, 'the heartbeat was not taken')
}

async function keepCountdown({ app }: Desk, log: Logger): Promise<void> {
  try {
    for (const { venue, outcome, reason } of await app.keepCountdown())
      if (outcome === 'failed') log.warn({ venue, reason }, 'a countdown could not be renewed')
  } catch (error) {
    log.warn({ err: error }, 'the countdowns could not be kept')
  }
}

/**
 * A message that was put on its way and whose wake-up got lost goes out within a second all the same; with nothing to send this is
 * one look at an index. Where the market drives the clock, it wakes delivery itself.
 */
function keepPosted({ app, clock }: Desk, log: Logger): NodeJS.Timeout[] {
  if (clock.kind === 'virtual') return []
  let failed = false
  const look = (): Promise<void> =>
    app.deliverMessages().then(
      () => {
        failed = false
      },
      (error: unknown) => {
        // Once a failure, not once a second.
        if (!failed) log.warn({ err: error }, 'messages could not be delivered, trying again')
        failed = true
      },
    )
  return [setInterval(() => void look(), SECOND)]
}

/** Says at the start who cannot be reached, and refuses to run where nobody can: a desk that nobody hears is no desk. */
async function checkReach({ app }: Pick<Desk, 'app'>, log: Logger): Promise<void> {
  const { anythingWorks, desk, membersWithout } = await app.checkReach()
  for (const place of desk.filter(({ works }) => !works)) log.error(place, 'a channel of the desk takes no messages')
  for (const member of membersWithout) log.warn(member, 'a member has no channel that works')
  if (anythingWorks) return
  throw new Error(
    'Expected at least one channel that takes messages, was none: nobody would hear an alert. npm run doctor says what is missing.',
  )
}
