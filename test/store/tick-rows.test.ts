import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { FEED_KINDS, GAUGE_KINDS, type Tick } from '../../src/domain/market/tick.ts'
import { fromRows, toRows } from '../../src/store/tick-rows.ts'
import { at, collect } from '../conformance/store-samples.ts'
import { testDatabase } from '../support/database.ts'

const SEED = 20_250_203

const finite = fc.double({ noNaN: true, noDefaultInfinity: true })
const word = fc.string({ unit: 'grapheme', maxLength: 12 }).map((text) => text.replaceAll('\0', ''))
const stamped = {
  venue: fc.constantFrom('binance', 'okx'),
  asset: fc.constantFrom('ETH', 'BTC'),
  eventAt: fc.integer({ min: 0, max: 2 ** 45 }),
  receivedAt: fc.integer({ min: 0, max: 2 ** 45 }),
}
const interval = fc.integer({ min: 1, max: 86_400_000 })

const anyTick = fc.oneof(
  fc.record(
    {
      ...stamped,
      type: fc.constant('bar'),
      series: fc.constantFrom('mark', 'perp', 'spot'),
      interval,
      openPrice: finite,
      highPrice: finite,
      lowPrice: finite,
      closePrice: finite,
      volume: finite,
    },
    {
      requiredKeys: [
        'venue',
        'asset',
        'eventAt',
        'receivedAt',
        'type',
        'series',
        'interval',
        'openPrice',
        'highPrice',
        'lowPrice',
        'closePrice',
      ],
      noNullPrototype: true,
    },
  ),
  fc.record({ ...stamped, type: fc.constant('open-interest'), openInterest: finite }, { noNullPrototype: true }),
  fc.record({ ...stamped, type: fc.constant('funding'), fundingRate: finite }, { noNullPrototype: true }),
  fc.record(
    {
      ...stamped,
      type: fc.constant('liquidations'),
      interval,
      longNotional: finite,
      shortNotional: finite,
      coverage: fc.constantFrom('full', 'sampled'),
    },
    { noNullPrototype: true },
  ),
  fc.record(
    { ...stamped, type: fc.constant('taker-flow'), interval, buyNotional: finite, sellNotional: finite },
    { noNullPrototype: true },
  ),
  fc.record(
    { ...stamped, type: fc.constant('book-depth'), bidNotional: finite, askNotional: finite },
    { noNullPrototype: true },
  ),
  fc.record(
    { ...stamped, type: fc.constant('account-ratio'), longShare: fc.double({ noNaN: true, min: 1e-9, max: 1 - 1e-9 }) },
    { noNullPrototype: true },
  ),
  fc.record({ ...stamped, type: fc.constantFrom(...GAUGE_KINDS), value: finite }, { noNullPrototype: true }),
  fc.record(
    { ...stamped, type: fc.constant('disconnect'), feed: fc.constantFrom(...FEED_KINDS), reason: word },
    { noNullPrototype: true },
  ),
) as unknown as fc.Arbitrary<Tick>

test(`any tick survives being taken apart into rows (seed ${SEED})`, () => {
  fc.assert(
    fc.property(anyTick, (tick) => assert.deepEqual(fromRows(toRows(tick)), tick)),
    { seed: SEED, numRuns: 500 },
  )
})

test(`any ticks survive the database bit by bit (seed ${SEED})`, async (t) => {
  const { store } = await testDatabase(t)
  const ticks = fc
    .sample(anyTick, { seed: SEED, numRuns: 1_000 })
    // Instants of their own: the store keeps one tick per feed, event and receipt.
    .map((tick, i) => ({ ...tick, receivedAt: at(i) }))
  await store.observations.append(ticks)
  assert.deepEqual(await collect(store.observations.since(at(-1))), ticks)
})
