import { ALERT_SEVERITIES, type Alert, type AlertSeverity } from './alert.ts'
import { directChannel, type Reach } from './delivery.ts'
import { isQuiet, localMinuteOfDay } from './local-time.ts'
import type { Asset } from './market/tick.ts'
import type { Member, Platform } from './member.ts'
import type { Preferences } from './preferences.ts'
import type { Mute, Subscription } from './subscription.ts'
import { HOUR, later, MINUTE, type TimestampMs } from './units.ts'

/** One member, as far as it decides what they are told in private. */
export interface Reader {
  readonly member: Member
  readonly preferences: Preferences
  readonly subscriptions: readonly Subscription[]
  /** Those that hold now. */
  readonly mutes: readonly Mute[]
  readonly onCall: boolean
}

/** `send`: now; `hold`: in the member's next digest; `leave`: not theirs to hear. */
export type Route = 'send' | 'hold' | 'leave'

type Routed = Pick<Alert, 'asset' | 'severity' | 'peakConfidence'>

/**
 * Whether an alert goes to a member's private chats. What is critical goes through quiet hours and mutes, and always to who is
 * on call; an episode below the member's own threshold is kept for the digest where they have one.
 */
export function routeAlert(alert: Routed, reader: Reader, at: TimestampMs): Route {
  const { member, preferences, subscriptions, mutes, onCall } = reader
  if (member.role === 'none') return 'leave'
  const critical = alert.severity === 'critical'
  if (critical && onCall) return 'send'
  const subscription = subscriptionFor(alert.asset, subscriptions)
  if (!subscription) return 'leave'
  if (!fits(alert, subscription)) return preferences.digest === 'off' ? 'leave' : 'hold'
  if (critical) return 'send'
  return isMuted(alert.asset, mutes, at) || isQuiet(preferences, at) ? 'hold' : 'send'
}

/** That of the asset goes before that of all. */
export const subscriptionFor = (asset: Asset, subscriptions: readonly Subscription[]): Subscription | undefined =>
  subscriptions.find((one) => one.asset === asset) ?? subscriptions.find((one) => one.asset === '*')

export const isMuted = (asset: Asset, mutes: readonly Mute[], at: TimestampMs): boolean =>
  mutes.some((mute) => (mute.asset === asset || mute.asset === '*') && at < mute.until)

const fits = ({ severity, peakConfidence }: Routed, { minSeverity, minConfidence }: Subscription): boolean =>
  rank(severity) >= rank(minSeverity) && peakConfidence >= minConfidence

const rank = (severity: AlertSeverity): number => ALERT_SEVERITIES.indexOf(severity)

/**
 * A member's private chats on the platforms in use, without those known not to work; all of them where none is known to work,
 * for a try is better than silence.
 */
export function privatePlaces(
  { memberId, identities }: Pick<Member, 'memberId' | 'identities'>,
  { platforms, reach }: { readonly platforms: readonly Platform[]; readonly reach: readonly Reach[] },
): readonly { readonly platform: Platform; readonly channel: string; readonly memberId: string }[] {
  const inUse = identities.filter(({ platform }) => platforms.includes(platform))
  const working = inUse.filter(
    ({ platform }) => !reach.some((one) => one.memberId === memberId && one.platform === platform && !one.works),
  )
  return (working.length > 0 ? working : inUse).map((identity) => ({
    platform: identity.platform,
    channel: directChannel(identity),
    memberId,
  }))
}

const DAILY_AT_MINUTE = 8 * 60

/**
 * When a member's digest last fell due, up to `at`: the end of the quiet hours, the full hour, or 08:00 of the member's day.
 * Undefined in quiet hours; `at` itself for who has neither quiet hours nor a digest, and yet something held by a mute.
 */
export function digestDueAt(preferences: Preferences, at: TimestampMs): TimestampMs | undefined {
  if (isQuiet(preferences, at)) return undefined
  const { quietHours, digest, timeZone } = preferences
  const since = (minute: number, every: number): TimestampMs =>
    later(at, -((localMinuteOfDay(at, timeZone) - minute + every) % every) * MINUTE - (at % MINUTE))
  const ends = [
    ...(quietHours ? [since(quietHours.toMinute, 1440)] : []),
    ...(digest === 'hourly' ? [since(0, HOUR / MINUTE)] : []),
    ...(digest === 'daily' ? [since(DAILY_AT_MINUTE, 1440)] : []),
  ]
  return ends.length === 0 ? at : (Math.max(...ends) as TimestampMs)
}
