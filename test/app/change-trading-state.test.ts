import assert from 'node:assert/strict'
import { test } from 'node:test'
import { member, openDesk, type TestDesk } from '../support/desk.ts'

const change = (desk: TestDesk, to: 'active' | 'reducing' | 'halted', reason = 'drill') =>
  desk.app.changeTradingState({ to, by: member('ana'), reason })

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
  assert.deepEqual([tradingState.state, tradingState.by, tradingState.reason], ['halted', 'ana', 'before the restart'])
  const outcome = await next.app.proposeHedge({ asset: 'ETH', proposedBy: 'tom' })
  assert.deepEqual(outcome, { kind: 'denied', denials: [{ code: 'TRADING_HALTED' }] })
})

test('changes at one instant are each told, and the newest word is the state', async (t) => {
  const desk = await openDesk(t)
  for (const to of ['halted', 'active', 'halted'] as const) await change(desk, to)
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
