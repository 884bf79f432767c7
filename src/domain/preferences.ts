/** Languages in which the chat's own words exist (src/chat/texts). */
export const LANGUAGES = ['en'] as const
export type Language = (typeof LANGUAGES)[number]

/** Local time of day in minutes after midnight; `from` belongs to it, `to` does not, and it may span midnight. */
export interface QuietHours {
  readonly fromMinute: number
  readonly toMinute: number
}

export const DIGESTS = ['off', 'hourly', 'daily'] as const
export type Digest = (typeof DIGESTS)[number]

/** How one member wants to be told. */
export interface Preferences {
  /** IANA name: `Europe/Berlin`. */
  readonly timeZone: string
  /** Which figure of a position is said first. */
  readonly units: 'usd' | 'coins'
  readonly language: Language
  /** Look of pictures; `platform` follows where they are shown. */
  readonly theme: 'platform' | 'light' | 'dark'
  /** No sound in these hours but for what is critical; what came is told afterwards in one message. */
  readonly quietHours?: QuietHours | undefined
  /** Episodes below the member's own threshold, told together: on the hour, or at 08:00 of the member's day. */
  readonly digest: Digest
}

export const DEFAULT_PREFERENCES: Preferences = {
  timeZone: 'UTC',
  units: 'usd',
  language: 'en',
  theme: 'platform',
  digest: 'off',
}
