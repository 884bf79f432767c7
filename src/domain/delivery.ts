import type { Identity, Platform } from './member.ts'
import type { TimestampMs } from './units.ts'

/**
 * What goes first when a platform lets only so much through: `urgent` is approvals, fills, the brake and critical alerts,
 * `normal` everything else that someone should see now, `low` what can wait for a digest.
 */
export const URGENCIES = ['urgent', 'normal', 'low'] as const
export type Urgency = (typeof URGENCIES)[number]

/** The more urgent of two. */
export const moreUrgent = (a: Urgency, b: Urgency): Urgency => (URGENCIES.indexOf(a) <= URGENCIES.indexOf(b) ? a : b)

/** A member's private chat, as a channel: the adapter finds the chat that the platform has for it. */
export const directChannel = ({ platformUserId }: Pick<Identity, 'platformUserId'>): string => `user:${platformUserId}`
/** Whose private chat a channel is; undefined for a channel of the desk. */
export const directUserOf = (channel: string): string | undefined => /^user:(\d{1,20})$/.exec(channel)?.[1]

/**
 * The platform will not take this message, today or tomorrow, until a person does something: the bot was blocked, the chat
 * is gone, a right is missing. Everything else that fails may work on the next try.
 */
export class DeliveryRefusedError extends Error {
  override readonly name = 'DeliveryRefusedError'
}

/** Whether a member's private chat on a platform took the last message, or would take one. */
export interface Reach {
  readonly memberId: string
  readonly platform: Platform
  readonly works: boolean
  /** In words, with what to do about it; only where it does not work. */
  readonly reason?: string | undefined
  readonly at: TimestampMs
}

/** One message as it was delivered, or was not. */
export interface DeliveryRecord {
  readonly cardKey: string
  readonly title: string
  readonly platform: Platform
  readonly channel: string
  readonly memberId?: string | undefined
  readonly urgency: Urgency
  /** When the oldest of what this message says was put on record. */
  readonly waitingSince: TimestampMs
  readonly attempts: number
  readonly deliveredAt?: TimestampMs | undefined
  readonly lastError?: string | undefined
  readonly state: 'delivered' | 'waiting' | 'given-up' | 'superseded'
}
