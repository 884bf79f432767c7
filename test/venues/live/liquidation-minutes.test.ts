import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Tick } from '../../../src/domain/market/tick.ts'
import { MINUTE, timestamp } from '../../../src/domain/units.ts'
import { createLiquidationMinutes } from '../../../src/venues/live/liquidation-stream.ts'
import type { LiquidationEvent } from '../../../src/venues/live/readings.ts'

const START = Date.UTC(2026, 0, 5)
const at = (seconds: number) => timestamp(START + seconds * 1000)
const event = (seconds: number, more: Partial<LiquidationEvent> = {}): LiquidationEvent => ({
  ...{ marketId: 'ETHUSDT', position: 'long', quantity: 2, price: 3000, at: at(seconds) },
  ...more,
})
function minutesOf(scope: 'venue' | 'asset') {
  const minutes = createLiquidationMinutes(
    {
      venueId: 'binance',
      liquidationPush: { coverage: 'sampled', scope, watch: async () => undefined, read: () => [] },
    },
    [
      { asset: 'ETH', marketId: 'ETHUSDT', contractSize: 0.1 },
      { asset: 'BTC', marketId: 'BTCUSDT', contractSize: 0.01 },
    ],
  )
  minutes.listen(at(0))
  return minutes
}
const told = (ticks: readonly Tick[]) =>
  ticks.map((tick) => tick.type === 'liquidations' && [tick.asset, tick.longNotional, tick.shortNotional, tick.eventAt])

test('contracts become dollars, longs and shorts apart, once per closed minute', () => {
  const minutes = minutesOf('asset')
  minutes.hear(event(5), at(5))
  minutes.hear(event(50, { position: 'short', quantity: 1 }), at(50))
  assert.deepEqual(minutes.tell(at(61)), [], 'orders of the last second may still be on their way')
  minutes.hear(event(59), at(62))
  assert.deepEqual(told(minutes.tell(at(63))), [['ETH', 1200, 300, at(60)]])
  assert.deepEqual(minutes.tell(at(64)), [])
})

test('a quiet minute is zero only on a stream that has spoken', () => {
  const [venue, asset] = [minutesOf('venue'), minutesOf('asset')]
  assert.deepEqual(venue.tell(at(63)), [])
  for (const minutes of [venue, asset]) minutes.hear(event(70, { marketId: 'DOGEUSDT' }), at(70))
  assert.deepEqual(told(venue.tell(at(123))), [
    ['ETH', 0, 0, at(120)],
    ['BTC', 0, 0, at(120)],
  ])
  assert.deepEqual(asset.tell(at(123)), [], 'another subscription proves nothing about this one')
  venue.forget()
  assert.deepEqual(venue.tell(at(183)), [])
})

test('a minute that was not heard from its beginning is not told', () => {
  const minutes = minutesOf('asset')
  minutes.forget()
  minutes.listen(at(10))
  minutes.hear(event(20), at(20))
  assert.deepEqual(minutes.tell(at(63)), [])
  minutes.hear(event(70), at(70))
  assert.deepEqual(told(minutes.tell(at(123))), [['ETH', 600, 0, at(120)]])
})

test('what a venue replays at connect is left out, and so is what comes after its minute was told', () => {
  const minutes = minutesOf('asset')
  minutes.hear(event(-3600), at(5))
  minutes.hear(event(-5), at(5))
  minutes.tell(at(63))
  minutes.hear(event(30), at(65))
  assert.deepEqual(told(minutes.tell(at(123))), [['ETH', 0, 0, at(120)]])
})

test('a stream that has fallen silent for too long is named', () => {
  const minutes = minutesOf('venue')
  minutes.hear(event(0), at(0))
  assert.deepEqual(minutes.tooQuiet(timestamp(START + 15 * MINUTE)), [])
  assert.deepEqual(minutes.tooQuiet(timestamp(START + 15 * MINUTE + 1)), ['ETH', 'BTC'])
})
