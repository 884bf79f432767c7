import { DAY, duration, later, MINUTE, type TimestampMs } from '../domain/units.ts'
import type { Notifier, OutboxMessage } from '../ports.ts'
import type { Ports } from './ports.ts'

const BATCH = 20
const CLAIM_FOR = duration(MINUTE) // longer than any platform's time-out, so that a message in flight is not taken twice
const FIRST_RETRY_MS = 1_000
const GIVE_UP_AFTER = DAY // a desk that was unreachable for a day reads /alerts, not a day-old card

export interface Delivery {
  readonly delivered: number
  readonly failed: number
}

/**
 * Sends what the outbox holds, oldest first: the first card under a key is posted, later ones edit that post.
 *
 * At least once: a crash between sending and noting it sends again, and never loses.
 */
export const createDeliverMessages =
  (ports: Ports, notifiers: () => readonly Notifier[]) => async (): Promise<Delivery> => {
    const { store, clock, queue } = ports
    let [delivered, failed] = [0, 0]
    for (;;) {
      const messages = await store.outbox.claim(BATCH, clock.now(), CLAIM_FOR)
      for (const message of messages) {
        const error = await deliver(ports, notifiers(), message)
        if (error === undefined) delivered++
        else failed++
      }
      if (messages.length < BATCH) break
    }
    const nextAt = await store.outbox.nextDueAt()
    if (nextAt !== undefined && nextAt > clock.now()) {
      await queue.add({ name: 'deliver-messages', data: {}, jobId: `deliver-messages-${nextAt}`, at: nextAt })
    }
    return { delivered, failed }
  }

async function deliver(
  { store, clock }: Ports,
  notifiers: readonly Notifier[],
  message: OutboxMessage,
): Promise<string | undefined> {
  const notifier = notifiers.find((candidate) => candidate.platform === message.platform)
  try {
    if (!notifier) throw new Error(`No ${message.platform} connection in this process`)
    const posted = await store.outbox.postedAt(message.cardKey, message.platform, message.channel)
    const { messageId } =
      posted === undefined
        ? await notifier.post(message.channel, message.card)
        : await notifier.edit(message.channel, posted, message.card)
    await store.outbox.delivered(message.messageKey, messageId, clock.now())
    return undefined
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const retryAt = nextTry(message, clock.now())
    await store.outbox.failed(message.messageKey, reason, retryAt)
    if (retryAt === undefined) {
      await store.audit.append({
        at: clock.now(),
        actor: 'system',
        action: 'delivery.failed',
        subject: message.cardKey,
        details: { platform: message.platform, channel: message.channel, reason },
      })
    }
    return reason
  }
}

const nextTry = (message: OutboxMessage, at: TimestampMs): TimestampMs | undefined =>
  at - message.createdAt > GIVE_UP_AFTER
    ? undefined
    : later(at, Math.min(FIRST_RETRY_MS * 2 ** message.attempts, 5 * MINUTE))
