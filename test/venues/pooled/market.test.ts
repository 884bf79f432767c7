import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { createPanel, type Panel } from '../../../src/domain/market/panel.ts'
import { DAY, HOUR, MINUTE, SECOND, timestamp } from '../../../src/domain/units.ts'
import type { MarketSource } from '../../../src/ports.ts'
import { pooledAssets } from '../../../src/venues/pooled/assets.ts'
import { createPooledMarket } from '../../../src/venues/pooled/market.ts'
import { createReplayMarket } from '../../../src/venues/replay/market.ts'
import { ticksOf } from '../replay/collect.ts'

const START = timestamp(Date.UTC(2025, 0, 6))
const label = (hours: number): string => `${new Date(START + hours * HOUR).toISOString().slice(0, 13)}Z`
const minutes = (hours: number): string => label(hours).replace('Z', ':00Z')
const seconds = (hours: number): string => label(hours).replace('Z', ':00:00Z')
const kline = (hour: number, symbol: string, venue: string, price: number): string =>
  `${label(hour)},${symbol},${venue},${price},${price * 1.01},${price * 0.99},${price},10`
const klines = (symbol: string, venue: string, [from, to]: [number, number], price = 100): string[] =>
  Array.from({ length: to - from }, (_, i) => kline(from + i, symbol, venue, price))
const table = (columns: string, rows: readonly string[]): string => `${[columns, ...rows].join('\n')}\n`
const KLINES = 'time,symbol,venue,open,high,low,close,volume'
const prices = table(KLINES, [
  ...klines('ADAUSDT', 'binance_spot', [0, 10]),
  ...klines('SOLUSDT', 'binance_perp', [20, 48], 200),
  ...klines('SOLUSDT', 'okx_perp', [0, 48], 201),
  ...klines('SOLUSDT', 'binance_spot', [0, 48], 200),
])

/** Files of many coins in a folder `multi`, with what lies beside it. */
async function folderWith(t: TestContext, files: Record<string, string>): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'breakwater-pooled-'))
  t.after(() => rm(root, { recursive: true }))
  for (const [name, text] of Object.entries({ 'multi/klines_1h_multi.csv.gz': prices, ...files })) {
    await mkdir(dirname(join(root, name)), { recursive: true })
    await writeFile(join(root, name), name.endsWith('.gz') ? gzipSync(text) : text)
  }
  return join(root, 'multi')
}

async function panelOf(source: MarketSource): Promise<Panel> {
  const panel = createPanel()
  for (const tick of await ticksOf(source)) panel.apply(tick)
  return panel
}

const feedsOf = (source: MarketSource, kind: string): string[] =>
  source.feeds
    .filter(({ feed }) => feed === kind)
    .map(({ asset, venue, cadence }) => `${asset} ${venue} ${cadence / HOUR} h`)

test('the assets are listed with the span of their longest series, the longest first', async (t) => {
  assert.deepEqual(await pooledAssets(await folderWith(t, {})), [
    { asset: 'SOL', from: START, to: START + 48 * HOUR, rows: 48 },
    { asset: 'ADA', from: START, to: START + 10 * HOUR, rows: 10 },
  ])
})

test('the perpetual with the longest history is the price, the others are feeds; each bar is known after its close', async (t) => {
  const source = await createPooledMarket({ folder: await folderWith(t, {}), assets: ['SOL'] })
  assert.deepEqual([source.assets, source.from, source.to], [['SOL'], START, START + 48 * HOUR])
  assert.deepEqual(feedsOf(source, 'bar'), ['SOL okx 1 h', 'SOL binance 1 h', 'SOL binance-spot 1 h'])
  const panel = await panelOf(source)
  assert.equal(panel.priceVenue('SOL'), 'okx')
  const bars = panel.between('bar', 'okx', 'SOL', START, source.to!)
  assert.equal(bars.length, 47) // the last is received after the end
  assert.deepEqual([bars[0]!.eventAt, bars[0]!.receivedAt], [START + HOUR, START + HOUR + 5 * SECOND])
  assert.equal(bars[0]!.volume, undefined) // in contracts of a size that is not known
  assert.equal(panel.latest('bar', 'binance', 'SOL', source.to!)!.volume, 10)
  assert.equal(panel.latest('basis', 'okx', 'SOL', source.to!)!.value.toFixed(6), '50.000000')
  assert.ok(source.quoteAt('SOL', timestamp(START + 30 * HOUR)))
  assert.deepEqual(source.problems(), [])
})

test('funding is per eight hours by its own interval, and a venue that settles oftener later is one feed', async (t) => {
  const rows = [
    [0, '0.0008', 8],
    [8, '0.0008', 8],
    [16, '0.0008', 8],
    [20, '0.0008', 4],
  ] as const
  const funding = rows.map(([at, rate, hours]) => `${minutes(at)},SOLUSDT,binance,${rate},${hours},x`)
  const columns = 'time,symbol,venue,funding_rate,interval_h,src'
  const source = await createPooledMarket({
    folder: await folderWith(t, { 'multi/funding_multi.csv': table(columns, funding) }),
    assets: ['SOL'],
  })
  assert.deepEqual(feedsOf(source, 'funding'), ['SOL binance 8 h'])
  const panel = await panelOf(source)
  assert.deepEqual(
    panel
      .between('funding', 'binance', 'SOL', START, source.to!)
      .map(({ eventAt, receivedAt, fundingRate }) => [
        (eventAt - START) / HOUR,
        receivedAt - eventAt,
        Number(fundingRate.toFixed(6)),
      ]),
    [
      [0, MINUTE, 0.0008],
      [8, MINUTE, 0.0008],
      [16, MINUTE, 0.0008],
      [20, MINUTE, 0.0016],
    ],
  )
})

test('open interest is in coins at the price of its instant, known when its row says all it says', async (t) => {
  const source = await createPooledMarket({
    folder: await folderWith(t, {
      'multi/oi_1h_multi.csv': table('time,symbol,venue,oi_usd', [`${seconds(4)},SOL,hyperliquid,2000`]),
      'multi/oi_4h_by_venue_multi.csv': table('time,symbol,venue,oi_usd,price', [
        `${seconds(8)},SOL,BYBIT,3000,100`,
        `${seconds(8)},SOL,BINANCE,9000,100`,
      ]),
      'multi/oi_4h_ohlc_multi.csv.gz': table(
        'time,symbol,venue,unit,oi_open,oi_high,oi_low,oi_close,suspect',
        [
          ['all_exchanges_coinglass', 'usd', 1, 200_000, 0],
          ['all_exchanges_coinglass', 'usd', 5, 300_000, 1],
          ['all_exchanges_coinglass', 'usd', 9, 315_000, 0],
          ['binance_stablemargin_coinglass', 'coins', 5, 77, 0],
        ].map(
          ([venue, unit, at, close, suspect]) =>
            `${label(Number(at) - 1)},SOL,${venue},${unit},0,0,0,${close},${suspect}`,
        ),
      ),
      'multi/oi_1d_multi.csv': table('time,symbol,venue,unit,oi_open,oi_high,oi_low,oi_close', [
        `${seconds(0)},SOL,binance_coinmargin_coinglass,usd,0,0,0,4000`,
      ]),
    }),
    assets: ['SOL'],
  })
  const panel = await panelOf(source)
  const coins = (venue: string) =>
    panel
      .between('open-interest', venue, 'SOL', START, source.to!)
      .map(({ eventAt, receivedAt, openInterest }) => [
        (eventAt - START) / HOUR,
        (receivedAt - eventAt) / MINUTE,
        Number(openInterest.toFixed(6)),
      ])
  assert.deepEqual(coins('hyperliquid'), [[5, 6, 10]])
  assert.deepEqual(coins('bybit'), [[8, 10, 30]])
  // Of two files that have the feed the first is taken, not both in turn.
  assert.deepEqual(coins('binance'), [[8, 10, 77]])
  // The bar that is marked changes nothing; from there on changes are true.
  assert.deepEqual(coins('all-exchanges'), [
    [4, 10, 1_000],
    [8, 10, 1_000],
    [12, 10, 1_050],
  ])
  assert.deepEqual(coins('binance-coin-margined'), [[24, 10, 20]])
  assert.ok(feedsOf(source, 'open-interest').includes('SOL binance-coin-margined 24 h'))
})

test('liquidations, the mean funding and the mood of the market are known at the end of what they cover', async (t) => {
  const source = await createPooledMarket({
    folder: await folderWith(t, {
      'multi/liq_multi.csv': table('time,symbol,venue,interval,long_usd,short_usd', [
        `${seconds(0)},SOL,binance_coinglass,1d,70,80`,
        `${seconds(4)},SOL,binance_coinglass,4h,7,8`,
      ]),
      'multi/funding_oiweighted_coinglass.csv': table('time,symbol,venue,interval,open,high,low,close', [
        `${minutes(4)},SOL,oi_weighted_coinglass,4h,0,0,0,0.0003`,
      ]),
      'sentiment/fear_greed_1d.csv': table('time,fng', [`${seconds(0)},33`]),
    }),
    assets: ['SOL', 'ADA'],
  })
  const panel = await panelOf(source)
  const end = source.to!
  const liquidations = panel.latest('liquidations', 'binance', 'SOL', end)!
  assert.deepEqual(
    [liquidations.eventAt - START, liquidations.receivedAt - liquidations.eventAt, liquidations.coverage],
    [8 * HOUR, 10 * MINUTE, 'sampled'],
  )
  assert.deepEqual([liquidations.longNotional, liquidations.shortNotional], [7, 8])
  const funding = panel.latest('funding', 'all-exchanges', 'SOL', end)!
  assert.deepEqual([funding.eventAt - START, funding.fundingRate], [8 * HOUR, 0.0003])
  for (const asset of source.assets) {
    const mood = panel.latest('fear-greed', 'alternative-me', asset, end)!
    assert.deepEqual([mood.eventAt - START, mood.value], [DAY, 33])
  }
})

test('rows that cannot be read are told by file and line; what is too short or absent is left out and said so', async (t) => {
  const folder = await folderWith(t, {
    'multi/klines_1h_multi.csv.gz': table(KLINES, [
      ...klines('ADAUSDT', 'binance_spot', [0, 10]),
      ...klines('SOLUSDT', 'binance_perp', [0, 30]),
      `${label(30)},SOLUSDT,binance_perp,1,2,3,1,1`,
      `${label(31)},SOLUSDT,binance_perp,1,2`,
      `2025-01-07T25Z,SOLUSDT,binance_perp,1,2,1,1,1`,
      `${label(33)},SOLUSDT,binance_perp,x,2,1,1,1`,
    ]),
  })
  const source = await createPooledMarket({ folder, assets: ['SOL', 'ADA', 'NONE'], minimumDays: 1 })
  assert.deepEqual(source.assets, ['SOL'])
  assert.deepEqual(source.problems(), [
    'klines_1h_multi.csv.gz line 42: Expected 0 < low <= open, close <= high, was 1 2 3 1; bar skipped',
    'klines_1h_multi.csv.gz line 43: Expected 8 cells, was 5; row skipped',
    'klines_1h_multi.csv.gz line 44 column time: Expected a UTC time on the grid, was "2025-01-07T25Z"; row skipped',
    'klines_1h_multi.csv.gz line 45 column open: Expected a number, was "x"; left out',
    'ADA: Expected at least 1 days of hourly bars, was 10 hours; asset left out',
    'NONE: Expected at least 1 days of hourly bars, was 0 hours; asset left out',
  ])
  await assert.rejects(createPooledMarket({ folder, assets: ['NONE'] }), /was NONE; it has SOL, ADA/)
  await assert.rejects(createPooledMarket({ folder, assets: ['ADA'], minimumDays: 1 }), /ADA: Expected at least 1 days/)
  await assert.rejects(createPooledMarket({ folder: join(folder, 'elsewhere') }), /elsewhere, was absent/)
  await assert.rejects(createPooledMarket({ folder: dirname(folder) }), /Expected klines_1h_multi.csv.gz in/)
})

test('a row without a symbol does not take the next ones with it, and a broken header is refused', async (t) => {
  const folder = await folderWith(t, {
    'multi/klines_1h_multi.csv.gz': table(KLINES, [
      ...klines('SOLUSDT', 'binance_perp', [0, 2]),
      'nonsense',
      ...klines('SOLUSDT', 'binance_perp', [2, 4]),
    ]),
    'multi/oi_1h_multi.csv': 'when,symbol\n',
  })
  assert.deepEqual(
    (await pooledAssets(folder)).map(({ rows }) => rows),
    [4],
  )
  await assert.rejects(createPooledMarket({ folder }), /oi_1h_multi.csv, was: a header of "when,symbol…"/)
})

const RECORDED = '../shared/data/multi'
const skip = existsSync(RECORDED) ? undefined : `nothing is recorded at ${RECORDED}`

suite('recorded history of many coins', () => {
  test('what both records have of BTC is the same, and no tick is early', { skip }, async () => {
    const window = { from: timestamp(Date.UTC(2025, 5, 20)), to: timestamp(Date.UTC(2025, 6, 1)), assets: ['BTC'] }
    const [pooled, replayed] = [
      await createPooledMarket({ folder: RECORDED, ...window }),
      await createReplayMarket({ folder: '../shared/data/panel', warmupDays: 0, ...window }),
    ]
    assert.deepEqual(pooled.problems(), [])
    for (const tick of await ticksOf(pooled)) assert.ok(tick.receivedAt > tick.eventAt)
    const [ours, theirs] = [await panelOf(pooled), await panelOf(replayed)]
    for (const [kind, venue, few] of [
      ['open-interest', 'hyperliquid', 250],
      ['open-interest', 'bybit', 60],
      ['open-interest', 'binance', 60],
      ['liquidations', 'binance', 60],
      ['funding', 'all-exchanges', 60],
      ['funding', 'hyperliquid', 250],
    ] as const) {
      const [left, right] = [ours, theirs].map((panel) => panel.between(kind, venue, 'BTC', window.from, window.to))
      assert.ok(left!.length > few, `${left!.length} of ${kind} of ${venue}`)
      assert.deepEqual(
        left!.map(({ eventAt, receivedAt }) => [eventAt, receivedAt]),
        right!.map(({ eventAt, receivedAt }) => [eventAt, receivedAt]),
      )
      left!.forEach((tick, i) => {
        const [value, other] = [figureOf(tick), figureOf(right![i]!)]
        // Open interest of a venue is divided by prices of different sources.
        assert.ok(Math.abs(value - other) <= 0.005 * Math.abs(other) + 1e-9, `${kind} of ${venue}: ${value}, ${other}`)
      })
    }
  })
})

const figureOf = (tick: { type: string }): number => {
  const { openInterest, fundingRate, longNotional } = tick as {
    openInterest?: number
    fundingRate?: number
    longNotional?: number
  }
  return openInterest ?? fundingRate ?? longNotional ?? Number.NaN
}
