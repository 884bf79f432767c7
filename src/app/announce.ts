import type { Card } from '../domain/card.ts'
import { canonicalJson, sha256 } from '../domain/hash.ts'
import type { TimestampMs } from '../domain/units.ts'
import type { Queue, Store } from '../ports.ts'
import type { Settings } from './settings.ts'

/**
 * Puts a card for every desk channel into the outbox, inside the caller's transaction: the change and the word of it are
 * stored together or not at all. A later card under the same key edits the earlier post.
 */
export async function announce(
  tx: Store,
  settings: Settings,
  { cardKey, card, at }: { cardKey: string; card: Card; at: TimestampMs },
): Promise<void> {
  const revision = sha256(canonicalJson(card)).slice(0, 12)
  for (const { platform, channel } of settings.channels) {
    await tx.outbox.add({
      messageKey: `${cardKey}/${revision}/${platform}/${channel}`,
      cardKey,
      platform,
      channel,
      card,
      createdAt: at,
    })
  }
}

/** Wakes the delivery job; the outbox row, not this call, is what makes delivery certain. */
export const wakeDelivery = (queue: Queue): Promise<void> =>
  queue.add({ name: 'deliver-messages', data: {}, jobId: 'deliver-messages' })
