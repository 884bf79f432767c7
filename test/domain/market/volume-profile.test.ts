import assert from 'node:assert/strict'
import { test } from 'node:test'
import { volumeProfile } from '../../../src/domain/market/volume-profile.ts'
import { DAY, HOUR, timestamp } from '../../../src/domain/units.ts'

const START = Date.UTC(2026, 0, 5)
const closeOf = (day: number, hour: number) => timestamp(START + day * DAY + (hour + 1) * HOUR)
const days = (count: number, volumeAt: (hour: number, day: number) => number) =>
  Array.from({ length: count * 24 }, (_, i) => {
    const [day, hour] = [Math.floor(i / 24), i % 24]
    return { eventAt: closeOf(day, hour), volume: volumeAt(hour, day) }
  })

test('the profile is what each hour usually trades, and sums to one', () => {
  const profile = volumeProfile(days(10, (hour) => (hour < 12 ? 1 : 3)))!
  assert.equal(profile.length, 24)
  assert.ok(Math.abs(profile.reduce((sum, share) => sum + share, 0) - 1) < 1e-12)
  assert.ok(Math.abs(profile[13]! / profile[2]! - 3) < 1e-9)
})

test('one wild day does not move it, and a day of twice the volume counts like any other', () => {
  const usual = volumeProfile(days(9, (hour) => 1 + hour))!
  const wild = volumeProfile(
    days(9, (hour, day) => (day === 4 && hour === 3 ? 1e6 : (1 + hour) * (day === 5 ? 2 : 1))),
  )!
  for (const [hour, share] of wild.entries()) assert.ok(Math.abs(share - usual[hour]!) < 1e-9, `hour ${hour}`)
})

test('the bar that closes at midnight belongs to the day before', () => {
  const profile = volumeProfile(days(8, (hour) => (hour === 23 ? 1 : 0)))!
  assert.equal(profile[23], 1)
})

test('with fewer than seven days, or no volume at all, nothing is said', () => {
  assert.equal(volumeProfile(days(6, () => 1)), undefined)
  assert.equal(volumeProfile(days(10, () => 0)), undefined)
})
