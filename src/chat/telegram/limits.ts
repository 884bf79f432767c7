import type { Urgency } from '../../domain/delivery.ts'
import { createFloodGate, type FloodGate, type Limit } from '../flood.ts'

export interface TelegramLimits {
  readonly chat: readonly Limit[]
  /** In a group, besides the limits of any chat. */
  readonly group: readonly Limit[]
  readonly global: readonly Limit[]
}

/**
 * Telegram publishes no figures but these, as things to stay under: about one message a second in a chat with short bursts
 * let pass, 20 a minute in a group, about 30 a second in all. An edit counts like a message.
 *
 * Of a group's 20 all but five are kept from what the outbox has that is not urgent: a cascade is a dozen critical alerts within
 * the minute, and each has to come through whatever was said before; five are enough for the rest, because the outbox folds what
 * comes many at once into one message. Who asks is answered before that, up to twelve a minute. Two of the 30 are left for what
 * no gate counts: presses acknowledged, menus, probes.
 *
 * @see https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this
 */
export const DEFAULT_LIMITS: TelegramLimits = {
  chat: [{ max: 3, perMs: 3_000 }],
  group: [{ max: 20, perMs: 60_000, reserved: 8, reservedFromLow: 15 }],
  global: [{ max: 28, perMs: 1_000, reserved: 2, reservedFromLow: 8 }],
}

/** The gate for Telegram's chats, by chat id. Only a person's id is a positive number. */
export const createTelegramGate = (
  { chat, group, global }: TelegramLimits,
  { sleep, signal }: { sleep: (ms: number, signal: AbortSignal) => Promise<unknown>; signal: AbortSignal },
): FloodGate =>
  createFloodGate({
    limitsOf: (id) => (isPerson(id) ? chat : [...chat, ...group]),
    global,
    now: () => performance.now(),
    sleep,
    signal,
  })

export const isPerson = (chat: string): boolean => /^\d+$/.test(chat)

/** What is sent to one chat, and how soon. */
export interface Errand {
  readonly chat: string
  readonly urgency: Urgency
}
