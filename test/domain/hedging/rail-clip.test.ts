import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { railClip } from '../../../src/domain/hedging/rail-clip.ts'
import { NO_RAIL_EFFECTS } from '../../../src/domain/risk/rail.ts'
import { fraction } from '../../../src/domain/units.ts'

const HELD = { asset: 'ETH', held: fraction(0.4), maxRatio: fraction(1) }
const ROOM = {
  lastHour: fraction(0.1),
  lastDay: fraction(0.2),
  maxPerHour: fraction(0.15),
  maxPerDay: fraction(0.5),
}

test('without a rail the whole range is open', () => {
  const clip = railClip(NO_RAIL_EFFECTS, HELD)
  assert.deepEqual([clip.least, clip.most, clip.overlayShare, clip.toMax], [0, 1, 1, false])
})

test('a hedge that is to be kept has a floor, one that may not grow a cap, and both together stand still', () => {
  assert.equal(railClip({ ...NO_RAIL_EFFECTS, keepHedge: ['ETH'] }, HELD).least, 0.4)
  assert.equal(railClip({ ...NO_RAIL_EFFECTS, noMoreShort: ['ETH'] }, HELD).most, 0.4)
  assert.equal(railClip({ ...NO_RAIL_EFFECTS, keepHedge: ['BTC'], noMoreShort: ['BTC'] }, HELD).most, 1)
  const both = railClip({ ...NO_RAIL_EFFECTS, keepHedge: 'everything', noMoreShort: ['ETH'] }, HELD)
  assert.deepEqual([both.least, both.most], [0.4, 0.4])
})

test('pacing leaves what the hour and the day have left', () => {
  const clip = railClip(NO_RAIL_EFFECTS, { ...HELD, room: ROOM })
  assert.ok(Math.abs(clip.mostChange! - 0.05) < 1e-12)
  assert.deepEqual([clip.least, clip.most], [0, 1], 'the target is not what it bounds')
  const spent = railClip(NO_RAIL_EFFECTS, { ...HELD, room: { ...ROOM, lastDay: fraction(0.6) } })
  assert.equal(spent.mostChange, 0)
})

test('whatever the rails ask for, the range is one, within 0 and the maximum', () => {
  const share = fc.double({ min: 0, max: 1.2, noNaN: true }).map(fraction)
  fc.assert(
    fc.property(share, fc.boolean(), fc.boolean(), fc.boolean(), share, share, (held, keep, cap, max, hour, day) => {
      const clip = railClip(
        {
          ...NO_RAIL_EFFECTS,
          keepHedge: keep ? ['ETH'] : [],
          noMoreShort: cap ? ['ETH'] : [],
          hedgeToMax: max ? ['ETH'] : [],
        },
        { ...HELD, held, room: { ...ROOM, lastHour: hour, lastDay: day } },
      )
      assert.ok(clip.least >= 0 && clip.least <= clip.most && clip.most <= 1, JSON.stringify(clip))
    }),
  )
})
