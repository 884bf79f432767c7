import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { createPanel } from '../../../src/domain/market/panel.ts'
import { isGauge } from '../../../src/domain/market/tick.ts'
import { DAY, HOUR, later, MINUTE, SECOND, timestamp } from '../../../src/domain/units.ts'
import type { MarketSource } from '../../../src/ports.ts'
import { createReplayMarket } from '../../../src/venues/replay/market.ts'
import { ticksOf } from './collect.ts'

const START = timestamp(Date.UTC(2025, 0, 3)) // a Friday
const label = (hours: number): string => `${new Date(START + hours * HOUR).toISOString().slice(0, 19)}Z`
const HOURS = Array.from({ length: 72 }, (_, hour) => hour)
const bars = [
  'time,spot_binance_open,spot_binance_high,spot_binance_low,spot_binance_close,perp_okx_open,perp_okx_high,perp_okx_low,perp_okx_close',
  ...HOURS.map((hour) => `${label(hour)},2000,2010,1990,2000,2001,2011,1991,${hour === 5 ? 1999 : 2002}`),
].join('\n')

/** Panels in a folder `panel`, with what lies beside it. */
async function folderWith(t: TestContext, files: Record<string, string>, name = 'panel'): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'breakwater-gauges-'))
  t.after(() => rm(root, { recursive: true }))
  for (const [path, text] of Object.entries({ [`${name}/panel_1h_ETH.csv`]: bars, ...files })) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), path.endsWith('.gz') ? gzipSync(text) : text)
  }
  return join(root, name)
}

const open = (folder: string): Promise<MarketSource> =>
  createReplayMarket({ folder, assets: ['ETH'], from: START, to: timestamp(START + 72 * HOUR), warmupDays: 0 })

/** `[hours after the start, received so many minutes later, value]` of each. */
const readings = async (source: MarketSource, kind: string, venue?: string) =>
  (await ticksOf(source)).flatMap((tick) =>
    isGauge(tick) && tick.type === kind && (venue === undefined || tick.venue === venue)
      ? [[(tick.eventAt - START) / HOUR, (tick.receivedAt - tick.eventAt) / MINUTE, Number(tick.value.toFixed(6))]]
      : [],
  )
const gaugesOf = (source: MarketSource): string[] =>
  source.feeds.flatMap(({ feed, venue, cadence }) =>
    isGauge({ type: feed } as never) ? [`${feed} ${venue} ${cadence / HOUR} h`] : [],
  )

test('every file beside the panels is known at the end of its bar and its lag later, in the unit of its kind', async (t) => {
  const source = await open(
    await folderWith(t, {
      'positioning_flow/top_ls_account_ETH_4h.csv': `time,top_account_long_percent,n_snap\n${label(0)},61.5,2\n${label(4)},62.25,2`,
      'positioning_flow/top_ls_position_ETH_4h.csv.gz': `time,top_position_long_percent\n${label(0)},55`,
      'positioning_flow/coinbase_premium_ETH_4h.csv': `time,premium,premium_rate\n${label(20)},12,0.4`,
      'positioning_flow/coinbase_premium_ETH_1d.csv': `time,premium,premium_rate\n${label(-24)},-3,-0.1\n${label(0)},3,0.1`,
      'options/option_oi_by_exchange_ETH_4h_usd.csv': `time,price,Deribit,CME,OKX,Binance,Bybit\n${label(0)},2000,5e9,,1e9,,`,
      'options/option_volume_by_exchange_ETH_1d_usd.csv': `time,price,Deribit,CME,OKX,Binance,Bybit\n${label(0)},2000,4e8,,,,1e7`,
      'sentiment/fear_greed_1d.csv.gz': `time,fng\n${label(-24)},40\n${label(0)},55`,
      'sentiment/etf_flow_ETH_1d.csv': `time,flow_usd,price_usd\n${label(-24)},-2e7,\n${label(0)},5e7,2000`,
      'onchain_daily/coinmetrics_ETH_1d.csv': `time,NVT,Exchange Deposits (USD),Exchange Withdrawals (USD)\n${label(0)},41,9e8,8.5e8\n${label(24)},41,9e8,`,
    }),
  )
  assert.deepEqual(source.problems(), [])
  assert.deepEqual(gaugesOf(source).sort(), [
    'basis okx 1 h',
    'coin-premium coinbase 4 h',
    'etf-flow us-funds 48 h',
    'exchange-netflow all-exchanges 24 h',
    'fear-greed alternative-me 24 h',
    'option-open-interest deribit 4 h',
    'option-open-interest okx 4 h',
    'option-volume bybit 24 h',
    'option-volume deribit 24 h',
    'top-account-ratio binance 4 h',
    'top-position-ratio binance 4 h',
  ])
  assert.deepEqual(await readings(source, 'top-account-ratio'), [
    [4, 10, 0.615],
    [8, 10, 0.6225],
  ])
  assert.deepEqual(await readings(source, 'top-position-ratio'), [[4, 10, 0.55]])
  // The daily figures stand before the four-hourly ones begin, and end there.
  assert.deepEqual(await readings(source, 'coin-premium'), [
    [0, 10, -0.001],
    [24, 10, 0.004],
  ])
  assert.deepEqual(await readings(source, 'option-open-interest', 'deribit'), [[4, 10, 5e9]])
  assert.deepEqual(await readings(source, 'option-volume', 'bybit'), [[24, 10, 1e7]])
  assert.deepEqual(await readings(source, 'fear-greed'), [
    [0, 10, 40],
    [24, 10, 55],
  ])
  assert.deepEqual(await readings(source, 'etf-flow'), [
    [0, 720, -2e7],
    [24, 720, 5e7],
  ])
  assert.deepEqual(await readings(source, 'exchange-netflow'), [[24, 60, 5e7]])
})

test('the basis is the close of the perpetual over that of spot, in basis points, known with the bars', async (t) => {
  const basis = await readings(await open(await folderWith(t, {})), 'basis')
  assert.equal(basis.length, 71) // the last bar is received after the end
  const lag = (5 * SECOND) / MINUTE
  assert.deepEqual(basis.slice(4, 7), [
    [5, lag, 10],
    [6, lag, -5],
    [7, lag, 10],
  ])
})

test('the columns of the panels are read where there is nothing beside them', async (t) => {
  const source = await open(
    await folderWith(
      t,
      {
        'recorded/panel_4h_ETH.csv': `time,top_account_long_short_ratio,coinbase_premium_rate,gauge_implied-volatility_deribit\n${label(0)},1.5,0.2,0.65`,
        'recorded/panel_1d_ETH.csv': `time,deribit_option_vol_usd,fng\n${label(0)},3e8,20`,
        'sentiment/fear_greed_1d.csv': `time,fng\n${label(0)},99`,
      },
      'recorded',
    ),
  )
  assert.deepEqual(await readings(source, 'top-account-ratio'), [[4, 10, 0.6]])
  assert.deepEqual(await readings(source, 'coin-premium'), [[4, 10, 0.002]])
  assert.deepEqual(await readings(source, 'implied-volatility', 'deribit'), [[4, 2, 0.65]])
  assert.deepEqual(await readings(source, 'option-volume', 'deribit'), [[24, 10, 3e8]])
  assert.deepEqual(await readings(source, 'fear-greed'), [[24, 10, 20]])
})

test('a reading that cannot be is told by file, line and column, and left out', async (t) => {
  const source = await open(
    await folderWith(t, {
      'sentiment/fear_greed_1d.csv': `time,fng\n${label(-24)},140\n${label(0)},14`,
      'positioning_flow/top_ls_account_ETH_4h.csv': `time,top_account_long_percent\n${label(0)},6150`,
    }),
  )
  assert.deepEqual(source.problems(), [
    'top_ls_account_ETH_4h.csv line 2 column top_account_long_percent: Expected a top-account-ratio of 0 to 1, was 61.5; left out',
    'fear_greed_1d.csv line 2 column fng: Expected a fear-greed of 0 to 100, was 140; left out',
  ])
  assert.deepEqual(await readings(source, 'fear-greed'), [[24, 10, 14]])
  assert.deepEqual(gaugesOf(source), ['fear-greed alternative-me 24 h', 'basis okx 1 h'])
})

const RECORDED = '../shared/data/panel'
const skip = existsSync(join(RECORDED, '../sentiment')) ? undefined : `nothing is recorded beside ${RECORDED}`

suite('recorded gauges', () => {
  test('the week of 2025-02-03 as it was known', { skip }, async () => {
    const at = (text: string) => timestamp(Date.parse(`${text}Z`))
    const [from, to] = [at('2025-02-01T00:00'), at('2025-02-06T00:00')]
    const source = await createReplayMarket({ folder: RECORDED, assets: ['BTC'], from, to, warmupDays: 5 })
    const panel = createPanel()
    for (const tick of await ticksOf(source)) panel.apply(tick)

    const known = at('2025-02-04T00:10')
    assert.deepEqual(panel.latest('fear-greed', 'alternative-me', 'BTC', known)!.value, 44)
    assert.equal(
      panel.latest('fear-greed', 'alternative-me', 'BTC', timestamp(known - 1))!.eventAt,
      at('2025-02-03T00:00'),
    )
    // Friday's flow is all there is until Tuesday noon.
    const friday = panel.latest('etf-flow', 'us-funds', 'BTC', at('2025-02-04T11:59'))!
    assert.equal(friday.eventAt, at('2025-02-01T00:00'))
    assert.equal(panel.latest('etf-flow', 'us-funds', 'BTC', at('2025-02-04T12:00'))!.eventAt, at('2025-02-04T00:00'))
    assert.equal(panel.latest('top-account-ratio', 'binance', 'BTC', known)!.eventAt, later(known, -10 * MINUTE))
    const basis = panel.between('basis', 'okx', 'BTC', from, to).map(({ value }) => value)
    assert.equal(basis.length, (to - from) / HOUR)
    assert.ok(Math.max(...basis.map(Math.abs)) < 60, `a basis of ${Math.max(...basis.map(Math.abs))} bps`)
    assert.ok(
      source.feeds.every((feed) => feed.feed !== 'exchange-netflow'),
      'on-chain figures end in 2024',
    )
    assert.ok(source.feeds.some((feed) => feed.feed === 'option-volume' && feed.cadence === DAY))
  })
})
