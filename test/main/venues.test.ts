import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { parseConfig } from '../../src/config.ts'
import { createLog } from '../../src/log.ts'
import { openVenues } from '../../src/main/venues.ts'
import type { MarketSource } from '../../src/ports.ts'
import { createWallClock } from '../../src/venues/virtual-clock.ts'
import { testDatabase } from '../support/database.ts'
import { type BinanceSettings, createBinanceFormat } from '../support/exchange/binance.ts'
import { createExchangeCore } from '../support/exchange/core.ts'
import { startExchangeServer } from '../support/exchange/server.ts'

const KEY = 'binance-key-of-a-test-that-nobody-must-see'
const SECRET = 'a-secret-of-a-test-as-well'
const MARKET = { name: 'live', quoteAt: () => undefined } as unknown as MarketSource

test('a live venue is opened with its key, and asked what the key may do', async (t) => {
  const { venues } = await open(t, {})
  assert.deepEqual(
    venues.map(({ venueId }) => venueId),
    ['binance'],
  )
  assert.equal((await venues[0].instrument('ETH')).instrumentId, 'ETH-USDT-PERP.BINANCE')
  assert.ok((await venues[0].account()).equity > 0)
})

test('a key that can withdraw is refused with what to do, and so is one that cannot trade', async (t) => {
  const rights = { canTrade: true, canWithdraw: true, boundToAddresses: true }
  await assert.rejects(open(t, { rights }), (error: Error) => {
    assert.match(error.message, /^The key for binance is refused: the key can withdraw/)
    assert.match(error.message, /Make a key without the right to withdraw/)
    assert.ok(!error.message.includes(KEY))
    return true
  })
  await assert.rejects(open(t, { rights: { ...rights, canWithdraw: false, canTrade: false } }), /the key cannot trade/)
})

test('a venue without a key is named, with the command that adds one', async (t) => {
  await assert.rejects(open(t, { keys: 'none' }), (error: Error) => {
    assert.match(error.message, /binance/)
    assert.match(error.message, /keys add binance/)
    return true
  })
})

test('on paper no key is asked for, and the venue is the one of the market', async (t) => {
  const database = await testDatabase(t)
  for (const [name, venueId] of [
    ['simulated', 'simulated'],
    ['replay', 'paper'],
  ] as const) {
    const opened = await openVenues({
      config: parseConfig({ MARKET: 'simulated', PAPER_EQUITY_USD: '123456' }),
      source: { ...MARKET, name } as MarketSource,
      clock: createWallClock(),
      store: database.store,
      log: createLog('silent'),
      connectionString: database.connectionString,
    })
    assert.equal(opened.venues[0].venueId, venueId)
    assert.equal((await opened.venues[0].account()).equity, 123_456)
    await opened.close()
  }
})

async function open(
  t: TestContext,
  { rights, keys = 'mounted' }: { rights?: BinanceSettings['keyRights']; keys?: 'mounted' | 'none' },
) {
  const database = await testDatabase(t)
  const folder = await mkdtemp(join(tmpdir(), 'breakwater-keys-'))
  t.after(() => rm(folder, { recursive: true }))
  if (keys === 'mounted')
    await writeFile(join(folder, 'binance.json'), JSON.stringify({ apiKey: KEY, secret: SECRET }), {
      mode: 0o400,
    })
  const core = createExchangeCore({ now: Date.now, startingEquity: 1_000_000 })
  const server = await startExchangeServer({
    core,
    format: createBinanceFormat({ core, keys: { apiKey: KEY, secret: SECRET }, ...(rights && { keyRights: rights }) }),
  })
  t.after(() => server.stop())
  const opened = await openVenues({
    config: parseConfig({
      TRADING_MODE: 'live',
      TRADING_VENUES: 'binance',
      VENUE_KEYS_FILE: folder,
      BINANCE_BASE_URL: server.endpoint.baseUrl!,
      BINANCE_WS_URL: server.endpoint.wsUrl!,
    }),
    source: MARKET,
    clock: createWallClock(),
    store: database.store,
    log: createLog('silent'),
    connectionString: database.connectionString,
  })
  t.after(() => opened.close())
  return opened
}
