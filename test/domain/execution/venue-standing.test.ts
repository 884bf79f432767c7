import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  firstStanding,
  isMismatch,
  judgePosition,
  type PositionReading,
  type VenueStanding,
} from '../../../src/domain/execution/venue-standing.ts'
import { instrumentIdOf } from '../../../src/domain/instrument.ts'
import { baseQty, duration, later, price, timestamp } from '../../../src/domain/units.ts'

const AT = timestamp(Date.UTC(2026, 0, 5))
const ETH = instrumentIdOf('ETH', 'paper')
const FIRST = firstStanding(ETH, { theirs: baseQty(0), hasTraded: true, at: AT })

const reading = (theirs: number, over: Partial<PositionReading> = {}): PositionReading => ({
  ours: baseQty(-100),
  foreign: baseQty(0),
  theirs: baseQty(theirs),
  inFlight: { buy: baseQty(0), sell: baseQty(0) },
  markPrice: price(3000),
  lotSize: '0.001',
  ...over,
})
const judge = (theirs: number, over: Partial<PositionReading> = {}, before: VenueStanding = FIRST) =>
  judgePosition(before, reading(theirs, over), { at: AT })
/** `d` a look at a difference, `c` one without, `f` one that an order under way explains. */
const after = (looks: string): VenueStanding =>
  [...looks].reduce((standing, look) => {
    const inFlight = { buy: baseQty(0), sell: baseQty(look === 'f' ? 9 : 0) }
    return judge(look === 'c' ? -100 : -109, { inFlight }, standing).standing
  }, FIRST)

test('half a percent of the position or ten thousand dollars may stay unexplained, and a lot of rounding', () => {
  const verdicts = [-100.001, -100.49, -100.51].map((theirs) => judge(theirs, { markPrice: price(1) }).verdict)
  assert.deepEqual(verdicts, ['clean', 'clean', 'dirty'])
  assert.equal(judge(-100.49, { markPrice: price(30_000) }).verdict, 'dirty', '$14,700')
  const { unexplainedQuantity, unexplainedNotional } = judge(-100.4).standing
  assert.deepEqual([unexplainedQuantity, unexplainedNotional], [-0.4, 1200], 'what is tolerated is still shown')
})

test('with no position of ours any position at all is more than half a percent', () => {
  assert.equal(judge(-0.01, { ours: baseQty(0), markPrice: undefined }).verdict, 'dirty')
})

test('two looks in a row make a mismatch, three clean ones in a row end it', () => {
  const mismatches = ['d', 'dcd', 'dd', 'ddc', 'ddcc', 'ddccc', 'ddccdcc', 'ddccdccc'].map(
    (looks) => [looks, isMismatch(after(looks))] as const,
  )
  assert.deepEqual(mismatches, [
    ['d', false],
    ['dcd', false],
    ['dd', true],
    ['ddc', true],
    ['ddcc', true],
    ['ddccc', false],
    ['ddccdcc', true],
    ['ddccdccc', false],
  ])
})

test('what an order under way can explain counts neither way, and only in its own direction', () => {
  assert.equal(isMismatch(after('dfd')), true)
  assert.deepEqual([after('df').dirtyPolls, after('df').unexplainedQuantity], [1, 0])
  assert.equal(judge(-91, { inFlight: { buy: baseQty(0), sell: baseQty(9) } }).verdict, 'dirty')
  assert.equal(judge(-109.1, { inFlight: { buy: baseQty(0), sell: baseQty(9) } }).verdict, 'dirty')
})

test('two looks at the same moment are one', () => {
  const spacing = duration(5000)
  const look = (before: VenueStanding, ms: number) =>
    judgePosition(before, reading(-109), { at: later(AT, ms), spacing }).standing
  const first = look(FIRST, 0)
  const tooSoon = look(first, 4000)
  assert.deepEqual([first.dirtyPolls, tooSoon.dirtyPolls, look(tooSoon, 6000).dirtyPolls], [1, 1, 2])
  assert.equal(tooSoon.unexplainedQuantity, -9, 'and yet it shows what it saw')
})

test('at first contact what is there is other hands’, unless we have traded there', () => {
  const first = (hasTraded: boolean) => firstStanding(ETH, { theirs: baseQty(7), hasTraded, at: AT }).foreignQuantity
  assert.deepEqual([first(false), first(true)], [7, 0])
})
