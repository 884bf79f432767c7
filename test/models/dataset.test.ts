import assert from 'node:assert/strict'
import { test } from 'node:test'
import { collectHours } from '../../models/dataset.ts'
import { FEATURE_COUNT, featureWindow } from '../../models/features.ts'
import { createPanel } from '../../src/domain/market/panel.ts'
import { DAY, HOUR, later, timestamp } from '../../src/domain/units.ts'
import { createSimulatedMarket } from '../../src/venues/simulated/market.ts'

const from = timestamp(Date.UTC(2024, 0, 1))
const open = (days: number, warmupDays = 1) =>
  createSimulatedMarket({ seed: 2, assets: ['ETH'], from, to: later(from, days * DAY), warmupDays })

test('what is collected day by day is what a live window shows at the same instants, at every phase', async () => {
  const collected = await collectHours(open(36))
  assert.deepEqual(
    collected.map(({ phase }) => phase),
    [0, 1, 2],
  )
  const panel = createPanel()
  const source = open(36)
  for await (const { ticks } of source.steps()) for (const tick of ticks) panel.apply(tick)
  for (const hours of collected) {
    const i = hours.instants.findIndex((at) => at > from + 34 * DAY)
    const live = featureWindow(panel, 'ETH', timestamp(hours.instants[i]!), source.feeds, { hours: 1, venues: true })
    assert.deepEqual(live.values, hours.values.slice(i * FEATURE_COUNT, (i + 1) * FEATURE_COUNT))
    assert.deepEqual(live.mask, hours.mask.slice(i * FEATURE_COUNT, (i + 1) * FEATURE_COUNT))
  }
})

test('prices and minutes after an hour are kept where bars are that fine', async () => {
  const [hours] = await collectHours(open(4, 34), { phases: [0], venues: false })
  const i = hours!.instants.findIndex((at) => at >= from + DAY)
  assert.ok(hours!.price![i]! > 0)
  assert.ok(Number.isFinite(hours!.labels['return-5m'][i]))
  const old = hours!.instants.findIndex((at) => at >= from - 10 * DAY)
  assert.ok(Number.isNaN(hours!.labels['return-5m'][old]!), 'history comes by the hour')
  assert.deepEqual(hours!.venues, [])
  assert.equal(hours!.instants[1]! - hours!.instants[0]!, HOUR)
})

test('a source without an end is refused', async () => {
  const endless = createSimulatedMarket({ seed: 2, assets: ['ETH'], from, warmupDays: 1 })
  await assert.rejects(collectHours(endless), /Expected a source with an end, was simulated without one/)
})
