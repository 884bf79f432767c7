import assert from 'node:assert/strict'
import { test } from 'node:test'
import { timestamp } from '../../../src/domain/units.ts'
import type { VenueClient } from '../../../src/venues/live/client.ts'
import { deribit } from '../../../src/venues/live/deribit.ts'
import { parseOption } from '../../../src/venues/live/deribit-options.ts'
import { askingDeribit } from './asking-deribit.ts'

const NOW = timestamp(Date.UTC(2025, 1, 3, 2, 3, 20))

const readers = (client: VenueClient) =>
  deribit.optionSurface!(client, 'ETH', () => ({ venue: 'deribit', asset: 'ETH', receivedAt: NOW }))

test('one answer about all options says the term slope and both skews, as of its own instant', async () => {
  const [ticks, asked] = await askingDeribit(NOW, async (client, server) => [
    (await readers(client)).map((read) => read()),
    server.asked.filter((name) => name.endsWith('get_book_summary_by_currency')).length,
  ])
  assert.equal(asked, 1)
  assert.deepEqual(
    ticks.map(({ type, venue, asset, eventAt }) => [type, venue, asset, eventAt]),
    ['option-term-slope', 'option-skew-7d', 'option-skew-30d'].map((type) => [type, 'deribit', 'ETH', NOW]),
  )
  const [slope, week, month] = ticks.map(({ value }) => value)
  assert.ok(Math.abs(slope! - 0.1) < 0.005, `${slope}`)
  // −0.2 a unit of ln(K/F), between strikes 2 · 0.674 σ√T apart.
  assert.ok(Math.abs(week! + 0.2 * 2 * 0.674 * 0.5 * Math.sqrt(7 / 365)) < 0.003, `${week}`)
  assert.ok(Math.abs(month! + 0.2 * 2 * 0.674 * 0.6 * Math.sqrt(30 / 365)) < 0.005, `${month}`)
})

test('without options on both sides of a tenor its figures are not known, and the others are', async () => {
  await askingDeribit(NOW, async (client, server) => {
    server.replace('get_book_summary_by_currency', (answer) => {
      const { result, ...rest } = answer as { result: { instrument_name: string }[] }
      return { ...rest, result: result.filter(({ instrument_name: name }) => !/-(4|6)FEB25-/.test(name)) }
    })
    const [slope, week, month] = await readers(client)
    assert.throws(slope!, /Expected options of ETH with both wings before and after 7 days, were none among 186/)
    assert.throws(week!, /before and after 7 days/)
    assert.ok(month!().value < 0)
  })
})

test('an option that nobody marks, and an instrument of another kind, change nothing', async () => {
  const values = (replace: boolean) =>
    askingDeribit(NOW, async (client, server) => {
      if (replace)
        server.replace('get_book_summary_by_currency', (answer) => {
          const { result, ...rest } = answer as { result: Record<string, unknown>[] }
          const odd = { ...result[0], instrument_name: 'ETH-CS-10FEB25-3000_3200' }
          return { ...rest, result: [odd, { ...result[40], mark_iv: null }, ...result] }
        })
      return (await readers(client)).map((read) => read().value)
    })
  assert.deepEqual(await values(true), await values(false))
})

test('a name says side, strike and the expiry at 08:00 UTC; any other is refused', () => {
  assert.deepEqual(parseOption('ETH-5MAR21-1920-C'), {
    side: 'call',
    strikePrice: 1920,
    expiresAt: Date.UTC(2021, 2, 5, 8),
  })
  assert.deepEqual(parseOption('BTC-31DEC21-0d5-P').strikePrice, 0.5)
  for (const name of ['ETH-PERPETUAL', 'ETH-31FOO21-1920-C', 'ETH-5MAR21-1920-X'])
    assert.throws(() => parseOption(name), new RegExp(`such as ETH-25JUN21-1920-C, was ${name}`))
})
