import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { announceAlert } from '../../src/app/announce-alert.ts'
import { readRouter } from '../../src/app/route-alert.ts'
import type { Alert, AlertSeverity } from '../../src/domain/alert.ts'
import { formatPrice } from '../../src/domain/format.ts'
import { createRandom } from '../../src/domain/random.ts'
import { baseQty, fraction, price, type TimestampMs } from '../../src/domain/units.ts'
import { createWallClock } from '../../src/venues/virtual-clock.ts'
import { anAlert } from '../conformance/store-samples.ts'
import { type ChatDesk, GROUP, openChatDesk, person } from '../support/chat-desk.ts'

/** `FLOOD=full` is the minute that is promised; the suite takes half of it, at the same rate. */
const SHARE = process.env.FLOOD === 'full' ? 1 : 0.5
const LASTS_MS = SHARE * 60_000
const ALERTS = SHARE * 500
const EPISODES = SHARE * 40
const CRITICAL = Math.ceil(SHARE * 15)
const WITHIN_MS = 10_000
const LOOK_EVERY_MS = 50
const SUBSCRIBERS = Array.from({ length: 10 }, (_, i) => person(`sub${i}`, 'trader', 700 + i))

/** One thing to tell: which episode, when within the flood, how severe it is by then. */
interface Event {
  readonly atMs: number
  readonly episode: number
  readonly severity: AlertSeverity
}

/** Where someone reads, on one platform. */
interface Chat {
  readonly name: string
  /** Everything that stands there now. */
  read(): string
}

test(`${ALERTS} alerts of ${EPISODES} episodes in ${LASTS_MS / 1000} s: every critical one is read everywhere within 10 s, nothing is lost`, async (t) => {
  const seed = Number(process.env.FLOOD_SEED ?? 40)
  t.diagnostic(`FLOOD_SEED=${seed}`)
  const chatDesk = await openChatDesk(t, { limits: true, clock: createWallClock(), members: SUBSCRIBERS })
  const { desk, discord, telegram } = chatDesk
  const everything = { asset: '*', minSeverity: 'notice', minConfidence: fraction(0) } as const
  for (const { memberId } of SUBSCRIBERS) await desk.store.members.subscribe(memberId, everything)
  const chats = chatsOf(chatDesk)
  const before = { discord: discord.requests.length, telegram: telegram.calls.length }

  const events = drawEvents(createRandom(seed))
  const toldAt = new Map<number, number>()
  const seenAt = new Map<string, number>()
  const started = performance.now()
  const now = (): number => performance.now() - started

  let telling = true
  const carry = async (): Promise<void> => {
    while (telling || (await desk.store.outbox.undelivered()) > 0) {
      await desk.app.deliverMessages()
      await sleep(LOOK_EVERY_MS)
    }
  }
  const watch = async (done: AbortSignal): Promise<void> => {
    while (!done.aborted) {
      for (const chat of chats) {
        const text = chat.read()
        for (const episode of toldAt.keys()) {
          const key = `${episode} in ${chat.name}`
          if (!seenAt.has(key) && isCritical(text, episode)) seenAt.set(key, now())
        }
      }
      await sleep(LOOK_EVERY_MS)
    }
  }
  const watching = new AbortController()
  const watched = watch(watching.signal)
  const carried = carry()
  const alerts = new Map<number, Alert>()
  for (const [i, event] of events.entries()) {
    await sleep(Math.max(0, event.atMs - now()))
    if (event.severity === 'critical') toldAt.set(event.episode, now())
    await tell(chatDesk, alerts, { ...event, number: i })
  }
  telling = false
  await carried
  await sleep(2 * LOOK_EVERY_MS)
  watching.abort()
  await watched
  t.diagnostic(`told for ${Math.round(now() / 1000)} s`)

  const waits: number[] = []
  for (const [episode, at] of toldAt) {
    for (const chat of chats) {
      const seen = seenAt.get(`${episode} in ${chat.name}`)
      assert.ok(seen !== undefined, `critical alert ${episode} never stood in ${chat.name}`)
      waits.push(seen - at)
    }
  }
  waits.sort((a, b) => a - b)
  t.diagnostic(
    `critical alerts were read after ${Math.round(waits[waits.length >> 1]!)} ms, at most ${Math.round(waits.at(-1)!)} ms`,
  )
  assert.equal(toldAt.size, CRITICAL)
  assert.ok(waits.at(-1)! < WITHIN_MS, `a critical alert took ${waits.at(-1)} ms`)

  for (const chat of chats) {
    const text = chat.read()
    for (let episode = 0; episode < EPISODES; episode++) {
      assert.ok(text.includes(peakOf(episode)), `episode ${episode} is lost in ${chat.name}`)
    }
  }
  const log = await desk.store.outbox.log({ limit: 100_000 })
  assert.deepEqual(
    log.filter(({ state }) => state === 'given-up' || state === 'waiting'),
    [],
  )
  const sent = {
    discord: discord.requests.length - before.discord,
    telegram: telegram.calls.filter(({ method }) => /send|edit/.test(method)).length,
  }
  t.diagnostic(
    `requests: ${JSON.stringify(sent)}, too many: discord ${discord.limited}, telegram ${telegram.limited()}`,
  )
  assert.ok(discord.limited + telegram.limited() < 0.01 * (sent.discord + sent.telegram))
  assert.ok(
    sent.discord + sent.telegram < (ALERTS * chats.length) / 3,
    `${sent.discord + sent.telegram} requests are no coalescing`,
  )
})

/** Critical ones at random moments, each the last of its episode: from then on nothing else is said of it. */
function drawEvents(random: () => number): readonly Event[] {
  const criticalAt = new Map(
    Array.from({ length: CRITICAL }, (_, episode) => [episode, (0.05 + 0.95 * random()) * LASTS_MS] as const),
  )
  const others = Array.from({ length: ALERTS - CRITICAL }, (_, i): Event => {
    // The first make sure that there are as many episodes.
    const episode = i < EPISODES ? i : Math.floor(random() * EPISODES)
    const atMs = random() * (criticalAt.get(episode) ?? LASTS_MS)
    return { episode, atMs, severity: random() < 0.3 ? 'warning' : 'notice' }
  })
  const critical = [...criticalAt].map(([episode, atMs]): Event => ({ episode, atMs, severity: 'critical' }))
  return [...others, ...critical].sort((a, b) => a.atMs - b.atMs)
}

/** Puts the alert on record as it now stands, and tells of it in the same transaction, as the product does. */
async function tell(
  { desk }: ChatDesk,
  alerts: Map<number, Alert>,
  { episode, severity, number }: Event & { number: number },
): Promise<void> {
  const { store, ports, clock } = desk
  const at = clock.now()
  const known = alerts.get(episode)
  const alert = known ? risen(known, severity, number) : raised(episode, severity, at)
  alerts.set(episode, alert)
  await store.transaction(async (tx) => {
    if (known) assert.ok(await tx.alerts.advance(alert))
    else assert.ok(await tx.alerts.raise(alert))
    const router = await readRouter(tx, ports, at)
    const facts = { price: price(3_000), book: { exposure: baseQty(10), unhedged: baseQty(5) } }
    await announceAlert(tx, ports, { alertId: alert.alertId, router, facts, at })
  })
}

const PEAK = 2_000
const raised = (episode: number, severity: AlertSeverity, at: TimestampMs): Alert => {
  const alert = anAlert({ alertId: `flood${String(episode).padStart(11, '0')}`, severity, raisedAt: at })
  const cluster = { ...alert.cluster, clusterId: `C${episode}`, peakPrice: price(PEAK + 10 * episode) }
  return { ...alert, clusterId: cluster.clusterId, cluster, stageTimes: { raised: at } }
}

const risen = (alert: Alert, severity: AlertSeverity, number: number): Alert => ({
  ...alert,
  severity: alert.severity === 'critical' ? 'critical' : severity === 'notice' ? alert.severity : severity,
  peakConfidence: fraction(Math.min(0.99, alert.peakConfidence + number / 100_000)),
})

const peakOf = (episode: number): string => formatPrice(price(PEAK + 10 * episode))

/** A message that is about the episode and gives its severity as critical. */
const isCritical = (text: string, episode: number): boolean =>
  text.split(MESSAGE_END).some((message) => message.includes(peakOf(episode)) && /Severity\W+critical/.test(message))
const MESSAGE_END = '\n--- end of message ---\n'

function chatsOf({ discord, telegram }: ChatDesk): readonly Chat[] {
  const onDiscord = (channelId: string): string =>
    discord.messages
      .filter((message) => message.channelId === channelId)
      .map(({ text }) => text)
      .join(MESSAGE_END)
  const onTelegram = (chat: string): string =>
    telegram.messages
      .filter((message) => message.chat === chat && !message.deleted)
      .map(({ text }) => text)
      .join(MESSAGE_END)
  const numbers = SUBSCRIBERS.map(({ identities }) => identities[0]!.platformUserId)
  return [
    { name: 'the Discord channel', read: () => onDiscord(discord.channelId) },
    { name: 'the Telegram group', read: () => onTelegram(String(GROUP)) },
    ...numbers.flatMap((number): Chat[] => [
      { name: `${number} on Discord`, read: () => onDiscord(discord.directOf(number)) },
      { name: `${number} on Telegram`, read: () => onTelegram(number) },
    ]),
  ]
}
