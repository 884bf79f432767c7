import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { suite, test } from 'node:test'
import { createPanel } from '../../../src/domain/market/panel.ts'
import { feedKey } from '../../../src/domain/market/tick.ts'
import { HOUR, later, MINUTE, SECOND, type TimestampMs, timestamp } from '../../../src/domain/units.ts'
import type { MarketSource } from '../../../src/ports.ts'
import { createReplayMarket } from '../../../src/venues/replay/market.ts'
import { collect, ticksOf } from './collect.ts'

const FOLDER = '../shared/data/panel'
const skip = existsSync(FOLDER) ? undefined : `the recorded panels are not at ${FOLDER}`

const at = (text: string): TimestampMs => timestamp(Date.parse(`${text}Z`))

const replay = (asset: string, from: string, to: string, warmupDays = 10): Promise<MarketSource> =>
  createReplayMarket({
    folder: FOLDER,
    assets: [asset],
    from: at(`${from}T00:00`),
    to: at(`${to}T00:00`),
    warmupDays,
  })

const feedsOf = (source: MarketSource, kind: string): string[] =>
  source.feeds.filter(({ feed }) => feed === kind).map(({ venue, cadence }) => `${venue} ${cadence / HOUR} h`)

suite('recorded history', () => {
  for (const asset of ['ETH', 'BTC']) {
    for (const [from, to] of [
      ['2025-01-27', '2025-02-06'],
      ['2022-05-05', '2022-05-14'],
    ] as const) {
      test(`${asset} from ${from}: nothing is seen before it was received, and every declared feed is seen`, {
        skip,
      }, async () => {
        const source = await replay(asset, from, to)
        let before = Number.NEGATIVE_INFINITY
        const [seen, hours] = [new Set<string>(), new Set<number>()]
        for await (const step of source.steps()) {
          assert.ok(step.at > before, 'steps are in order')
          assert.ok(step.at <= source.to!, 'no step after the end')
          assert.equal(step.warmup, step.at < source.from)
          for (const tick of step.ticks) {
            assert.ok(tick.receivedAt <= step.at && tick.receivedAt > before, 'received since the step before')
            assert.ok(tick.receivedAt > tick.eventAt)
            seen.add(feedKey({ feed: tick.type as never, venue: tick.venue, asset: tick.asset }))
          }
          before = step.at
          if (!step.warmup) hours.add(Math.floor(step.at / HOUR))
        }
        assert.deepEqual([...seen].sort(), source.feeds.map(feedKey).sort())
        assert.equal(hours.size, (source.to! - source.from) / HOUR)
      })
    }
  }

  test('early 2025 has all-exchange open interest, liquidations, funding and flow at four hours', {
    skip,
  }, async () => {
    const eth = await replay('ETH', '2025-01-27', '2025-02-06')
    assert.deepEqual(feedsOf(eth, 'bar'), ['binance-spot 1 h', 'okx 1 h'])
    assert.deepEqual(feedsOf(eth, 'open-interest'), ['all-exchanges 4 h', 'binance 4 h', 'binance-coin-margined 4 h'])
    assert.deepEqual(feedsOf(eth, 'liquidations'), ['binance 4 h'])
    assert.deepEqual(feedsOf(eth, 'funding'), ['all-exchanges 4 h'])
    assert.deepEqual(feedsOf(eth, 'taker-flow'), ['all-exchanges-spot 4 h'])
    assert.deepEqual(feedsOf(eth, 'book-depth'), ['binance-spot 4 h'])
    assert.deepEqual(feedsOf(eth, 'account-ratio'), [])

    const btc = await replay('BTC', '2025-01-27', '2025-02-06')
    assert.deepEqual(feedsOf(btc, 'taker-flow'), ['all-exchanges 4 h', 'all-exchanges-spot 4 h'])
    assert.deepEqual(feedsOf(btc, 'book-depth'), ['binance 4 h', 'binance-spot 4 h'])
    assert.deepEqual(feedsOf(btc, 'account-ratio'), ['binance 4 h'])
  })

  test('may 2022 has prices and funding, daily open interest and liquidations, and nothing else', {
    skip,
  }, async () => {
    const venues = ['binance 8 h', 'bybit 8 h', 'gate 8 h', 'kucoin 8 h', 'mexc 8 h', 'htx 8 h', 'dydx 1 h']
    for (const [asset, openInterest] of [
      ['ETH', 'binance-coin-margined 24 h'],
      ['BTC', 'all-exchanges 24 h'],
    ] as const) {
      const source = await replay(asset, '2022-05-05', '2022-05-14')
      assert.deepEqual(feedsOf(source, 'bar'), ['binance-spot 1 h'])
      assert.deepEqual(feedsOf(source, 'funding'), [...venues, 'all-exchanges 24 h'])
      assert.deepEqual(feedsOf(source, 'open-interest'), [openInterest])
      assert.deepEqual(feedsOf(source, 'liquidations'), ['binance 24 h'])
      for (const kind of ['taker-flow', 'book-depth', 'account-ratio'])
        assert.deepEqual(feedsOf(source, kind), [], kind)
    }
  })

  test('the hour of 2025-02-03 01:00, low −15 %, is received at 02:00:05 and not before', { skip }, async () => {
    const ticks = await ticksOf(await replay('ETH', '2025-02-02', '2025-02-04', 1))
    const bar = ticks.find((tick) => tick.venue === 'binance-spot' && tick.type === 'bar' && tick.lowPrice === 2400)
    assert.ok(bar?.type === 'bar')
    assert.equal(bar.openPrice, 2823.5)
    assert.equal((bar.lowPrice / bar.openPrice - 1).toFixed(3), '-0.150')
    assert.equal(bar.eventAt, at('2025-02-03T02:00'))
    assert.equal(bar.receivedAt, later(at('2025-02-03T02:00'), 5 * SECOND))
  })

  test('the four hours of 2025-02-03 00:00 are known at 04:10: open interest −16.2 % in USD, longs 100.7 M', {
    skip,
  }, async () => {
    const source = await replay('ETH', '2025-02-02', '2025-02-04', 1)
    const panel = createPanel()
    for (const tick of await ticksOf(source)) panel.apply(tick)
    const knownAt = later(at('2025-02-03T04:00'), 10 * MINUTE)
    const justBefore = timestamp(knownAt - 1)

    assert.equal(panel.latest('liquidations', 'binance', 'ETH', justBefore)!.eventAt, at('2025-02-03T00:00'))
    const liquidations = panel.latest('liquidations', 'binance', 'ETH', knownAt)!
    assert.equal(liquidations.eventAt, at('2025-02-03T04:00'))
    assert.deepEqual(
      [liquidations.longNotional / 1e6, liquidations.shortNotional / 1e6].map((value) => value.toFixed(1)),
      ['100.7', '7.3'],
    )
    assert.equal(liquidations.coverage, 'sampled')

    const before = panel.latest('open-interest', 'all-exchanges', 'ETH', justBefore)!
    const after = panel.latest('open-interest', 'all-exchanges', 'ETH', knownAt)!
    const priceAt = (instant: TimestampMs) =>
      panel.latest('bar', 'binance-spot', 'ETH', later(instant, MINUTE))!.closePrice
    const usdChange =
      (after.openInterest * priceAt(after.eventAt)) / (before.openInterest * priceAt(before.eventAt)) - 1
    assert.equal(usdChange.toFixed(3), '-0.162')
    assert.equal((after.openInterest / before.openInterest - 1).toFixed(3), '-0.048')
    assert.equal((panel.latest('funding', 'all-exchanges', 'ETH', knownAt)!.fundingRate * 1e4).toFixed(2), '-4.21')
  })

  test('the accounts of the four hours of 2025-02-03 00:00 are known at 04:10, as a share', { skip }, async () => {
    const panel = createPanel()
    for (const tick of await ticksOf(await replay('BTC', '2025-02-02', '2025-02-04', 1))) panel.apply(tick)
    const knownAt = later(at('2025-02-03T04:00'), 10 * MINUTE)
    const [before, after] = [timestamp(knownAt - 1), knownAt].map(
      (instant) => panel.latest('account-ratio', 'binance', 'BTC', instant)!,
    )
    assert.deepEqual([before!.eventAt, after!.eventAt], [at('2025-02-03T00:00'), at('2025-02-03T04:00')])
    // What the column says in the rows of 02-02 20:00 and 02-03 00:00 is long over short.
    assert.deepEqual(
      [before!, after!].map(({ longShare }) => (longShare / (1 - longShare)).toFixed(2)),
      ['2.15', '2.16'],
    )
  })

  test('a venue that joins the aggregate is no change of positions', { skip }, async () => {
    for (const asset of ['ETH', 'BTC']) {
      const source = await replay(asset, '2025-01-05', '2025-01-08', 1)
      const coins = (await ticksOf(source)).flatMap((tick) =>
        tick.type === 'open-interest' && tick.venue === 'all-exchanges' ? [tick.openInterest] : [],
      )
      const changes = coins.slice(1).map((value, i) => Math.abs(value / coins[i]! - 1))
      assert.ok(Math.max(...changes) < 0.05, `a change of ${Math.max(...changes)} is left`)
      assert.match(source.problems().join(), new RegExp(`${asset} all-exchanges .* 2025-01-06T12:00:00Z .* rebased`))
    }
  })

  test('a perpetual with a hole is left out and said so', { skip }, async () => {
    const source = await replay('ETH', '2024-05-10', '2024-05-20', 1)
    assert.deepEqual(feedsOf(source, 'bar'), ['binance-spot 1 h', 'okx 1 h'])
    assert.match(source.problems().join(), /perp_binance_\*: Expected bars without holes/)
    // What it was above spot is known where there is a bar, and stale in the hole.
    assert.deepEqual(feedsOf(source, 'basis'), ['binance 1 h', 'okx 1 h'])
  })

  test('the quote moves along the hour between its open and its close', { skip }, async () => {
    const source = await replay('ETH', '2022-05-05', '2022-05-14', 2)
    const mid = (text: string) => {
      const quote = source.quoteAt('ETH', at(text))!
      return (quote.bestBid + quote.bestAsk) / 2
    }
    const ticks = await ticksOf(source)
    const bar = ticks.find((tick) => tick.type === 'bar' && tick.eventAt === at('2022-05-11T13:00'))
    assert.ok(bar?.type === 'bar')
    assert.equal(mid('2022-05-11T12:00').toFixed(6), bar.openPrice.toFixed(6))
    assert.equal(mid('2022-05-11T12:30').toFixed(6), ((bar.openPrice + bar.closePrice) / 2).toFixed(6))
    const quote = source.quoteAt('ETH', at('2022-05-11T12:30'))!
    assert.equal((((quote.bestAsk - quote.bestBid) / mid('2022-05-11T12:30')) * 1e4).toFixed(3), '2.000')
    assert.ok(quote.dailyVolumeNotional! > 1e9 && quote.dailyVolatility! > 0.01)
    assert.equal(quote.depthNotional, undefined)
    assert.equal(source.quoteAt('ETH', at('2022-05-20T00:00')), undefined)
    assert.equal(source.quoteAt('BTC', at('2022-05-11T12:30')), undefined)
  })

  test('continued after an instant, the rest is the same', { skip }, async () => {
    const source = await replay('ETH', '2025-02-01', '2025-02-03', 1)
    const all = await collect(source.steps())
    const after = all[30]!.at
    assert.deepEqual(await collect(source.steps({ after })), all.slice(31))
  })

  test('a window outside the record is refused with what there is', { skip }, async () => {
    await assert.rejects(
      replay('ETH', '2019-01-01', '2019-02-01'),
      /2020-01-01T00:00:00Z … 2025-09-01T00:00:00Z.*Move --from and --to/,
    )
    await assert.rejects(replay('ETH', '2025-08-30', '2025-09-02'), /was 2025-08-30T00:00:00Z … 2025-09-02T00:00:00Z/)
    await assert.rejects(replay('ETH', '2025-02-03', '2025-02-03'), /Expected from before to/)
    await assert.rejects(replay('DOGE', '2025-02-01', '2025-02-03'), /panel_1h_DOGE.csv.gz.*it has BTC, ETH/)
  })
})
