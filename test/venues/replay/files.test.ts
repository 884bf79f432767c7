import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { HOUR, timestamp } from '../../../src/domain/units.ts'
import { createReplayMarket } from '../../../src/venues/replay/market.ts'
import { collect, ticksOf } from './collect.ts'

const START = Date.UTC(2025, 0, 1)
const HEADER =
  'time,spot_binance_open,spot_binance_high,spot_binance_low,spot_binance_close,spot_binance_volume,funding_binance,funding_hyperliquid,funding_somewhere'

const label = (hour: number): string => new Date(START + hour * HOUR).toISOString().slice(0, 19).concat('Z')
const row = (hour: number, price = 100): string => `${label(hour)},${price},${price + 1},${price - 1},${price},10,,,`

async function folderWith(t: TestContext, files: Record<string, string | Buffer>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'breakwater-replay-'))
  t.after(() => rm(folder, { recursive: true }))
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content)
  return folder
}

const open = (folder: string, hours = 12) =>
  createReplayMarket({
    folder,
    assets: ['ETH'],
    from: timestamp(START),
    to: timestamp(START + hours * HOUR),
    warmupDays: 0,
  })

test('a malformed row is named by file, line and column, skipped and counted; the others are played', async (t) => {
  const rows = Array.from({ length: 12 }, (_, hour) => row(hour))
  rows[2] = rows[2]!.replace(',100,', ',abc,')
  rows[3] = `${rows[3]},extra`
  rows[4] = rows[4]!.replace('2025-01-01T04', '2025-01-01T99')
  rows[5] = rows[4]!.replace('2025-01-01T99', '2025-01-01T01')
  rows[6] = row(6).replace(',99,', ',105,')
  rows[7] = `"${row(7)}`
  const folder = await folderWith(t, { 'panel_1h_ETH.csv': `${[HEADER, ...rows].join('\n')}\n` })
  const source = await open(folder)
  assert.deepEqual(
    source.problems().map((problem) => problem.replace(/; (row|bar) skipped$/, '')),
    [
      'panel_1h_ETH.csv line 4 column spot_binance_open: Expected a number, was "abc"',
      'panel_1h_ETH.csv line 5: Expected 9 cells, was 10',
      'panel_1h_ETH.csv line 6 column time: Expected a UTC time on the 1h grid, was "2025-01-01T99:00:00Z"',
      'panel_1h_ETH.csv line 7 column time: Expected each time once, was 2025-01-01T01:00:00Z again',
      'panel_1h_ETH.csv line 9: Expected 9 cells, was not readable as CSV',
      'panel_1h_ETH.csv line 8 columns spot_binance_*: Expected 0 < low <= open, close <= high, was 100 101 105 100',
    ],
  )
  const bars = (await ticksOf(source)).filter((tick) => tick.type === 'bar')
  assert.deepEqual(
    bars.map((bar) => (bar.eventAt - START) / HOUR),
    [1, 2, 9, 10, 11],
  )
})

test('funding of an hourly venue and of an eight-hourly one come out per eight hours', async (t) => {
  const rows = Array.from({ length: 12 }, (_, hour) => row(hour))
  rows[8] = rows[8]!.replace(/,,,$/, ',0.0001,0.0000125,0.5')
  const folder = await folderWith(t, { 'panel_1h_ETH.csv.gz': gzipSync([HEADER, ...rows].join('\n')) })
  const source = await open(folder)
  const funding = (await ticksOf(source)).filter((tick) => tick.type === 'funding')
  assert.deepEqual(
    funding.map((tick) => [tick.venue, tick.fundingRate.toFixed(7), (tick.receivedAt - START) / HOUR]),
    [
      ['binance', '0.0001000', 8 + 1 / 60],
      ['hyperliquid', '0.0001000', 8 + 1 / 60],
    ],
  )
  assert.match(source.problems().join(), /funding_somewhere: Expected a venue whose funding interval is known/)
})

test('rows outside the range are not read, not even to find them wrong', async (t) => {
  const rows = Array.from({ length: 48 }, (_, hour) => row(hour))
  rows[40] = rows[40]!.replace(',100,', ',abc,')
  const folder = await folderWith(t, { 'panel_1h_ETH.csv': [HEADER, ...rows].join('\r\n') })
  assert.deepEqual((await open(folder)).problems(), [])
  assert.equal((await open(folder, 48)).problems().length, 1)
})

test('without from and to the whole record is played, after the warm-up', async (t) => {
  const rows = Array.from({ length: 72 }, (_, hour) => row(hour))
  const folder = await folderWith(t, { 'panel_1h_ETH.csv': [HEADER, ...rows].join('\n') })
  const source = await createReplayMarket({ folder, assets: ['ETH'], warmupDays: 1 })
  assert.equal(source.from, START + 24 * HOUR)
  assert.equal(source.to, START + 72 * HOUR)
})

test('a hole in the record is hours without a bar, and no quote', async (t) => {
  const rows = Array.from({ length: 12 }, (_, hour) => row(hour)).filter((_, hour) => hour !== 5)
  const folder = await folderWith(t, { 'panel_1h_ETH.csv': [HEADER, ...rows].join('\n') })
  const source = await open(folder)
  const steps = await collect(source.steps())
  assert.equal(steps.length, 12 - 1) // the bar that closes at the end of the window comes five seconds too late
  assert.deepEqual(
    steps.filter((step) => step.ticks.length === 0).map((step) => Math.floor((step.at - START) / HOUR)),
    [6],
  )
  assert.equal(source.quoteAt('ETH', timestamp(START + 5.5 * HOUR)), undefined)
  assert.ok(source.quoteAt('ETH', timestamp(START + 6.5 * HOUR)))
})

test('an absent folder, an absent asset and a file that is no panel are refused with the remedy', async (t) => {
  await assert.rejects(
    open('/nowhere/at/all'),
    /Expected a folder of recorded panels at \/nowhere\/at\/all, was absent/,
  )
  await assert.rejects(
    open(await folderWith(t, {})),
    /panel_1h_ETH.csv.gz in .*, was absent; it has no panel_1h_\* at all/,
  )
  await assert.rejects(
    open(await folderWith(t, { 'panel_1h_ETH.csv': 'when,open\n' })),
    /header starting with "time".*was "when"/,
  )
  await assert.rejects(open(await folderWith(t, { 'panel_1h_ETH.csv': '' })), /was an empty file/)
  await assert.rejects(
    open(await folderWith(t, { 'panel_1h_ETH.csv': `${HEADER}\n` })),
    /Expected rows in .*, was only a header/,
  )
  await assert.rejects(
    open(await folderWith(t, { 'panel_1h_ETH.csv.gz': 'no gzip' })),
    /Expected a readable panel at .*, was: incorrect header check/,
  )
})

test('a finer feed that begins later takes nothing away from what a coarser one had before', async (t) => {
  const rows = Array.from({ length: 72 }, (_, hour) => row(hour))
  const daily = [0, 1, 2].map((day) => `${label(24 * day)},${1_000 + day},0`)
  const fourHourly = [40, 44, 48].map((hour) => `${label(hour)},${5_000 + hour},0`)
  const header = (column: string) => `time,${column},oi_binance_coinm_close`
  const folder = await folderWith(t, {
    'panel_1h_ETH.csv': `${[HEADER, ...rows].join('\n')}\n`,
    'panel_4h_ETH.csv': `${[header('oi_binance_stable_close'), ...fourHourly].join('\n')}\n`,
    'panel_1d_ETH.csv': `${['time,oi_binance_stable_coins_close', ...daily.map((line) => line.slice(0, -2))].join('\n')}\n`,
  })
  const heard = async (hours: number) =>
    (await ticksOf(await open(folder, hours)))
      .filter((tick) => tick.type === 'open-interest' && tick.venue === 'binance')
      .map((tick) => [(tick.eventAt - START) / HOUR, tick.type === 'open-interest' ? tick.openInterest : 0])
  const early = await heard(40)
  assert.deepEqual(early, [[24, 1_000]])
  assert.deepEqual((await heard(60)).slice(0, early.length), early)
  assert.deepEqual(await heard(60), [
    [24, 1_000],
    [44, 5_040],
    [48, 5_044],
    [52, 5_048],
  ])
})
