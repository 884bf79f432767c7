import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Order } from '../../../src/domain/execution/order.ts'
import {
  type CurrentSlice,
  dueQuantity,
  filledOutside,
  nextChangeAt,
  type Plan,
  planSchedule,
  sliceAt,
  targetAt,
} from '../../../src/domain/execution/plan.ts'
import { SCHEDULE_KINDS, type ScheduleInputs, URGENCIES } from '../../../src/domain/execution/schedule.ts'
import {
  almgrenChrissSlices,
  impliedRiskAversion,
  remainingShare,
} from '../../../src/domain/execution/schedules/almgren-chriss.ts'
import { twapSlices } from '../../../src/domain/execution/schedules/twap.ts'
import { shareOfDayVolume } from '../../../src/domain/execution/schedules/vwap.ts'
import { instrumentIdOf } from '../../../src/domain/instrument.ts'
import { createRandom } from '../../../src/domain/random.ts'
import { baseQty, DAY, duration, fraction, HOUR, MINUTE, price, timestamp, usd } from '../../../src/domain/units.ts'

const instrument = {
  instrumentId: instrumentIdOf('ETH', 'paper'),
  asset: 'ETH',
  venue: 'paper',
  lotSize: '0.001',
  tickSize: '0.01',
  minNotional: usd(20),
}
const inputs = (
  over: Partial<Omit<ScheduleInputs, 'choice'>> & Partial<ScheduleInputs['choice']> & { seed?: number } = {},
) => {
  const { kind = 'twap', urgency = 'normal', seed = 1, ...rest } = over
  return {
    choice: { kind, urgency, duration: rest.duration ?? duration(30 * MINUTE) },
    quantity: baseQty(500),
    referencePrice: price(3000),
    startAt: timestamp(14 * HOUR),
    maxClip: usd(200_000),
    instrument,
    random: createRandom(seed),
    dailyVolatility: fraction(0.03),
    dailyVolumeNotional: usd(15e9),
    ...rest,
  }
}
const sizesOf = (plan: Pick<Plan, 'slices'>) =>
  plan.slices.map((slice, i) => slice.cumulativeQuantity - (plan.slices[i - 1]?.cumulativeQuantity ?? 0))
const plannedOf = (plan: Plan) => plan.slices.slice(0, plan.plannedSlices)

test('slices sum to the quantity less under one lot, in time order, each at least the minimum notional', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.001, max: 5000, noNaN: true }),
      fc.integer(),
      fc.constantFrom('twap' as const, 'vwap' as const, 'almgren-chriss' as const),
      fc.constantFrom('passive' as const, 'normal' as const, 'urgent' as const),
      fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 48 }),
      (quantity, seed, kind, urgency, volumeProfile) => {
        const plan = planSchedule(inputs({ quantity: baseQty(quantity), seed, kind, urgency, volumeProfile }))
        const slices = plannedOf(plan)
        const wholeLots = Math.floor(quantity / 0.001 + 1e-6) * 0.001
        if (slices.length === 0) return wholeLots * 3000 < 20
        return (
          slices.every((slice, i) => i === 0 || slice.at > slices[i - 1]!.at) &&
          slices[0]!.at >= plan.startAt &&
          slices.at(-1)!.at < plan.endsAt &&
          Math.abs(slices.at(-1)!.cumulativeQuantity - quantity) < 0.001 + 1e-9 &&
          (slices.length === 1 || sizesOf({ slices }).every((size) => size * 3000 >= 20))
        )
      },
    ),
  )
})

test('the same proposal always has the same plan', () => {
  for (const kind of SCHEDULE_KINDS) {
    assert.deepEqual(planSchedule(inputs({ kind, seed: 7 })), planSchedule(inputs({ kind, seed: 7 })))
    assert.notDeepEqual(planSchedule(inputs({ kind, seed: 7 })), planSchedule(inputs({ kind, seed: 8 })))
  }
})

test('a quantity below the minimum notional has no slices, and no schedule asks for anything', () => {
  for (const kind of SCHEDULE_KINDS) {
    const plan = planSchedule(inputs({ kind, quantity: baseQty(0.001) }))
    assert.deepEqual(plan.slices, [])
    assert.equal(nextChangeAt(plan, timestamp(20 * HOUR)), undefined)
    assert.equal(dueQuantity(plan, plan.startAt, { filled: baseQty(0) }), 0)
  }
})

test('Almgren–Chriss with an urgency towards zero is TWAP, to the lot and the millisecond', () => {
  for (const seed of [1, 2, 3]) {
    assert.deepEqual(almgrenChrissSlices(inputs({ seed }), 1e-7), twapSlices(inputs({ seed })))
    assert.deepEqual(almgrenChrissSlices(inputs({ seed }), 0), twapSlices(inputs({ seed })))
  }
})

test('Almgren–Chriss follows sinh(κ(T−t))/sinh(κT), also where sinh itself overflows', () => {
  for (const urgency of [0.5, 1.5, 3]) {
    for (const share of [0, 0.25, 0.5, 0.9, 1]) {
      const expected = Math.sinh(urgency * (1 - share)) / Math.sinh(urgency)
      assert.ok(Math.abs(remainingShare(share, urgency) - expected) < 1e-12)
    }
  }
  assert.ok(Math.abs(remainingShare(0.5, 2000)) < 1e-12)
  assert.equal(remainingShare(0, 2000), 1)
})

test('the more urgent, the more is done in the first quarter, and no slice is larger than the clip but for its jitter', () => {
  const quarter = (urgency: 'passive' | 'normal' | 'urgent') => {
    const plan = planSchedule(inputs({ kind: 'almgren-chriss', urgency, quantity: baseQty(2000) }))
    const largest = Math.max(...sizesOf({ slices: plannedOf(plan) })) * 3000
    assert.ok(largest <= 200_000 * (1.3 / 0.7), `largest slice ${largest}`)
    return targetAt(plan, timestamp(plan.startAt + 7.5 * MINUTE)) / 2000
  }
  const [passive, normal, urgent] = [quarter('passive'), quarter('normal'), quarter('urgent')]
  assert.ok(passive < normal && normal < urgent && urgent > 0.45, `${passive} ${normal} ${urgent}`)
})

test('the reported λ gives the urgency back: κT = T·√(λσ²/η)', () => {
  const { lambda, sigma, eta } = impliedRiskAversion(inputs(), 1.5)!
  const hours = 0.5
  assert.ok(Math.abs(hours * Math.sqrt((lambda * sigma ** 2) / eta) - 1.5) < 1e-12)
  // σ = 3000 · 3 %/√24; η = ⅔ · I · P / (X/T) with I of 1.5 M in 15 B = 2.1 bps
  assert.equal(sigma.toFixed(3), '18.371')
  assert.equal(eta.toFixed(6), (((2 / 3) * 0.00021 * 3000) / (500 / 0.5)).toFixed(6))
  assert.equal(impliedRiskAversion(inputs({ dailyVolatility: fraction(0) }), 1.5), undefined)
})

test('VWAP does more where the day is usually busy, and is even where no profile is known', () => {
  const volumeProfile = Array.from({ length: 24 }, (_, hour) => (hour === 15 ? 3 : 1))
  const long = { kind: 'vwap' as const, duration: duration(2 * HOUR), quantity: baseQty(4000) }
  const plan = planSchedule(inputs({ ...long, volumeProfile }))
  const half = targetAt(plan, timestamp(plan.startAt + HOUR)) / 4000
  assert.ok(Math.abs(half - 0.25) < 0.06, `half way: ${half}`)
  assert.deepEqual(planSchedule(inputs(long)).slices, planSchedule(inputs({ ...long, kind: 'twap' })).slices)
})

test('shares of a day’s volume add up over midnight and over days', () => {
  const profile = [1, 2, 3, 4]
  assert.equal(shareOfDayVolume(timestamp(0), DAY, profile), 1)
  assert.ok(Math.abs(shareOfDayVolume(timestamp(21 * HOUR), duration(6 * HOUR), profile) - (0.2 + 0.05)) < 1e-12)
  assert.ok(Math.abs(shareOfDayVolume(timestamp(5 * DAY + HOUR), duration(3 * DAY), profile) - 3) < 1e-12)
  assert.equal(shareOfDayVolume(timestamp(0), HOUR, undefined), 1 / 24)
})

test('a participation follows the volume, not the clock, and never more than the whole', () => {
  const plan = planSchedule(inputs({ kind: 'pov' }))
  const at = timestamp(plan.startAt + 10 * MINUTE)
  assert.equal(targetAt(plan, at, baseQty(1000)), 50)
  assert.equal(targetAt(plan, at, baseQty(0)), 0)
  assert.equal(targetAt(plan, at, baseQty(1e9)), 500)
  // 15 B a day at 3000 is 34,722 coins in ten minutes
  assert.ok(Math.abs(targetAt(plan, timestamp(plan.startAt + 10_000)) - (0.05 * 34_722.2) / 60) < 0.0011)
})

test('what a participation catches up is capped by a tenth of what the interval traded', () => {
  const plan = planSchedule(inputs({ kind: 'pov' }))
  const at = timestamp(plan.startAt + 10 * MINUTE)
  const progress = { filled: baseQty(10), volumeSince: baseQty(4000), volumeOfInterval: baseQty(500) }
  assert.equal(dueQuantity(plan, at, progress), 50)
  assert.equal(dueQuantity(plan, at, { ...progress, volumeOfInterval: undefined }), 190)
})

test('panic follows the volume at fifteen per cent, whatever was chosen', () => {
  for (const kind of SCHEDULE_KINDS) {
    const plan = planSchedule(inputs({ kind, urgency: 'panic' }))
    assert.deepEqual([plan.kind, plan.participation?.rate], ['pov', 0.15])
  }
})

test('a shortfall rolls into the next slice, and what is too small waits or goes with the last', () => {
  const plan = planSchedule(inputs())
  const [first, second] = plan.slices
  assert.equal(dueQuantity(plan, first!.at, { filled: baseQty(0) }), first!.cumulativeQuantity)
  const due = dueQuantity(plan, second!.at, { filled: baseQty(first!.cumulativeQuantity - 10) })
  assert.ok(Math.abs(due - (second!.cumulativeQuantity - first!.cumulativeQuantity + 10)) < 0.0011)
  assert.equal(dueQuantity(plan, plan.endsAt, { filled: baseQty(499.994) }), 0)
  assert.equal(dueQuantity(plan, plan.endsAt, { filled: baseQty(499.99) }).toFixed(3), '0.010')
})

test('only the other slices count as filled before', () => {
  const order = { kind: 'child', slice: 1, filledQuantity: baseQty(3) } as Order
  assert.equal(filledOutside(2, [order, { ...order, slice: 2 }, { ...order, kind: 'stop' }]), 3)
})

test('slices follow one another without a gap until the close', () => {
  for (const kind of SCHEDULE_KINDS) {
    for (const urgency of URGENCIES) {
      const plan = planSchedule(inputs({ kind, urgency }))
      let at: ReturnType<typeof nextChangeAt> = plan.startAt
      let seen = 0
      while (at !== undefined && at < plan.closesAt) {
        const slice: CurrentSlice = sliceAt(plan, at)!
        assert.equal(slice.slice, seen++)
        assert.equal(slice.endsAt, nextChangeAt(plan, at))
        at = nextChangeAt(plan, at)
      }
      assert.equal(seen, plan.slices.length)
      assert.ok(seen > plan.plannedSlices)
      assert.equal(sliceAt(plan, plan.closesAt), undefined)
      assert.equal(sliceAt(plan, timestamp(plan.startAt - 1)), undefined)
    }
  }
})
