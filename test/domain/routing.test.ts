import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AlertSeverity } from '../../src/domain/alert.ts'
import type { Reach } from '../../src/domain/delivery.ts'
import type { Member } from '../../src/domain/member.ts'
import { DEFAULT_PREFERENCES, type Preferences } from '../../src/domain/preferences.ts'
import { digestDueAt, privatePlaces, type Reader, routeAlert } from '../../src/domain/routing.ts'
import type { Subscription } from '../../src/domain/subscription.ts'
import { fraction, HOUR, later, MINUTE, type TimestampMs, timestamp } from '../../src/domain/units.ts'

const NOON = timestamp(Date.UTC(2026, 0, 5, 12))
const ANA: Member = {
  memberId: 'ana',
  name: 'Ana',
  role: 'viewer',
  identities: [
    { platform: 'discord', platformUserId: '11' },
    { platform: 'telegram', platformUserId: '12' },
    { platform: 'console', platformUserId: '1' },
  ],
}
const subscription = (minSeverity: AlertSeverity, minConfidence = 0, asset = '*'): Subscription => ({
  asset,
  minSeverity,
  minConfidence: fraction(minConfidence),
})
const reader = (over: Partial<Reader> = {}): Reader => ({
  member: ANA,
  preferences: DEFAULT_PREFERENCES,
  subscriptions: [subscription('notice')],
  mutes: [],
  onCall: false,
  ...over,
})
const alert = (severity: AlertSeverity, peakConfidence = 0.4, asset = 'ETH') => ({
  asset,
  severity,
  peakConfidence: fraction(peakConfidence),
})
/** Noon is quiet. */
const quiet: Preferences = { ...DEFAULT_PREFERENCES, quietHours: { fromMinute: 11 * 60, toMinute: 13 * 60 } }

test('who has not subscribed is told nothing in private, whatever its weight', () => {
  for (const severity of ['notice', 'warning', 'critical'] as const)
    assert.equal(routeAlert(alert(severity), reader({ subscriptions: [] }), NOON), 'leave')
})

test('a subscription asks for severity and for confidence, and both have to be met', () => {
  const wants = reader({ subscriptions: [subscription('warning', 0.5)] })
  assert.equal(routeAlert(alert('notice', 0.9), wants, NOON), 'leave')
  assert.equal(routeAlert(alert('warning', 0.49), wants, NOON), 'leave')
  assert.equal(routeAlert(alert('critical', 0.49), wants, NOON), 'leave')
  assert.equal(routeAlert(alert('warning', 0.5), wants, NOON), 'send')
  assert.equal(routeAlert(alert('critical', 0.5), wants, NOON), 'send')
})

test('the subscription of an asset goes before that of all', () => {
  const wants = reader({ subscriptions: [subscription('notice'), subscription('critical', 0, 'ETH')] })
  assert.equal(routeAlert(alert('warning'), wants, NOON), 'leave')
  assert.equal(routeAlert(alert('warning', 0.4, 'BTC'), wants, NOON), 'send')
})

test('quiet hours and mutes hold back what is not critical', () => {
  const muted = (asset: string, until: TimestampMs) => reader({ mutes: [{ asset, until }] })
  for (const held of [reader({ preferences: quiet }), muted('ETH', later(NOON, 1)), muted('*', later(NOON, 1))]) {
    assert.equal(routeAlert(alert('notice'), held, NOON), 'hold')
    assert.equal(routeAlert(alert('warning'), held, NOON), 'hold')
    assert.equal(routeAlert(alert('critical'), held, NOON), 'send')
  }
  for (const free of [muted('BTC', later(NOON, 1)), muted('ETH', NOON)])
    assert.equal(routeAlert(alert('warning'), free, NOON), 'send')
  assert.equal(routeAlert(alert('warning'), reader({ preferences: quiet }), later(NOON, HOUR)), 'send')
})

test('below the threshold it is kept for the digest of who has one', () => {
  const wants = (digest: Preferences['digest']) =>
    reader({ subscriptions: [subscription('critical')], preferences: { ...DEFAULT_PREFERENCES, digest } })
  assert.equal(routeAlert(alert('warning'), wants('off'), NOON), 'leave')
  assert.equal(routeAlert(alert('warning'), wants('hourly'), NOON), 'hold')
  assert.equal(routeAlert(alert('critical'), wants('daily'), NOON), 'send')
})

test('who is on call hears of what is critical, subscribed or not; who has no role of nothing', () => {
  const onCall = { onCall: true, subscriptions: [], preferences: quiet, mutes: [{ asset: '*', until: later(NOON, 1) }] }
  assert.equal(routeAlert(alert('critical'), reader(onCall), NOON), 'send')
  assert.equal(routeAlert(alert('warning'), reader(onCall), NOON), 'leave')
  const removed = reader({ onCall: true, member: { ...ANA, role: 'none' } })
  assert.equal(routeAlert(alert('critical'), removed, NOON), 'leave')
})

test('private places are those of the platforms in use that are not known to be broken', () => {
  const reach = (platform: Reach['platform'], works: boolean, memberId = 'ana'): Reach => ({
    memberId,
    platform,
    works,
    at: NOON,
  })
  const channels = (known: readonly Reach[], platforms: readonly Member['identities'][number]['platform'][]) =>
    privatePlaces(ANA, { platforms, reach: known }).map(({ platform, channel }) => `${platform} ${channel}`)
  const both = ['discord', 'telegram'] as const
  assert.deepEqual(channels([], both), ['discord user:11', 'telegram user:12'])
  assert.deepEqual(channels([], ['console']), ['console user:1'])
  assert.deepEqual(channels([reach('discord', false), reach('telegram', true)], both), ['telegram user:12'])
  assert.deepEqual(channels([reach('discord', false, 'ben')], both), ['discord user:11', 'telegram user:12'])
  assert.deepEqual(
    channels([reach('discord', false), reach('telegram', false)], both),
    ['discord user:11', 'telegram user:12'],
    'a try is better than silence',
  )
})

test('a digest falls due at the end of quiet hours, on the hour, or at 08:00 where the member is', () => {
  const at = timestamp(Date.UTC(2026, 6, 6, 9, 20, 30))
  const due = (over: Partial<Preferences>, when = at) => {
    const dueAt = digestDueAt({ ...DEFAULT_PREFERENCES, ...over }, when)
    return dueAt === undefined ? undefined : new Date(dueAt).toISOString().slice(5, 19)
  }
  assert.equal(due({ digest: 'hourly' }), '07-06T09:00:00')
  assert.equal(due({ digest: 'hourly', timeZone: 'Asia/Kolkata' }), '07-06T08:30:00')
  assert.equal(due({ digest: 'daily' }), '07-06T08:00:00')
  assert.equal(due({ digest: 'daily', timeZone: 'Europe/Berlin' }), '07-06T06:00:00')
  assert.equal(due({ digest: 'daily', timeZone: 'America/New_York' }), '07-05T12:00:00')
  const quietHours = { fromMinute: 22 * 60, toMinute: 9 * 60 + 15 }
  assert.equal(due({ digest: 'daily', quietHours }), '07-06T09:15:00')
  assert.equal(due({ quietHours }, later(at, -10 * MINUTE)), undefined, 'it is still quiet')
  assert.equal(due({}), '07-06T09:20:30', 'what only a mute held back waits for nothing else')
})
