import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pino } from 'pino'
import { HOUR, MINUTE, timestamp } from '../../../src/domain/units.ts'
import type { VenueClient } from '../../../src/venues/live/client.ts'
import { deribit } from '../../../src/venues/live/deribit.ts'
import { createLiveMarket } from '../../../src/venues/live/market.ts'
import { createProblems } from '../../../src/venues/live/problems.ts'
import { fetchHistory, WARM_UP } from '../../../src/venues/live/warm-up.ts'
import { askingDeribit } from './asking-deribit.ts'

const NOW = timestamp(Date.UTC(2025, 1, 3, 2, 3, 20))

const minutes = (client: VenueClient) =>
  deribit.impliedVolatility!(client, 'BTC', { every: 'minute', since: NOW - 5 * MINUTE, until: NOW }, (at) => ({
    venue: 'deribit',
    asset: 'BTC',
    receivedAt: timestamp(at + MINUTE),
  }))

test('closed minutes only, at their end, as a fraction a year', async () => {
  const ticks = await askingDeribit(NOW, async (client) => (await minutes(client)).map((read) => read()))
  assert.deepEqual(
    ticks.map(({ type, eventAt, value }) => [type, new Date(eventAt).toISOString().slice(11, 16), value]),
    ['02:00', '02:01', '02:02', '02:03'].map((at) => ['implied-volatility', at, 0.5525]),
  )
})

test('a month of hours comes page by page, each hour once', async () => {
  const problems = createProblems()
  const [ticks, asked] = await askingDeribit(NOW, async (client, server) => {
    const history = await fetchHistory(deribit, 'ETH', { client, until: NOW, problems })
    return [history, server.asked.filter((name) => name.endsWith('get_volatility_index_data')).length] as const
  })
  const hours = ticks.filter(({ type }) => type === 'implied-volatility').map(({ eventAt }) => eventAt)
  assert.equal(asked, 2)
  assert.equal(new Set(hours).size, Math.floor((NOW - Math.ceil((NOW - WARM_UP) / HOUR) * HOUR) / HOUR))
  assert.ok(hours.every((eventAt) => eventAt % HOUR === 0 && eventAt <= NOW))
  assert.deepEqual(problems.list(), [])
})

test('an index that is no number cannot be read', async () => {
  await askingDeribit(NOW, async (client, server) => {
    server.replace('get_volatility_index_data', (answer) => {
      const { result, ...rest } = answer as { result: { data: number[][] } }
      return { ...rest, result: { ...result, data: result.data.map((row) => row.with(4, -1)) } }
    })
    for (const read of await minutes(client)) {
      assert.throws(read, /Expected a positive volatility index, was -1/)
    }
  })
})

test('it is promised for the assets that have one', () => {
  const clock = { kind: 'wall', now: () => NOW } as const
  const market = createLiveMarket({
    venues: ['deribit'],
    assets: ['ETH', 'SOL'],
    clock,
    log: pino({ level: 'silent' }),
  })
  const promised = market.feeds.filter(({ feed }) => feed === 'implied-volatility').map(({ asset }) => asset)
  assert.deepEqual(promised, ['ETH'])
  assert.deepEqual(
    market.feeds.filter(({ feed }) => feed === 'basis').map(({ asset }) => asset),
    ['ETH', 'SOL'],
  )
})
