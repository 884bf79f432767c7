import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Card } from '../../src/domain/card.ts'
import { formatTime } from '../../src/domain/format.ts'
import {
  formatQuietHours,
  inZone,
  isQuiet,
  localMinuteOfDay,
  parseQuietHours,
  quietEndsAt,
  timeZones,
  toTimeZone,
} from '../../src/domain/local-time.ts'
import { DAY, later, MINUTE, type TimestampMs, timestamp } from '../../src/domain/units.ts'

const utc = (text: string): TimestampMs => timestamp(Date.parse(`${text.replace(' ', 'T')}Z`))
const said = (text: string, timeZone: string): string => inZone({ tone: 'info', title: text }, timeZone).title
const anyInstant = fc.integer({ min: utc('2000-01-01 00:00'), max: utc('2037-12-31 00:00') }).map(timestamp)
const anyZone = fc.constantFrom(...timeZones())

test('a time is followed by the time on local clocks, with the day where it is another', () => {
  for (const [written, timeZone, expected] of [
    ['2025-02-03 01:00 UTC', 'Europe/Berlin', '2025-02-03 01:00 UTC (02:00 Berlin)'],
    ['2025-02-03 01:00 UTC', 'America/New_York', '2025-02-03 01:00 UTC (Feb 2, 20:00 New York)'],
    ['2025-02-03 01:00 UTC', 'Asia/Kolkata', '2025-02-03 01:00 UTC (06:30 Kolkata)'],
    ['2025-02-03 18:30 UTC', 'Asia/Kathmandu', '2025-02-03 18:30 UTC (Feb 4, 00:15 Kathmandu)'],
    ['2024-12-31 23:30 UTC', 'Europe/Berlin', '2024-12-31 23:30 UTC (Jan 1, 00:30 Berlin)'],
    ['2025-02-03 01:00 UTC', 'America/Argentina/Buenos_Aires', '2025-02-03 01:00 UTC (Feb 2, 22:00 Buenos Aires)'],
    ['2025-02-03 01:00 UTC', 'Europe/London', '2025-02-03 01:00 UTC (01:00 London)'],
    ['2025-02-03 01:00 UTC', 'UTC', '2025-02-03 01:00 UTC'],
    ['2025-02-03 01:00 UTC', 'Etc/UTC', '2025-02-03 01:00 UTC'],
  ] as const) {
    assert.equal(said(written, timeZone), expected)
  }
})

test('clocks in Berlin go forward on 30 March 2025 and back on 26 October', () => {
  const local = (written: string) => /\((.*)\)/.exec(said(`${written} UTC`, 'Europe/Berlin'))?.[1]
  assert.deepEqual(['2025-03-30 00:59', '2025-03-30 01:00'].map(local), ['01:59 Berlin', '03:00 Berlin'])
  assert.deepEqual(['2025-10-26 00:30', '2025-10-26 01:30'].map(local), ['02:30 Berlin', '02:30 Berlin'])
})

test('every time on a card is read so, and nothing else is touched', () => {
  const card: Card = {
    tone: 'warning',
    title: 'Expires 2025-02-03 01:00 UTC',
    text: 'From 2025-02-03 01:00 UTC to 2025-02-03 02:30 UTC, version 2025-02-03, code 2025-99-99 25:61 UTC',
    fields: [{ name: '2025-02-03 01:00 UTC', value: 'raised 2025-02-03 01:00 UTC, open' }],
    footer: 'as of 2025-02-03 01:00 UTC',
    buttons: [{ label: '2025-02-03 01:00 UTC', command: '/alerts', style: 'neutral' }],
  }
  assert.deepEqual(inZone(card, 'Europe/Berlin'), {
    tone: 'warning',
    title: 'Expires 2025-02-03 01:00 UTC (02:00 Berlin)',
    text: 'From 2025-02-03 01:00 UTC (02:00 Berlin) to 2025-02-03 02:30 UTC (03:30 Berlin), version 2025-02-03, code 2025-99-99 25:61 UTC',
    fields: [
      { name: '2025-02-03 01:00 UTC (02:00 Berlin)', value: 'raised 2025-02-03 01:00 UTC (02:00 Berlin), open' },
    ],
    footer: 'as of 2025-02-03 01:00 UTC (02:00 Berlin)',
    buttons: card.buttons,
  })
  assert.equal(inZone(card, 'UTC'), card)
  assert.deepEqual(inZone({ tone: 'ok', title: 'Done' }, 'Asia/Tokyo'), { tone: 'ok', title: 'Done' })
  assert.throws(() => inZone(card, 'Mars/Olympus'), RangeError)
})

test('in every zone and at every time, what is added is what local clocks show', () => {
  fc.assert(
    fc.property(anyInstant, anyZone, (at, timeZone) => {
      const read = /UTC \((?:\w{3} \d{1,2}, )?(\d\d):(\d\d) .+\)$/.exec(said(formatTime(at), timeZone))
      if (read === null) return timeZone === 'UTC'
      return Number(read[1]) * 60 + Number(read[2]) === localMinuteOfDay(at, timeZone)
    }),
  )
})

test('quiet hours are those of the local clock, their end not included, over midnight too', () => {
  const night = { timeZone: 'America/New_York', quietHours: { fromMinute: 22 * 60, toMinute: 7 * 60 } }
  const quiet = (written: string, preferences: Parameters<typeof isQuiet>[0] = night) =>
    isQuiet(preferences, utc(written))
  assert.deepEqual(
    ['2025-02-03 02:59', '2025-02-03 03:00', '2025-02-03 11:59', '2025-02-03 12:00'].map((at) => quiet(at)),
    [false, true, true, false],
  )
  const noon = { timeZone: 'UTC', quietHours: { fromMinute: 12 * 60, toMinute: 13 * 60 } }
  assert.deepEqual(
    ['11:59', '12:00', '12:59', '13:00'].map((time) => quiet(`2025-02-03 ${time}`, noon)),
    [false, true, true, false],
  )
  assert.equal(quiet('2025-02-03 04:00', { timeZone: 'UTC' }), false)
})

test('quiet hours end when local clocks say so, also in the night in which they are put forward or back', () => {
  const berlin = { timeZone: 'Europe/Berlin', quietHours: { fromMinute: 22 * 60, toMinute: 7 * 60 } }
  const ends = (preferences: Parameters<typeof quietEndsAt>[0], written: string) => {
    const at = quietEndsAt(preferences, utc(written))
    return at && formatTime(at)
  }
  assert.equal(ends(berlin, '2025-02-03 21:00'), '2025-02-04 06:00 UTC')
  assert.equal(ends(berlin, '2025-03-29 22:00'), '2025-03-30 05:00 UTC')
  assert.equal(ends(berlin, '2025-10-25 22:00'), '2025-10-26 06:00 UTC')
  assert.equal(ends(berlin, '2025-02-03 12:00'), undefined)
  const gap = { timeZone: 'Europe/Berlin', quietHours: { fromMinute: 60, toMinute: 150 } }
  assert.equal(ends(gap, '2025-03-30 00:30'), '2025-03-30 01:00 UTC', '02:30 is skipped that night')
})

test('quiet hours, whatever they are and wherever, end at the first minute that is not quiet', () => {
  const minute = fc.integer({ min: 0, max: 1439 })
  fc.assert(
    fc.property(anyInstant, anyZone, minute, minute, (at, timeZone, fromMinute, toMinute) => {
      const preferences = { timeZone, quietHours: { fromMinute, toMinute } }
      const end = quietEndsAt(preferences, at)
      if (end === undefined) return !isQuiet(preferences, at)
      return (
        end > at &&
        end <= later(at, DAY * 1.1) &&
        !isQuiet(preferences, end) &&
        isQuiet(preferences, later(end, -MINUTE))
      )
    }),
    { numRuns: 50 },
  )
})

test('a zone is known by area and city, however it is typed', () => {
  for (const [typed, kept] of [
    ['europe/berlin', 'Europe/Berlin'],
    ['Asia/Kolkata', 'Asia/Kolkata'],
    ['asia/kolkata', 'Asia/Kolkata'],
    ['america/port-au-prince', 'America/Port-au-Prince'],
    ['utc', 'UTC'],
    ['Etc/UTC', 'UTC'],
    ['GMT', 'UTC'],
    ['EST', undefined],
    ['+02:00', undefined],
    ['Berlin', undefined],
    ['', undefined],
    ['Europe/Berlin; drop', undefined],
  ] as const) {
    assert.equal(toTimeZone(typed), kept, typed)
  }
  for (const name of timeZones()) assert.equal(toTimeZone(name), name)
})

test('quiet hours are typed as people write them, and none that are quiet for no time', () => {
  for (const [typed, read] of [
    ['22:00-07:00', '22:00-07:00'],
    [' 22-7 ', '22:00-07:00'],
    ['9:30 – 17:05', '09:30-17:05'],
    ['0:00-23:59', '00:00-23:59'],
    ['22:00-22:00', undefined],
    ['24:00-07:00', undefined],
    ['22:60-07:00', undefined],
    ['22:00', undefined],
    ['night', undefined],
    ['', undefined],
  ] as const) {
    const hours = parseQuietHours(typed)
    assert.equal(hours && formatQuietHours(hours), read, typed)
  }
})
