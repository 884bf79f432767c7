import type { Card } from './card.ts'
import type { Preferences, QuietHours } from './preferences.ts'
import { later, MINUTE, type TimestampMs, timestamp } from './units.ts'

type Quiet = Pick<Preferences, 'quietHours' | 'timeZone'>

/** As `formatTime` writes an instant. */
const WRITTEN_TIME = /(\d{4}-\d\d-\d\d) (\d\d:\d\d) UTC/g
const AREA_AND_CITY = /^[a-z]+(\/[a-z0-9_+-]+)+$/i
const FROM_TO = /^(\d{1,2})(?::(\d\d))?\s*[-–]\s*(\d{1,2})(?::(\d\d))?$/
/** A day has at most 25 hours where clocks go back by one. */
const LONGEST_DAY = 1_500

/**
 * The name under which a time zone is kept: `europe/berlin` → `Europe/Berlin`, anything that is UTC → `UTC`.
 *
 * @returns undefined for what is no IANA zone by area and city: offsets (`+02:00`) know no summer time, and abbreviations
 *   (`EST`) mean several places
 */
export function toTimeZone(name: string): string | undefined {
  const canonical = canonicalZone(name)
  if (canonical === undefined || canonical === 'UTC') return canonical
  if (!AREA_AND_CITY.test(name)) return undefined
  if (canonical.toLowerCase() === name.toLowerCase()) return canonical
  // An older or newer name of the same place is kept as people know it: Asia/Kolkata, which Intl calls Asia/Calcutta.
  return name.replace(/(^|[/_-])([a-z])/g, (_, before: string, letter: string) => before + letter.toUpperCase())
}

/** Every name that can be offered, `UTC` first. */
export const timeZones = (): readonly string[] => [
  'UTC',
  ...Intl.supportedValuesOf('timeZone').filter((name) => name !== 'UTC'),
]

/**
 * Minutes after midnight on the clocks of a place, 0 to 1439.
 *
 * @throws {RangeError} when there is no such time zone
 */
export function localMinuteOfDay(at: TimestampMs, timeZone: string): number {
  const { hour, minute } = localParts(at, timeZone)
  return Number(hour) * 60 + Number(minute)
}

/** Whether it is one of the member's quiet hours, on the clocks of where they are. */
export const isQuiet = ({ quietHours, timeZone }: Quiet, at: TimestampMs): boolean =>
  quietHours !== undefined && isWithin(quietHours, localMinuteOfDay(at, timeZone))

/** The first whole minute from `at` on that is not quiet; undefined when it is not quiet at `at`. */
export function quietEndsAt(preferences: Quiet, at: TimestampMs): TimestampMs | undefined {
  if (!isQuiet(preferences, at)) return undefined
  // Minute by minute, because between two of them the clocks may be put forward or back.
  let minute = timestamp(Math.floor(at / MINUTE) * MINUTE)
  for (let i = 0; i <= LONGEST_DAY; i++) {
    minute = later(minute, MINUTE)
    if (!isQuiet(preferences, minute)) return minute
  }
  throw new RangeError(`Expected quiet hours that end, were ${JSON.stringify(preferences.quietHours)}`)
}

/** Reads `22:00-07:00` or `22-7`; undefined for what is none, or would be quiet for no time at all. */
export function parseQuietHours(text: string): QuietHours | undefined {
  const [, fromHour, fromPast = '0', toHour, toPast = '0'] = FROM_TO.exec(text.trim()) ?? []
  if (fromHour === undefined || toHour === undefined) return undefined
  const [fromMinute, toMinute] = [minuteOf(fromHour, fromPast), minuteOf(toHour, toPast)]
  if (fromMinute === undefined || toMinute === undefined || fromMinute === toMinute) return undefined
  return { fromMinute, toMinute }
}

/** `22:00-07:00` */
export const formatQuietHours = ({ fromMinute, toMinute }: QuietHours): string =>
  `${formatMinute(fromMinute)}-${formatMinute(toMinute)}`

/**
 * The card as someone in this place reads it: what `formatTime` wrote is followed by the time on their clocks,
 * `2025-02-03 01:00 UTC (02:00 Berlin)`, with the day where it is another: `(Feb 2, 20:00 New York)`.
 *
 * @param timeZone - an IANA name; `UTC` changes nothing
 * @throws {RangeError} when there is no such time zone
 */
export function inZone(card: Card, timeZone: string): Card {
  // Of itself it is known; asking what another name stands for takes longer than the rest of an answer.
  if (timeZone === 'UTC' || canonicalZone(timeZone) === 'UTC') return card
  const said = (text: string): string => withLocalTimes(text, timeZone)
  return {
    ...card,
    title: said(card.title),
    ...(card.text === undefined ? {} : { text: said(card.text) }),
    ...(card.fields && { fields: card.fields.map(({ name, value }) => ({ name: said(name), value: said(value) })) }),
    ...(card.footer === undefined ? {} : { footer: said(card.footer) }),
  }
}

const withLocalTimes = (text: string, timeZone: string): string =>
  text.replace(WRITTEN_TIME, (written, day: string, time: string) => {
    const at = Date.parse(`${day}T${time}Z`)
    if (Number.isNaN(at)) return written
    const local = localParts(timestamp(at), timeZone)
    const clock = `${local.hour}:${local.minute}`
    const when = Number(local.day) === Number(day.slice(8)) ? clock : `${local.month} ${local.day}, ${clock}`
    return `${written} (${when} ${placeOf(timeZone)})`
  })

/** `America/Argentina/Buenos_Aires` → `Buenos Aires` */
const placeOf = (timeZone: string): string => timeZone.slice(timeZone.lastIndexOf('/') + 1).replaceAll('_', ' ')

/** `from` belongs to it, `to` does not. */
const isWithin = ({ fromMinute, toMinute }: QuietHours, minute: number): boolean =>
  fromMinute <= toMinute ? fromMinute <= minute && minute < toMinute : fromMinute <= minute || minute < toMinute

function minuteOf(hour: string, past: string): number | undefined {
  return Number(hour) > 23 || Number(past) > 59 ? undefined : Number(hour) * 60 + Number(past)
}

const formatMinute = (minute: number): string =>
  [Math.floor(minute / 60), minute % 60].map((part) => String(part).padStart(2, '0')).join(':')

type Part = 'month' | 'day' | 'hour' | 'minute'

function localParts(at: TimestampMs, timeZone: string): Record<Part, string> {
  const parts = clockOf(timeZone).formatToParts(at)
  return Object.fromEntries(parts.map(({ type, value }) => [type, value])) as Record<Part, string>
}

/** By zone, because making one takes longer than a hundred uses of it. */
const clocks = new Map<string, Intl.DateTimeFormat>()

function clockOf(timeZone: string): Intl.DateTimeFormat {
  const known = clocks.get(timeZone)
  if (known) return known
  const made = new Intl.DateTimeFormat('en-US', {
    timeZone,
    calendar: 'gregory',
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  })
  clocks.set(timeZone, made)
  return made
}

function canonicalZone(name: string): string | undefined {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: name }).resolvedOptions().timeZone
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}
