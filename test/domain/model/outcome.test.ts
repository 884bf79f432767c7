import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { sampleColumns } from '../../../models/columns.ts'
import { labelsOf } from '../../../models/labels.ts'
import { createPanel } from '../../../src/domain/market/panel.ts'
import type { Bar, FeedDeclaration } from '../../../src/domain/market/tick.ts'
import { cascadeOutcome, OUTCOME_LOOKBACK_HOURS, overlayOutcome } from '../../../src/domain/model/outcome.ts'
import { createGaussian, createRandom } from '../../../src/domain/random.ts'
import {
  type DurationMs,
  duration,
  fundingPer8h,
  HOUR,
  later,
  MINUTE,
  price,
  type TimestampMs,
  timestamp,
} from '../../../src/domain/units.ts'

const FROM = timestamp(Date.UTC(2025, 1, 1))
const HOURS = 420
const HORIZONS = [4, 24, 72] as const

/** A walk with violent hours, received a few seconds after each bar has closed. */
function walk(seed: number, interval: DurationMs, isSilent: (hour: number) => boolean = () => false): Bar[] {
  const gauss = createGaussian(createRandom(seed))
  const bars: Bar[] = []
  let close = 3000
  for (let at = later(FROM, interval); at <= later(FROM, HOURS * HOUR); at = later(at, interval)) {
    const hour = (at - FROM) / HOUR
    const open = close
    const wild = hour % 97 > 94 ? 9 : 1
    close *= Math.exp(wild * 0.004 * Math.sqrt(interval / HOUR) * gauss())
    // Two moves that are cascades whatever the walk does.
    if (hour === 320) close *= 0.93
    if (hour === 388) close *= 1.09
    const wick = 1 + 0.002 * wild * Math.abs(gauss())
    if (isSilent(hour)) continue
    bars.push({
      type: 'bar',
      series: 'mark',
      venue: 'binance',
      asset: 'ETH',
      interval,
      eventAt: at,
      receivedAt: later(at, 5_000),
      openPrice: price(open),
      highPrice: price(Math.max(open, close) * wick),
      lowPrice: price(Math.min(open, close) / wick),
      closePrice: price(close),
    } as Bar)
  }
  return bars
}

function compare(bars: readonly Bar[], cadence: DurationMs, phase: number) {
  const panel = createPanel()
  for (const bar of bars) panel.apply(bar)
  const feeds: FeedDeclaration[] = [{ feed: 'bar', venue: 'binance', asset: 'ETH', cadence }]
  const columns = sampleColumns(panel, 'ETH', feeds, { at: later(FROM, HOURS * HOUR + phase), hours: HOURS })
  const labels = labelsOf(columns)
  const compared = { same: 0, other: 0, happened: 0, unknown: 0 }
  for (let i = OUTCOME_LOOKBACK_HOURS; i < HOURS; i++)
    for (const horizonHours of HORIZONS) {
      const at = timestamp(columns.instants[i]!)
      const label = (way: 'down' | 'up') => labels[`cascade-${way}-${horizonHours}h`][i]!
      if (i + horizonHours >= HOURS) continue
      const outcome = cascadeOutcome(bars, { at, horizonHours, cadence })
      if (outcome.kind === 'unknown') {
        compared.unknown++
        // Where training says it did not come, most of the window was not heard.
        if (label('down') === 1 || label('up') === 1) compared.other++
        continue
      }
      const isSame = Number(outcome.down) === label('down') && Number(outcome.up) === label('up')
      compared[isSame ? 'same' : 'other']++
      if (outcome.down || outcome.up) compared.happened++
    }
  return compared
}

suite('the outcome of a cascade forecast', () => {
  for (const [name, cadence, phase] of [
    ['hourly bars', HOUR, 0],
    ['hourly bars, asked twenty past', HOUR, 20 * MINUTE],
    ['five-minute bars', duration(5 * MINUTE), 0],
    ['four-hourly bars', duration(4 * HOUR), 10 * MINUTE],
  ] as const)
    test(`is the label of training: ${name}`, () => {
      const { same, other, happened, unknown } = compare(walk(7, cadence), cadence, phase)
      assert.equal(other, 0)
      assert.equal(unknown, 0)
      assert.ok(same > 300 && happened >= 10, `${same} compared, ${happened} happened`)
    })

  test('is the label of training where bars are missing too, but not known where too much was not heard', () => {
    const bars = walk(7, HOUR, (hour) => (hour > 300 && hour < 330) || hour % 50 === 0)
    const { other, unknown, same } = compare(bars, HOUR, 0)
    assert.equal(other, 0)
    assert.ok(unknown > 10 && same > 100, `${unknown} not known of ${same + unknown}`)
  })

  test('does not see what was received after its horizon, and takes the newest close of its instant', () => {
    const bars = walk(3, HOUR)
    const at = later(FROM, 300 * HOUR)
    const question = { at, horizonHours: 4, cadence: HOUR }
    const crash = (bar: Bar, lowPrice: number): Bar => ({ ...bar, lowPrice: price(lowPrice) })
    const until = (hour: number) => bars.findIndex(({ eventAt }) => eventAt === later(FROM, hour * HOUR))
    const with1 = (k: number) => bars.map((bar, i) => (i === k ? crash(bar, 1) : bar))
    const before = cascadeOutcome(bars, question)
    assert.deepEqual(cascadeOutcome(with1(until(304)), question), before, 'received five seconds late')
    const seen = cascadeOutcome(with1(until(303)), question)
    assert.ok(seen.kind === 'known' && seen.down)
    assert.deepEqual(cascadeOutcome(with1(until(299)), question), before, 'before it was asked')
  })

  test('says why it is not known', () => {
    const bars = walk(3, HOUR)
    const ask = (given: readonly Bar[]) =>
      cascadeOutcome(given, { at: later(FROM, 300 * HOUR), horizonHours: 24, cadence: HOUR })
    assert.deepEqual(ask([]), { kind: 'unknown', reason: 'NO_PRICE' })
    assert.deepEqual(ask(bars.slice(290)), { kind: 'unknown', reason: 'NO_VOLATILITY' })
    assert.deepEqual(ask(bars.slice(0, 300)), { kind: 'unknown', reason: 'UNHEARD' })
    const flat = bars.map((bar) => ({ ...bar, closePrice: price(3000) }))
    assert.deepEqual(ask(flat), { kind: 'unknown', reason: 'NO_VOLATILITY' })
  })
})

suite('whether the overlay paid', () => {
  const HALF = 150e-6
  const funding = (eventAt: TimestampMs) =>
    ({
      type: 'funding',
      ...{ venue: 'binance', asset: 'ETH', eventAt, receivedAt: eventAt },
      fundingRate: fundingPer8h(HALF, duration(8 * HOUR)),
    }) as const

  test('is the label of training, funding and costs included', () => {
    const bars = walk(11, HOUR)
    const panel = createPanel()
    for (const bar of bars) panel.apply(bar)
    for (let hour = 0; hour < HOURS; hour++) panel.apply(funding(later(FROM, hour * HOUR)))
    const feeds: FeedDeclaration[] = (['bar', 'funding'] as const).map((feed) => ({
      ...{ feed, venue: 'binance', asset: 'ETH', cadence: HOUR },
    }))
    const columns = sampleColumns(panel, 'ETH', feeds, { at: later(FROM, HOURS * HOUR), hours: HOURS })
    const labels = labelsOf(columns)['overlay-pays-24h']
    const paid = { true: 0, false: 0 }
    for (let i = 10; i < HOURS - 30; i++) {
      const at = timestamp(columns.instants[i]!)
      const outcome = overlayOutcome(bars, { at, horizonHours: 24, cadence: HOUR, fundingRate: HALF })
      assert.ok(outcome.kind === 'known')
      assert.equal(Number(outcome.pays), labels[i], `hour ${i}`)
      paid[`${outcome.pays}`]++
    }
    assert.ok(paid.true > 50 && paid.false > 50, JSON.stringify(paid))
  })

  test('is not known without a price at either end', () => {
    const bars = walk(3, HOUR)
    const question = { at: later(FROM, 300 * HOUR), horizonHours: 24, cadence: HOUR, fundingRate: undefined }
    assert.deepEqual(overlayOutcome([], question), { kind: 'unknown', reason: 'NO_PRICE' })
    assert.deepEqual(overlayOutcome(bars.slice(0, 301), question), { kind: 'unknown', reason: 'UNHEARD' })
  })
})
