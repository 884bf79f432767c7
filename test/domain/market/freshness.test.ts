import assert from 'node:assert/strict'
import { test } from 'node:test'
import { freshnessByKind } from '../../../src/domain/market/freshness.ts'
import { createPanel } from '../../../src/domain/market/panel.ts'
import { EXPECTED_KINDS, type FeedDeclaration, GAUGE_KINDS, type GaugeKind } from '../../../src/domain/market/tick.ts'
import { HOUR, later, timestamp } from '../../../src/domain/units.ts'

const AT = timestamp(Date.UTC(2025, 0, 6, 12))
const declare = (feed: GaugeKind): FeedDeclaration => ({ feed, venue: 'okx', asset: 'ETH', cadence: HOUR })

test('a gauge that nobody declared is not missing; what every asset is expected to have is', () => {
  const kinds = freshnessByKind(createPanel(), [], 'ETH', AT)
  assert.deepEqual(
    kinds.map(({ feed, freshness }) => [feed, freshness.state]),
    EXPECTED_KINDS.map((kind) => [kind, 'missing']),
  )
})

test('a declared gauge is missing, fresh and stale like any other feed', () => {
  for (const kind of GAUGE_KINDS) {
    const panel = createPanel()
    const stateAt = (hours: number) =>
      freshnessByKind(panel, [declare(kind)], 'ETH', later(AT, hours * HOUR)).find(({ feed }) => feed === kind)
        ?.freshness.state
    assert.equal(stateAt(0), 'missing')
    assert.ok(panel.apply({ type: kind, venue: 'okx', asset: 'ETH', eventAt: AT, receivedAt: AT, value: 1 }))
    assert.deepEqual([stateAt(0), stateAt(2), stateAt(2.01)], ['fresh', 'fresh', 'stale'])
  }
})

test('a reading that is no number is refused', () => {
  const panel = createPanel()
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.equal(panel.apply({ type: 'basis', venue: 'okx', asset: 'ETH', eventAt: AT, receivedAt: AT, value }), false)
  }
  assert.equal(panel.refused('ETH', timestamp(0), AT).length, 2)
  assert.equal(panel.latest('basis', 'okx', 'ETH', AT), undefined)
})
