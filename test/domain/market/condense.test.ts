import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createPanel, type Panel } from '../../../src/domain/market/panel.ts'
import type { Tick } from '../../../src/domain/market/tick.ts'
import { hourlyReturns } from '../../../src/domain/market/volatility.ts'
import { createRandom } from '../../../src/domain/random.ts'
import {
  baseQty,
  DAY,
  fraction,
  fundingPer8h,
  HOUR,
  later,
  MINUTE,
  price,
  type TimestampMs,
  timestamp,
  usd,
} from '../../../src/domain/units.ts'

const START = timestamp(Date.UTC(2025, 0, 1))
const LAG = 3_000
const DAYS = 4

/** Minutes of every kind of feed. */
function minutes(seed: number): Tick[] {
  const random = createRandom(seed)
  let level = 100
  return Array.from({ length: (DAYS * DAY) / MINUTE }, (_, i): Tick[] => {
    const eventAt = later(START, (i + 1) * MINUTE)
    const stamp = { venue: 'a', asset: 'ETH', eventAt, receivedAt: later(eventAt, LAG) } as const
    const open = level
    level *= 1 + 0.002 * (random() - 0.5)
    const [low, high] = [Math.min(open, level) * 0.999, Math.max(open, level) * 1.001]
    return [
      {
        ...stamp,
        type: 'bar',
        series: 'mark',
        interval: MINUTE,
        openPrice: price(open),
        highPrice: price(high),
        lowPrice: price(low),
        closePrice: price(level),
        volume: baseQty(random()),
      },
      { ...stamp, type: 'open-interest', openInterest: baseQty(1_000 + random()) },
      { ...stamp, type: 'funding', fundingRate: fundingPer8h(1e-4 * random(), HOUR) },
      {
        ...stamp,
        type: 'liquidations',
        interval: MINUTE,
        longNotional: usd(random()),
        shortNotional: usd(random()),
        coverage: i % 7_000 === 0 ? 'sampled' : 'full',
      },
      { ...stamp, type: 'taker-flow', interval: MINUTE, buyNotional: usd(random()), sellNotional: usd(random()) },
      { ...stamp, type: 'book-depth', bidNotional: usd(random()), askNotional: usd(random()) },
      { ...stamp, type: 'account-ratio', longShare: fraction(0.4 + 0.2 * random()) },
      { ...stamp, type: 'basis', value: 20 * random() - 10 },
    ]
  }).flat()
}

const filled = (ticks: readonly Tick[]): Panel => {
  const panel = createPanel()
  for (const tick of ticks) panel.apply(tick)
  return panel
}
const END = later(START, DAYS * DAY + HOUR)
const BEFORE = later(START, 3 * DAY)
const KINDS = [
  'bar',
  'open-interest',
  'funding',
  'liquidations',
  'taker-flow',
  'book-depth',
  'account-ratio',
  'basis',
] as const

/** Highs, lows, volumes and sums by hour, and the last figure of each hour. */
function hourly(panel: Panel, from: TimestampMs, to: TimestampMs) {
  const hours = new Map<number, Record<string, number>>()
  for (const kind of KINDS) {
    for (const tick of panel.between(kind, 'a', 'ETH', START, END)) {
      if (tick.eventAt <= from || tick.eventAt > to) continue
      const hour = Math.ceil(tick.eventAt / HOUR)
      const row = hours.get(hour) ?? {}
      hours.set(hour, row)
      const add = (name: string, value: number) => {
        row[name] = (row[name] ?? 0) + value
      }
      if (tick.type === 'bar') {
        row.high = Math.max(row.high ?? 0, tick.highPrice)
        row.low = Math.min(row.low ?? Number.POSITIVE_INFINITY, tick.lowPrice)
        row.open ??= tick.openPrice
        row.close = tick.closePrice
        add('volume', tick.volume!)
        add('minutes', tick.interval / MINUTE)
      } else if (tick.type === 'liquidations') {
        add('longs', tick.longNotional)
        add('shorts', tick.shortNotional)
      } else if (tick.type === 'taker-flow') {
        add('buys', tick.buyNotional)
        add('sells', tick.sellNotional)
      } else if (tick.type === 'open-interest') row.openInterest = tick.openInterest
      else if (tick.type === 'funding') row.funding = tick.fundingRate
      else if (tick.type === 'book-depth') row.bids = tick.bidNotional
      else if (tick.type === 'account-ratio') row.accounts = tick.longShare
      else row.basis = tick.value
    }
  }
  return [...hours].map(([hour, row]) => [
    hour,
    Object.fromEntries(Object.entries(row).map(([name, value]) => [name, Number(value.toPrecision(10))])),
  ])
}

test('what is condensed says the same by the hour, and what is newer is untouched', () => {
  const ticks = minutes(1)
  const [whole, short] = [filled(ticks), filled(ticks)]
  for (let at = later(START, 5 * HOUR); at <= BEFORE; at = later(at, 7 * HOUR)) short.condense(at)
  short.condense(BEFORE)
  assert.deepEqual(hourly(short, START, END), hourly(whole, START, END))
  for (const kind of KINDS) {
    assert.deepEqual(short.between(kind, 'a', 'ETH', BEFORE, END), whole.between(kind, 'a', 'ETH', BEFORE, END), kind)
    const old = short.between(kind, 'a', 'ETH', START, BEFORE)
    assert.ok(old.length < 2 * 3 * 24, `${kind}: ${old.length} observations of three days`)
    assert.ok(old.every(({ receivedAt }, i) => i === 0 || receivedAt >= old[i - 1]!.receivedAt))
  }
})

test('hourly returns over condensed days are those of the minutes', () => {
  const ticks = minutes(2)
  const [whole, short] = [filled(ticks), filled(ticks)]
  short.condense(BEFORE)
  const of = (panel: Panel) => hourlyReturns(panel, 'ETH', later(START, DAYS * DAY), 80, END)
  assert.ok(of(whole).length === 80)
  assert.deepEqual(of(short), of(whole))
})

test('an hour of which one print was a sample is a sample', () => {
  const panel = filled(minutes(3))
  panel.condense(BEFORE)
  const prints = panel.between('liquidations', 'a', 'ETH', START, BEFORE)
  assert.equal(prints[0]!.coverage, 'sampled')
  assert.equal(prints[1]!.coverage, 'full')
})

test('hourly feeds stay as they are', () => {
  const ticks = minutes(4).filter(({ eventAt }) => eventAt % HOUR === 0)
  const [whole, short] = [filled(ticks), filled(ticks)]
  short.condense(BEFORE)
  for (const kind of KINDS)
    assert.deepEqual(short.between(kind, 'a', 'ETH', START, END), whole.between(kind, 'a', 'ETH', START, END))
})
