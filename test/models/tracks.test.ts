import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { featureWindow } from '../../models/features.ts'
import type { Panel } from '../../src/domain/market/panel.ts'
import { createRandom } from '../../src/domain/random.ts'
import { baseQty, DAY, HOUR, later, MINUTE, type TimestampMs } from '../../src/domain/units.ts'
import { panelOf, type RecordedMarket, recordMarket } from './market.ts'

let market: RecordedMarket
before(async () => {
  market = await recordMarket()
})

/** What is kept belongs to a panel: the same panel by another name has nothing kept. */
const unread = (panel: Panel): Panel => ({ ...panel })
const window = (panel: Panel, at: TimestampMs) =>
  featureWindow(panel, 'ETH', at, market.feeds, { hours: 2, venues: true })
const assertSame = (panel: Panel, at: TimestampMs, after: string) =>
  assert.deepEqual(window(panel, at), window(unread(panel), at), after)

test('what is kept of a panel is what the panel says, whatever happened to it in between', (t) => {
  const seed = Date.now() % 1_000_000
  t.diagnostic(`seed ${seed}`)
  const random = createRandom(seed)
  const cut = later(market.from, DAY)
  const panel = panelOf(market.ticks.filter(({ receivedAt }) => receivedAt <= cut))
  let at = cut
  assertSame(panel, at, 'at first')
  for (let k = 0; k < 12; k++) {
    at = later(at, Math.ceil(random() * 40) * MINUTE)
    for (const tick of market.ticks) if (tick.receivedAt > cut && tick.receivedAt <= at) panel.apply(tick)
    assertSame(panel, at, 'when more had come')
    const tick = market.ticks
      .filter((tick) => tick.type === 'open-interest')
      .findLast(({ venue, receivedAt }) => venue === 'sim-a' && receivedAt < at - HOUR)!
    // Another figure just after the newest of an hour ago, which nobody had heard when that hour was read.
    const corrected = { eventAt: later(tick.eventAt, 1), receivedAt: later(tick.receivedAt, 1) }
    panel.apply({ ...tick, ...corrected, openInterest: baseQty(tick.openInterest * 1.5) })
    assertSame(panel, at, 'when one had come late')
    if (k === 4) panel.condense(later(at, -6 * HOUR))
    if (k === 8) panel.forget(later(at, -20 * DAY))
    assertSame(panel, at, 'when hours were joined, or forgotten')
  }
  assertSame(panel, later(at, -5 * HOUR), 'when asked of the past')
  assertSame(panel, at, 'when asked again')
})
