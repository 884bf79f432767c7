import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { Bar, Tick } from '../../../src/domain/market/tick.ts'
import {
  baseQty,
  DAY,
  duration,
  fraction,
  fundingPer8h,
  HOUR,
  later,
  MINUTE,
  price,
  SECOND,
  type TimestampMs,
  timestamp,
  usd,
} from '../../../src/domain/units.ts'
import { exportPanel } from '../../../src/venues/replay/export.ts'
import { createReplayMarket } from '../../../src/venues/replay/market.ts'
import { ticksOf } from './collect.ts'

const FOLDER = '../shared/data/panel'
const skip = existsSync(FOLDER) ? undefined : `the recorded panels are not at ${FOLDER}`
const START = timestamp(Date.UTC(2025, 5, 1))

async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'breakwater-export-'))
  t.after(() => rm(folder, { recursive: true }))
  return folder
}

async function* each(ticks: readonly Tick[]): AsyncGenerator<Tick> {
  yield* ticks
}

/** Every number to nine significant digits, in an order that does not depend on who wrote it. */
const comparable = (ticks: readonly Tick[]): string[] =>
  ticks
    .map((tick) =>
      JSON.stringify(
        Object.entries(tick)
          .filter(([, value]) => value !== undefined)
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([key, value]) => [
            key,
            typeof value === 'number' && !key.endsWith('At') ? value.toPrecision(9) : value,
          ]),
      ),
    )
    .sort()

for (const [asset, from, to] of [
  ['ETH', '2025-01-03', '2025-02-06'],
  ['BTC', '2022-05-05', '2022-05-14'],
  ['ETH', '2025-07-01', '2025-07-08'],
  ['BTC', '2025-02-01', '2025-02-06'],
] as const) {
  test(`${asset} ${from} … ${to}: what was replayed, exported and replayed again is the same`, { skip }, async (t) => {
    const window = { from: timestamp(Date.parse(from)), to: timestamp(Date.parse(to)), warmupDays: 2 }
    const first = await ticksOf(await createReplayMarket({ folder: FOLDER, assets: [asset], ...window }))
    const folder = await temporaryFolder(t)
    const { files, leftOut } = await exportPanel({ ticks: each(first), folder, assets: [asset] })
    assert.ok(files.length >= 2)
    assert.deepEqual(leftOut, [])

    // The last bar of a window comes in after its end, so the export is an hour shorter than the window.
    const to2 = timestamp(window.to - HOUR)
    const again = await createReplayMarket({ folder, assets: [asset], ...window, to: to2 })
    assert.deepEqual(again.problems(), [])
    const expected = first.filter((tick) => tick.receivedAt <= to2)
    assert.deepEqual(comparable(await ticksOf(again)), comparable(expected))
  })
}

test('what live venues sent is joined to the panel: hours of minutes, the last figure by each hour, sums of four hours', async (t) => {
  const at = (hours: number): TimestampMs => timestamp(START + hours * HOUR)
  const stamp = (venue: string, hours: number) => ({
    venue,
    asset: 'ETH',
    eventAt: at(hours),
    receivedAt: later(at(hours), SECOND),
  })
  const minute = (index: number): Bar => ({
    type: 'bar',
    ...stamp('bybit', (index + 1) / 60),
    series: 'perp',
    interval: MINUTE,
    openPrice: price(2_000 + index),
    highPrice: price(2_002 + index),
    lowPrice: price(1_999 + index),
    closePrice: price(2_001 + index),
    volume: baseQty(2),
  })
  const bars = Array.from({ length: 12 * 60 }, (_, index) => minute(index)).filter((_, index) => index !== 6 * 60 + 30)
  const openInterest = (hours: number, coins: number): Tick => ({
    type: 'open-interest',
    ...stamp('bybit', hours),
    openInterest: baseQty(coins),
  })
  const liquidations = (hours: number, long: number): Tick => ({
    type: 'liquidations',
    ...stamp('bybit', hours),
    interval: duration(HOUR),
    longNotional: usd(long),
    shortNotional: usd(1),
    coverage: 'full',
  })
  const ticks: Tick[] = [
    ...bars,
    openInterest(1.25, 500),
    openInterest(1.75, 510),
    openInterest(3, 520),
    { type: 'funding', ...stamp('hyperliquid', 2.5), fundingRate: fundingPer8h(0.00001, HOUR) },
    { type: 'funding', ...stamp('elsewhere', 2.5), fundingRate: fundingPer8h(0.00001, HOUR) },
    liquidations(1, 10),
    liquidations(4, 20),
    liquidations(5, 40),
    {
      type: 'taker-flow',
      ...stamp('bybit', 2),
      interval: duration(HOUR),
      buyNotional: usd(7),
      sellNotional: usd(8),
    },
    { type: 'book-depth', ...stamp('bybit', 2.5), bidNotional: usd(100), askNotional: usd(200) },
    { type: 'account-ratio', ...stamp('bybit', 2.5), longShare: fraction(0.6) },
    { type: 'account-ratio', ...stamp('bybit', 3.5), longShare: fraction(0.75) },
    { type: 'account-ratio', ...stamp('binance', 4), longShare: fraction(0.2) },
    { type: 'account-ratio', ...stamp('bybit', 4.25), longShare: fraction(0.5) },
    { type: 'basis', ...stamp('bybit', 2.25), value: 3 },
    { type: 'basis', ...stamp('bybit', 2.75), value: -4.5 },
    { type: 'implied-volatility', ...stamp('deribit', 3), value: 0.55 },
    { type: 'disconnect', ...stamp('bybit', 3), feed: 'bar', reason: 'socket closed' },
  ]
  const folder = await temporaryFolder(t)
  const { files, leftOut } = await exportPanel({ ticks: each(ticks), folder, assets: ['ETH'] })
  assert.deepEqual(
    files.map((file) => file.slice(folder.length + 1)),
    ['panel_1h_ETH.csv.gz', 'panel_4h_ETH.csv.gz'],
  )
  assert.deepEqual(leftOut, [
    '1 × ETH hours in which a bar is missing',
    '1 × ETH funding of elsewhere, whose interval is not known',
  ])

  const source = await createReplayMarket({ folder, assets: ['ETH'], from: START, to: at(12), warmupDays: 0 })
  const replayed = await ticksOf(source)
  const of = (type: Tick['type']) => replayed.filter((tick) => tick.type === type)
  const hoursOf = (tick: Tick) => (tick.eventAt - START) / HOUR
  const joined = of('bar')
  assert.deepEqual(joined.map(hoursOf), [1, 2, 3, 4, 5, 6, 8, 9, 10, 11])
  assert.deepEqual(
    joined
      .slice(0, 2)
      .map((bar) => bar.type === 'bar' && [bar.openPrice, bar.highPrice, bar.lowPrice, bar.closePrice, bar.volume]),
    [
      [2_000, 2_061, 1_999, 2_060, 120],
      [2_060, 2_121, 2_059, 2_120, 120],
    ],
  )
  assert.deepEqual(
    of('open-interest').map((tick) => [hoursOf(tick), tick.type === 'open-interest' && tick.openInterest.toFixed(6)]),
    [
      [2, '510.000000'],
      [3, '520.000000'],
    ],
  )
  assert.deepEqual(
    of('funding').map((tick) => [hoursOf(tick), tick.type === 'funding' && tick.fundingRate.toFixed(7)]),
    [[3, '0.0000800']],
  )
  assert.deepEqual(
    of('liquidations').map((tick) => [hoursOf(tick), tick.type === 'liquidations' && tick.longNotional]),
    [
      [4, 30],
      [8, 40],
    ],
  )
  assert.deepEqual(
    of('taker-flow').map((tick) => [hoursOf(tick), tick.venue]),
    [[4, 'bybit']],
  )
  assert.deepEqual(
    of('book-depth').map((tick) => [hoursOf(tick), tick.venue]),
    [[4, 'bybit']],
  )
  assert.deepEqual(
    of('account-ratio').map((tick) => [
      hoursOf(tick),
      tick.venue,
      tick.type === 'account-ratio' && Number(tick.longShare.toFixed(9)),
    ]),
    [
      [4, 'bybit', 0.75],
      [4, 'binance', 0.2],
      [8, 'bybit', 0.5],
    ],
  )
  assert.deepEqual(
    replayed.flatMap((tick) =>
      tick.type === 'basis' || tick.type === 'implied-volatility' ? [[hoursOf(tick), tick.venue, tick.value]] : [],
    ),
    [
      [3, 'bybit', -4.5],
      [3, 'deribit', 0.55],
    ],
  )
})

test('a year of hours is written and read without a difference', async (t) => {
  const bars = Array.from({ length: 365 * 24 }, (_, index): Bar => {
    const eventAt = timestamp(START + (index + 1) * HOUR)
    const base = 2_000 + 500 * Math.sin(index / 50)
    return {
      type: 'bar',
      venue: 'binance',
      asset: 'ETH',
      series: 'perp',
      interval: HOUR,
      eventAt,
      receivedAt: later(eventAt, 5 * SECOND),
      openPrice: price(base),
      highPrice: price(base * 1.01),
      lowPrice: price(base * 0.99),
      closePrice: price(base * 1.001),
      volume: baseQty(index),
    }
  })
  const folder = await temporaryFolder(t)
  await exportPanel({ ticks: each(bars), folder, assets: ['ETH'] })
  const source = await createReplayMarket({ folder, assets: ['ETH'], from: timestamp(START + DAY), warmupDays: 1 })
  assert.deepEqual(comparable(await ticksOf(source)), comparable(bars.slice(0, -1)))
})
