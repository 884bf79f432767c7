import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { pino } from 'pino'
import { FEED_KINDS, type Tick } from '../../../src/domain/market/tick.ts'
import { duration, type TimestampMs, timestamp } from '../../../src/domain/units.ts'
import type { MarketSource, MarketStep } from '../../../src/ports.ts'
import { createLiveMarket } from '../../../src/venues/live/market.ts'
import { forceOrder } from '../../support/venue-servers/binance.ts'
import { allLiquidation } from '../../support/venue-servers/bybit.ts'
import { startVenues } from '../../support/venue-servers/index.ts'
import { liquidationOrders } from '../../support/venue-servers/okx.ts'

const VENUES = ['binance', 'bybit', 'okx', 'deribit', 'hyperliquid']
const SPEED = 30 // minutes close every two seconds; venues and product share the clock
const LIMIT_MS = 60_000

const began = Date.now()
const now = (): TimestampMs => timestamp(began + (Date.now() - began) * SPEED)
const often = duration(150)
const fast = Object.fromEntries(FEED_KINDS.map((feed) => [feed, often]))

let venues: Awaited<ReturnType<typeof startVenues>>
let market: MarketSource
let reading: Promise<void>
let pushing: NodeJS.Timeout
const stop = new AbortController()
const warmup: MarketStep[] = []
const ticks: Tick[] = []
let newStep = Promise.withResolvers<void>()

before(async () => {
  venues = await startVenues({ now })
  market = createLiveMarket({
    venues: VENUES,
    assets: ['ETH'],
    endpoints: venues.endpoints,
    clock: { kind: 'wall', now },
    log: pino({ level: 'silent' }),
    pollEvery: fast,
    backoffMs: duration(50),
  })
  pushing = setInterval(() => {
    venues.binance.push(forceOrder('ETHUSDT', now()))
    venues.bybit.push(allLiquidation('ETHUSDT', now()))
    venues.okx.push(liquidationOrders('ETH-USDT-SWAP', now()))
    venues.okx.push(liquidationOrders('ETH-USDT-SWAP', now() - 3_600_000, 'buy'))
  }, 300)
  reading = (async () => {
    for await (const step of market.steps({ signal: stop.signal })) {
      if (step.warmup) warmup.push(step)
      else ticks.push(...step.ticks)
      newStep.resolve()
      newStep = Promise.withResolvers()
    }
  })()
})

after(async () => {
  clearInterval(pushing)
  stop.abort()
  await market.close()
  await venues.stop()
})

/** The first tick from `start` on that fits, as soon as it came. */
async function until(fits: (tick: Tick) => boolean, what: string, start = 0): Promise<Tick> {
  const late = setTimeout(() => newStep.reject(new Error(`Expected ${what} within ${LIMIT_MS} ms`)), LIMIT_MS)
  try {
    for (;;) {
      const found = ticks.slice(start).find(fits)
      if (found) return found
      await newStep.promise
    }
  } finally {
    clearTimeout(late)
  }
}

test('every feed that is declared comes, from every venue, in the units of the product', async () => {
  for (const { feed, venue } of market.feeds) {
    await until((tick) => tick.type === feed && tick.venue === venue, `${feed} of ${venue}`)
  }
  const last = (venue: string, type: Tick['type']): Tick => ticks.findLast((t) => t.venue === venue && t.type === type)!
  for (const venue of VENUES) {
    const bar = last(venue, 'bar')
    assert.ok(bar.type === 'bar' && bar.closePrice > 2900 && bar.closePrice < 3100)
    assert.equal(bar.series, venue === 'deribit' || venue === 'hyperliquid' ? 'perp' : 'mark')
    assert.equal(bar.eventAt % 60_000, 0)
  }
  const coins = Object.fromEntries(
    VENUES.map((venue) => {
      const tick = last(venue, 'open-interest')
      return [venue, tick.type === 'open-interest' ? Math.round(tick.openInterest / 1000) : 0]
    }),
  )
  // Bybit and Hyperliquid count both sides, Deribit counts dollars.
  assert.deepEqual(
    { ...coins, deribit: Math.round(coins.deribit! / 10) },
    {
      ...{ binance: 2000, bybit: 450, okx: 500, deribit: 10, hyperliquid: 200 },
    },
  )
  const funding = Object.fromEntries(
    VENUES.map((venue) => {
      const tick = last(venue, 'funding')
      return [venue, tick.type === 'funding' ? Number(tick.fundingRate.toFixed(8)) : 0]
    }),
  )
  const longShare = Object.fromEntries(
    ['binance', 'bybit', 'okx'].map((venue) => {
      const tick = last(venue, 'account-ratio')
      return [venue, tick.type === 'account-ratio' ? Number(tick.longShare.toFixed(4)) : 0]
    }),
  )
  const bps = Object.fromEntries(
    ['binance', 'bybit', 'deribit', 'hyperliquid'].map((venue) => {
      const tick = last(venue, 'basis')
      return [venue, tick.type === 'basis' ? Number(tick.value.toFixed(2)) : Number.NaN]
    }),
  )
  assert.deepEqual(bps, { binance: 10, bybit: -5, deribit: 3, hyperliquid: 2 })
  const volatility = last('deribit', 'implied-volatility')
  assert.ok(volatility.type === 'implied-volatility' && volatility.eventAt % 60_000 === 0)
  assert.equal(volatility.value, 0.5525)
  // OKX gives long over short, the others shares.
  assert.deepEqual(longShare, { binance: 0.6442, bybit: 0.5707, okx: 0.4845 })
  assert.deepEqual(funding, { binance: 0.0001, bybit: 0.0002, okx: 0.00015, deribit: 0.00012, hyperliquid: 0.0001 })
})

test('nothing counts as received before the venue said it', () => {
  for (const tick of ticks) {
    if (tick.type !== 'disconnect') assert.ok(tick.receivedAt >= tick.eventAt, JSON.stringify(tick))
  }
})

test('liquidations are summed by minute, by the position that was closed, without replays of old ones', async () => {
  for (const [venue, coverage] of [
    ['binance', 'sampled'],
    ['bybit', 'full'],
    ['okx', 'sampled'],
    ['deribit', 'full'],
  ] as const) {
    const tick = await until(
      (t) => t.type === 'liquidations' && t.venue === venue && t.longNotional > 0,
      `a liquidated long on ${venue}`,
    )
    assert.ok(tick.type === 'liquidations')
    assert.equal(tick.coverage, coverage)
    assert.equal(tick.shortNotional, venue === 'deribit' ? 1000 : 0)
  }
})

test('a month of history comes first, in order, as known at its time', () => {
  assert.ok(warmup.length > 700, `${warmup.length} steps`)
  const history = warmup.flatMap((step) => step.ticks)
  for (const venue of VENUES) {
    const bars = history.filter((tick) => tick.type === 'bar' && tick.venue === venue)
    assert.ok(bars.length > 700, `${bars.length} bars of ${venue}`)
  }
  for (const venue of ['binance', 'bybit', 'okx']) {
    for (const feed of ['open-interest', 'account-ratio']) {
      const hours = history.filter((tick) => tick.type === feed && tick.venue === venue).map((tick) => tick.eventAt)
      assert.ok(hours.length > 700, `${hours.length} of ${feed} of ${venue}`)
      assert.ok(hours.every((eventAt) => eventAt % 3_600_000 === 0))
    }
  }
  const volatility = history.filter((tick) => tick.type === 'implied-volatility').map((tick) => tick.eventAt)
  assert.ok(volatility.length > 700, `${volatility.length} of implied volatility`)
  assert.ok(volatility.every((eventAt) => eventAt % 3_600_000 === 0))
  const steps = warmup.map((step) => step.at)
  assert.deepEqual(
    steps,
    steps.toSorted((a, b) => a - b),
  )
  for (const step of warmup) for (const tick of step.ticks) assert.ok(tick.receivedAt <= step.at)
  const paid = history
    .filter((tick) => tick.type === 'funding')
    .map((tick) => [tick.venue, tick.fundingRate.toFixed(8)])
  assert.deepEqual(Object.fromEntries(paid), {
    ...{ binance: '0.00010000', bybit: '0.00020000', okx: '0.00015000', deribit: '0.00012000' },
    hyperliquid: '0.00010000',
  })
})

test('a quote comes from the first venue with a book of the last ten seconds, else there is none', async () => {
  await until(() => market.quoteAt('ETH', now()) !== undefined, 'a quote')
  const quote = market.quoteAt('ETH', timestamp(now() - 9_000))
  assert.ok(quote && quote.bestBid < quote.bestAsk && quote.depthNotional! > 100_000)
  assert.equal(market.quoteAt('ETH', timestamp(now() + 60_000)), undefined)
  assert.equal(market.quoteAt('DOGE', now()), undefined)
})

test('a value that is no number is dropped, counted and told', async () => {
  venues.deribit.replace('get_book_summary_by_instrument', (answer) => {
    const [summary] = (answer as { result: object[] }).result
    return { ...(answer as object), result: [{ ...summary, open_interest: 'NaN' }] }
  })
  venues.okx.replace('mark-price-candles', (answer) => {
    const rows = (answer as { data: string[][] }).data
    return { ...(answer as object), data: rows.map(([at, ...rest]) => [at, 'oops', ...rest.slice(1)]) }
  })
  await until(
    () =>
      ['deribit ETH open-interest', 'okx ETH bar'].every((where) => market.problems().some((p) => p.includes(where))),
    'both problems',
  )
  assert.match(market.problems().join('\n'), /deribit ETH open-interest: Expected a finite open interest, was/)
  assert.ok(ticks.every((tick) => tick.type !== 'open-interest' || Number.isFinite(tick.openInterest)))
  assert.ok(
    ticks.every((tick) => tick.type !== 'disconnect'),
    'a bad value is no disconnect',
  )
  venues.deribit.restore('get_book_summary_by_instrument')
  venues.okx.restore('mark-price-candles')
  await until((tick) => tick.type === 'open-interest' && tick.venue === 'deribit', 'Deribit after that', ticks.length)
})

test('a venue that dies says so feed by feed, holds up no other, and comes back', async () => {
  const died = ticks.length
  await venues.bybit.stop()
  for (const feed of ['bar', 'open-interest', 'funding', 'book-depth', 'liquidations', 'account-ratio']) {
    const said = (tick: Tick): boolean => tick.type === 'disconnect' && tick.venue === 'bybit' && tick.feed === feed
    const tick = await until(said, `a disconnect of bybit's ${feed}`, died)
    assert.ok(tick.type === 'disconnect' && tick.reason.length > 0)
  }
  const dead = ticks.length
  for (const venue of ['binance', 'okx', 'deribit', 'hyperliquid']) {
    await until((tick) => tick.type === 'bar' && tick.venue === venue, `${venue} to go on`, dead)
  }
  assert.ok(!ticks.some((tick) => tick.type === 'disconnect' && tick.venue !== 'bybit'))
  const cuts = ticks.filter((tick) => tick.type === 'disconnect')
  assert.equal(cuts.length, 6, 'one per feed, however often it is tried')

  await venues.bybit.restart()
  const back = ticks.length
  for (const feed of ['bar', 'open-interest', 'funding', 'book-depth', 'liquidations', 'account-ratio']) {
    await until((tick) => tick.type === feed && tick.venue === 'bybit', `${feed} of bybit again`, back)
  }
})

test('it ends when told, with every socket closed', async () => {
  stop.abort()
  await reading
  const before = ticks.length
  await new Promise((resolve) => setTimeout(resolve, 300))
  assert.equal(ticks.length, before)
  for (const venue of [venues.binance, venues.bybit, venues.okx]) assert.equal(venue.listeners(), 0)
})
