import type { ClockReading } from './calls.ts'
import { type Check, checksOf } from './check.ts'

const WARN_MS = 1_000
/** Venues refuse a signed call whose time is further off than this. */
const WRONG_MS = 5_000
const NEXT =
  'set it by NTP: timedatectl set-ntp true, or install chrony; Windows and macOS: switch on "Set time automatically"'

const { ok, warning, wrong, skipped } = checksOf('Clock')

/** Holds this machine's clock against the clocks of all that answered. */
export function checkClock(readings: readonly ClockReading[]): readonly Check[] {
  if (readings.length === 0) return [skipped('skew', 'nobody answered who could tell the time')]
  const bySource = [...Map.groupBy(readings, ({ source }) => source)].map(([source, own]) => ({
    source,
    ...tightest(own),
  }))
  const near = bySource.filter((one) => skewOf(one) <= WARN_MS).map(({ source }) => source)
  const far = bySource.filter((one) => skewOf(one) > WARN_MS)
  return [
    ...(near.length > 0 ? [ok('skew', `within ${WARN_MS / 1000} s of ${near.join(', ')}`)] : []),
    ...far.map((one) => {
      const ahead = one.least > 0
      const found = `this clock is ${(skewOf(one) / 1000).toFixed(1)} s or more ${ahead ? 'behind' : 'ahead of'} ${one.source}`
      return skewOf(one) > WRONG_MS
        ? wrong('skew', `${found}; venues refuse signed calls beyond 5 s, and ages of data are misread`, NEXT)
        : warning('skew', found, NEXT)
    }),
  ]
}

/** What all answers of one source allow together; where they contradict each other, the last. */
function tightest(readings: readonly ClockReading[]): Pick<ClockReading, 'least' | 'most'> {
  const least = Math.max(...readings.map((reading) => reading.least))
  const most = Math.min(...readings.map((reading) => reading.most))
  return least <= most ? { least, most } : readings.at(-1)!
}

/** At least so far off, ms; zero where the same time is possible. */
const skewOf = ({ least, most }: Pick<ClockReading, 'least' | 'most'>): number => Math.max(least, -most, 0)
