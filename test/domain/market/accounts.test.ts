import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accountLogRatio } from '../../../src/domain/market/accounts.ts'
import { createPanel, type Panel } from '../../../src/domain/market/panel.ts'
import type { AccountRatio, FeedDeclaration } from '../../../src/domain/market/tick.ts'
import { DAY, duration, fraction, HOUR, later, MINUTE, timestamp } from '../../../src/domain/units.ts'

const START = timestamp(Date.UTC(2025, 0, 6))
const at = (hours: number) => later(START, hours * HOUR)

/** Readings of one venue, `share` of whose accounts are long, at these hours; known a minute later. */
const readings = (venue: string, share: number, hours: readonly number[]): AccountRatio[] =>
  hours.map((hour) => ({
    type: 'account-ratio',
    venue,
    asset: 'ETH',
    eventAt: at(hour),
    receivedAt: later(at(hour), MINUTE),
    longShare: fraction(share),
  }))

function panelOf(...ticks: readonly AccountRatio[]): Panel {
  const panel = createPanel()
  for (const tick of ticks) panel.apply(tick)
  return panel
}

const close = (actual: number | undefined, expected: number): void =>
  assert.ok(actual !== undefined && Math.abs(actual - expected) < 1e-12, `Expected ${expected}, was ${actual}`)

test('three long accounts for each short one are ln 3, as many of both are 0', () => {
  close(accountLogRatio(panelOf(...readings('a', 0.75, [0, 1])), 'ETH', at(1.5)), Math.log(3))
  close(accountLogRatio(panelOf(...readings('a', 0.25, [0, 1])), 'ETH', at(1.5)), -Math.log(3))
  close(accountLogRatio(panelOf(...readings('a', 0.5, [0, 1])), 'ETH', at(1.5)), 0)
})

test('nothing is known before it was received, nor of another asset', () => {
  const panel = panelOf(...readings('a', 0.75, [0]))
  assert.equal(accountLogRatio(panel, 'ETH', START), undefined)
  assert.notEqual(accountLogRatio(panel, 'ETH', later(START, MINUTE)), undefined)
  assert.equal(accountLogRatio(panel, 'BTC', at(1)), undefined)
})

test('the middle venue counts, between the middle two where they are even', () => {
  const [low, middle, high] = [readings('a', 0.25, [0, 1]), readings('b', 0.5, [0, 1]), readings('c', 0.8, [0, 1])]
  close(accountLogRatio(panelOf(...low, ...middle, ...high), 'ETH', at(1.5)), 0)
  close(accountLogRatio(panelOf(...middle, ...high), 'ETH', at(1.5)), Math.log(4) / 2)
})

test('a venue older than twice the time between its readings has no say', () => {
  const panel = panelOf(...readings('hourly', 0.75, [0, 1, 2, 3]), ...readings('slow', 0.2, [-5, -1, 3]))
  close(accountLogRatio(panel, 'ETH', at(5)), Math.log(3) / 2 + Math.log(0.25) / 2)
  close(accountLogRatio(panel, 'ETH', later(at(5), 1)), Math.log(0.25))
  close(accountLogRatio(panel, 'ETH', at(11)), Math.log(0.25))
  assert.equal(accountLogRatio(panel, 'ETH', later(at(11), 1)), undefined)
})

test('one missed reading does not make a feed look slow', () => {
  const panel = panelOf(...readings('a', 0.75, [0, 1, 2, 3, 4, 9]))
  assert.notEqual(accountLogRatio(panel, 'ETH', at(11)), undefined)
  assert.equal(accountLogRatio(panel, 'ETH', at(11.5)), undefined)
})

test('a day is the longest, also where the spacing is not known', () => {
  const alone = panelOf(...readings('a', 0.75, [0]))
  assert.notEqual(accountLogRatio(alone, 'ETH', later(START, DAY)), undefined)
  assert.equal(accountLogRatio(alone, 'ETH', later(START, DAY + 1)), undefined)
})

test('a declared cadence goes before the one that is seen', () => {
  const panel = panelOf(...readings('a', 0.75, [0, 1, 2, 3]))
  const feed: FeedDeclaration = { feed: 'account-ratio', venue: 'a', asset: 'ETH', cadence: duration(4 * HOUR) }
  assert.notEqual(accountLogRatio(panel, 'ETH', at(11), [feed]), undefined)
  assert.equal(accountLogRatio(panel, 'ETH', later(at(11), 1), [feed]), undefined)
  assert.equal(accountLogRatio(panel, 'ETH', at(6), [{ ...feed, cadence: HOUR }]), undefined)
  assert.equal(accountLogRatio(panel, 'ETH', at(6), [{ ...feed, venue: 'b' }]), undefined)
})
