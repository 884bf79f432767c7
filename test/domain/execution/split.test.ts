import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { splitOverVenues, type VenueShare } from '../../../src/domain/execution/split.ts'
import { instrumentIdOf } from '../../../src/domain/instrument.ts'
import { baseQty, fraction, price, usd } from '../../../src/domain/units.ts'

const venue = (
  leg: number,
  depth: number | undefined,
  over: Partial<VenueShare> = {},
  lotSize = '0.001',
): VenueShare => ({
  leg,
  instrument: {
    instrumentId: instrumentIdOf('ETH', `v${leg}`),
    asset: 'ETH',
    venue: `v${leg}`,
    lotSize,
    tickSize: '0.01',
    minNotional: usd(20),
  },
  depthNotional: depth === undefined ? undefined : usd(depth),
  ...over,
})
const split = (quantity: number, venues: readonly VenueShare[], maxShare = 0.6) =>
  splitOverVenues({ quantity: baseQty(quantity), referencePrice: price(3000), venues, maxShare: fraction(maxShare) })
const parts = (quantity: number, venues: readonly VenueShare[]) =>
  split(quantity, venues).parts.map(({ quantity: part }) => part)

test('parts follow the depth of the books', () => {
  assert.deepEqual(parts(10, [venue(0, 5e6), venue(1, 3e6), venue(2, 2e6)]), [5, 3, 2])
})

test('no venue takes more than its share, and what it may not take goes to the others by their depth', () => {
  const { parts, left, reasons } = split(10, [venue(0, 90e6), venue(1, 6e6), venue(2, 4e6)])
  assert.deepEqual(
    parts.map(({ quantity }) => quantity),
    [6, 2.4, 1.6],
  )
  assert.equal(left, 0)
  assert.deepEqual(reasons, ['v0: 6, no venue takes more than 60 %'])
})

test('a frozen venue has nothing, and one that is left takes all', () => {
  const { parts, reasons } = split(10, [venue(0, 5e6, { frozen: 'liquidations paused' }), venue(1, 1e6)])
  assert.deepEqual(parts, [{ leg: 1, quantity: 10 }])
  assert.deepEqual(reasons, ['v0: nothing, liquidations paused'])
})

test('room that limits leave is not passed, and what finds no room rolls on', () => {
  const { parts, left, reasons } = split(10, [
    venue(0, 5e6, { room: baseQty(1) }),
    venue(1, 5e6, { room: baseQty(2.5) }),
  ])
  assert.deepEqual(
    parts.map(({ quantity }) => quantity),
    [1, 2.5],
  )
  assert.equal(left, 6.5)
  assert.deepEqual(reasons, ['v0: 1, its limit leaves no more', 'v1: 2.5, its limit leaves no more'])
})

test('a quantity too small to split goes to the deepest venue whole', () => {
  assert.deepEqual(split(0.01, [venue(0, 1e6), venue(1, 2e6)]).parts, [{ leg: 1, quantity: 0.01 }])
  assert.deepEqual(split(0.001, [venue(0, 1e6), venue(1, 2e6)]).parts, [])
})

test('an unknown depth counts as the smallest that is known', () => {
  assert.deepEqual(parts(10, [venue(0, 4e6), venue(1, undefined), venue(2, 2e6)]), [5, 2.5, 2.5])
  assert.deepEqual(parts(9, [venue(0, undefined), venue(1, undefined), venue(2, undefined)]), [3, 3, 3])
})

test('lots that rounding leaves go to the largest remainder', () => {
  assert.deepEqual(
    parts(0.1, [venue(0, 1, {}, '0.01'), venue(1, 1, {}, '0.01'), venue(2, 1, {}, '0.01')]),
    [0.04, 0.03, 0.03],
  )
})

test('parts never sum to more than asked, each is whole lots, at least the minimum, within room and share', () => {
  const anyVenue = fc.record({
    depth: fc.option(fc.double({ min: 0, max: 1e8, noNaN: true }), { nil: undefined }),
    room: fc.option(fc.double({ min: 0, max: 200, noNaN: true }), { nil: undefined }),
    lot: fc.constantFrom('0.001', '0.01', '0.1', '1'),
    frozen: fc.boolean(),
  })
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 300, noNaN: true }),
      fc.array(anyVenue, { minLength: 1, maxLength: 5 }),
      fc.double({ min: 0.2, max: 1, noNaN: true }),
      (quantity, drawn, share) => {
        const venues = drawn.map(({ depth, room, lot, frozen }, leg) =>
          venue(
            leg,
            depth,
            { room: room === undefined ? undefined : baseQty(room), frozen: frozen ? 'halted' : undefined },
            lot,
          ),
        )
        const { parts, left } = split(quantity, venues, share)
        const sum = parts.reduce((total, part) => total + part.quantity, 0)
        assert.ok(sum <= quantity * (1 + 1e-9) + 1e-9, `${sum} of ${quantity}`)
        assert.ok(Math.abs(sum + left - quantity) < 1e-6, `${sum} + ${left} is not ${quantity}`)
        for (const { leg, quantity: part } of parts) {
          const { room, frozen, instrument } = venues[leg]!
          assert.equal(frozen, undefined)
          assert.ok(part * 3000 >= 20 - 1e-9, `part ${part}`)
          assert.ok(room === undefined || part <= room + 1e-6)
          const lots = part / Number(instrument.lotSize)
          assert.ok(Math.abs(lots - Math.round(lots)) < 1e-5, `${part} of lot ${instrument.lotSize}`)
          assert.ok(parts.length === 1 || part <= quantity * share + 1e-6)
        }
      },
    ),
    { numRuns: 500 },
  )
})
