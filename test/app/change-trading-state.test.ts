import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VenueUnreachableError } from '../../src/domain/execution/venue-unreachable.ts'
import { member, openDesk, type TestDesk } from '../support/desk.ts'
import { openRailDesk } from './rail-market.ts'

const change = (desk: TestDesk, to: 'active' | 'reducing' | 'halted', reason = 'drill') =>
  desk.app.changeTradingState({ to, by: member('ana'), reason })
const resume = (desk: TestDesk) => desk.app.resumeTrading({ by: member('ana'), reason: 'done' })

test('a change is stored, audited and told to the desk; the same state again changes nothing', async (t) => {
  const desk = await openDesk(t)
  assert.deepEqual(await change(desk, 'halted'), { kind: 'changed', from: 'active', to: 'halted' })
  assert.deepEqual(await change(desk, 'halted'), { kind: 'unchanged', from: 'halted', to: 'halted' })
  await desk.settle()
  assert.equal(await desk.store.audit.count('trading-state.halted'), 1)
  assert.deepEqual(
    desk.channel.posts.map(({ versions }) => [versions[0]!.title, versions[0]!.text]),
    [['Trading state: halted', 'Ana moved it from active. Reason: drill']],
  )
})

test('the trading state outlives the process', async (t) => {
  const desk = await openDesk(t)
  await desk.forecast()
  await change(desk, 'halted', 'before the restart')
  await desk.die()
  const next = await openDesk(t, { database: desk.database, startAt: desk.clock.now() })
  const { tradingState } = await next.app.reportStatus()
  assert.deepEqual(
    [tradingState.state, tradingState.set.by, tradingState.set.reason],
    ['halted', 'ana', 'before the restart'],
  )
  const outcome = await next.app.proposeHedge({ asset: 'ETH', proposedBy: 'tom' })
  assert.deepEqual(outcome, { kind: 'denied', denials: [{ code: 'TRADING_HALTED' }] })
})

test('changes at one instant are each told, and the newest word is the state', async (t) => {
  const desk = await openDesk(t)
  await change(desk, 'halted')
  await resume(desk)
  await change(desk, 'halted')
  await desk.settle()
  const titles = desk.channel.posts.flatMap(({ versions }) => versions.map(({ title }) => title))
  assert.deepEqual(titles, ['Trading state: halted', 'Trading state: active', 'Trading state: halted'])
})

test('the audit chain is whole after a day of decisions in two processes at once', async (t) => {
  const one = await openDesk(t)
  const two = await openDesk(t, { database: one.database, channel: one.channel })
  await one.forecast()
  for (const ratio of [0.3, 0.4, 0.5]) {
    const { proposalId } = await one.propose(ratio)
    await Promise.all([
      one.say('ben', `/approve ${proposalId}`),
      two.say('cleo', `/decline ${proposalId}`),
      two.say('vera', `/approve ${proposalId}`),
      one.say('ana', '/risk halt'),
      two.say('ana', '/risk resume'),
    ])
    await one.store.proposals.move(proposalId, ['approved'], 'declined', {})
    await one.say('ana', '/risk resume')
  }
  const verdict = await one.store.audit.verify()
  assert.equal(verdict.kind, 'intact')
  assert.ok(verdict.rows > 10)
})

test('of two admins at one moment one moves it, and the other is told where it is now', async (t) => {
  const desk = await openDesk(t)
  await desk.store.members.put({ ...member('ben'), role: 'admin' })
  const outcomes = await Promise.all([
    desk.app.changeTradingState({ to: 'halted', by: member('ana'), reason: 'first' }),
    desk.app.changeTradingState({ to: 'reducing', by: member('ben'), reason: 'second' }),
  ])
  const { state, by } = await desk.store.settings.tradingState()
  const overtaken = outcomes.flatMap((outcome) => (outcome.kind === 'overtaken' ? [outcome.now] : []))
  const changed = outcomes.filter(({ kind }) => kind === 'changed')
  assert.equal(changed.length + overtaken.length, 2)
  assert.equal(await desk.store.audit.count(`trading-state.${state}`), 1)
  for (const now of overtaken) assert.deepEqual([now.state, now.by], [state, by])
})

test('resuming lets go of what a person holds, wakes what was held, and says so', async (t) => {
  const desk = await openDesk(t)
  await change(desk, 'halted')
  const outcome = await resume(desk)
  assert.deepEqual(outcome.kind === 'resumed' && [outcome.from, outcome.state, outcome.holds], ['halted', 'active', []])
  assert.equal((await resume(desk)).kind, 'nothing-to-resume')
  assert.equal((await desk.store.settings.tradingState()).state, 'active')
})

test('a brake that the rails have seen is let go of with the state, at once', async (t) => {
  const desk = await openRailDesk(t)
  await desk.live(1)
  await change(desk, 'halted')
  assert.equal((await desk.live(1)).record.effects.tradingState, 'halted')
  await desk.app.reconcile()
  const card = await desk.say('ana', '/risk resume')
  assert.equal(card.title, 'Trading state: halted → active, in a moment')
  assert.doesNotMatch(card.text ?? '', /15 minutes/)
  assert.equal((await desk.live(1)).record.effects.tradingState, 'active')
})

test('rails hold the desk back after a resume, and the answer names them', async (t) => {
  const desk = await openRailDesk(t)
  await desk.live(1)
  await desk.live(1, { price: 2800 })
  await change(desk, 'halted')
  const outcome = await resume(desk)
  assert.ok(outcome.kind === 'resumed')
  assert.equal(outcome.state, 'reducing')
  assert.match(outcome.holds.join(), /daily-loss/)
  assert.deepEqual(
    outcome.rearmed.map(({ rail }) => rail),
    ['daily-loss'],
  )
  const card = await desk.say('ana', '/risk resume')
  assert.match(card.title, /still reducing|trading is reducing/)
})

test('while a venue does not answer nothing is resumed', async (t) => {
  const desk = await openDesk(t, {
    wrapVenue: (venue) => ({
      ...venue,
      positions: async () => {
        throw new VenueUnreachableError('TIMEOUT no answer')
      },
    }),
  })
  await change(desk, 'halted')
  const outcome = await resume(desk)
  assert.equal(outcome.kind, 'not-reconciled')
  assert.equal((await desk.store.settings.tradingState()).state, 'halted')
})
