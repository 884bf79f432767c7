import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HOUR, timestamp } from '../../../src/domain/units.ts'
import { binance } from '../../../src/venues/live/binance.ts'
import { bybit } from '../../../src/venues/live/bybit.ts'
import { connectVenue, type VenueClient } from '../../../src/venues/live/client.ts'
import { okx } from '../../../src/venues/live/okx.ts'
import { createProblems } from '../../../src/venues/live/problems.ts'
import type { LiveVenue } from '../../../src/venues/live/venue.ts'
import { fetchHistory, WARM_UP } from '../../../src/venues/live/warm-up.ts'
import { startVenues } from '../../support/venue-servers/index.ts'
import type { VenueServer } from '../../support/venue-servers/server.ts'

const NOW = Date.UTC(2025, 1, 3, 2, 3)
const STAMP = { venue: 'x', asset: 'BTC', receivedAt: timestamp(NOW) }
const CASES = [
  { venue: binance, path: 'globalLongShortAccountRatio', share: 'longAccount' },
  { venue: bybit, path: 'account-ratio', share: 'buyRatio' },
  { venue: okx, path: 'long-short-account-ratio-contract', share: 1 },
] as const

/** The real ccxt client of a venue against its loopback server, at a moment that stands still. */
async function asking<T>(venue: LiveVenue, ask: (client: VenueClient, server: VenueServer) => Promise<T>): Promise<T> {
  const venues = await startVenues({ now: () => NOW })
  const server = venues[venue.venueId as 'binance']
  const { venueId, options } = venue
  const client = await connectVenue(venue.module, { venueId, endpoint: server.endpoint, options })
  try {
    await client.loadMarkets(false, venue.marketParams ?? {})
    return await ask(client, server)
  } finally {
    await client.close()
    await venues.stop()
  }
}

const newest = (venue: LiveVenue, client: VenueClient) =>
  venue.accountRatios!(client, venue.symbolOf('BTC'), { every: '5m', limit: 5 }, () => STAMP)
/** Puts another value where each row of an answer says its share or ratio. */
const withShare = (answer: unknown, name: string | number, value: string): unknown => {
  const rows = (from: unknown): unknown =>
    Array.isArray(from)
      ? from.map((row: object) => (Array.isArray(row) ? row.with(name as number, value) : { ...row, [name]: value }))
      : from
  const { data, result } = answer as { data?: unknown; result?: { list: unknown } }
  if (Array.isArray(answer)) return rows(answer)
  if (data) return { ...(answer as object), data: rows(data) }
  return { ...(answer as object), result: { ...result, list: rows(result?.list) } }
}

for (const { venue, path, share } of CASES) {
  test(`${venue.venueId}: the newest counts come oldest first, five minutes apart, as a share of accounts`, async () => {
    const ticks = await asking(venue, async (client) => (await newest(venue, client)).map((read) => read()))
    assert.deepEqual(
      ticks.map(({ eventAt }) => new Date(eventAt).toISOString().slice(11, 16)),
      ['01:40', '01:45', '01:50', '01:55', '02:00'],
    )
    for (const tick of ticks) assert.deepEqual([tick.type, tick.receivedAt], ['account-ratio', NOW])
    // Each venue's own figures: 0.6442 : 0.3558, 0.5707 : 0.4293, and long over short alone.
    const expected = { binance: 1.8106, bybit: 0.5707 / 0.4293, okx: 0.9398602814619824 }[venue.venueId]!
    const { longShare } = ticks[0]!
    assert.ok(Math.abs(longShare / (1 - longShare) - expected) < 1e-4, `Expected ${expected}, was of ${longShare}`)
  })

  test(`${venue.venueId}: every hour of the month before is there, page by page`, async () => {
    const problems = createProblems()
    const [ticks, asked] = await asking(venue, async (client, server) => {
      const history = await fetchHistory(venue, 'BTC', { client, until: timestamp(NOW), problems })
      return [history, server.asked.filter((name) => name.endsWith(`/${path}`)).length] as const
    })
    assert.deepEqual(problems.list(), [])
    const counted = ticks.filter((tick) => tick.type === 'account-ratio')
    assert.ok(counted.every(({ eventAt, receivedAt }) => receivedAt === eventAt))
    const hours = [...new Set(counted.map(({ eventAt }) => eventAt))].sort((a, b) => a - b)
    const first = Math.ceil((NOW - WARM_UP) / HOUR) * HOUR
    assert.deepEqual(
      hours,
      Array.from({ length: Math.floor((NOW - first) / HOUR) + 1 }, (_, i) => first + i * HOUR),
    )
    assert.equal(asked, venue === okx ? 8 : 2)
  })

  test(`${venue.venueId}: what is no share, or leaves one side without an account, is refused`, async () => {
    await asking(venue, async (client, server) => {
      for (const value of venue === okx ? ['', 'NaN', '0', '-1'] : ['', 'NaN', '0', '-0.1', '1', '1.0000']) {
        server.replace(path, (answer) => withShare(answer, share, value))
        const readers = await newest(venue, client)
        assert.equal(readers.length, 5)
        for (const read of readers) assert.throws(read, { name: 'UnreadableError' }, `${value} was taken`)
      }
    })
  })
}
