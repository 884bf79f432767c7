import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Card } from '../../src/domain/card.ts'
import { duration, MINUTE } from '../../src/domain/units.ts'
import type { Trainer } from '../../src/ports.ts'
import { openModelDesk, putInForce, shadowed } from '../app/model-desk.ts'
import { member, openDesk, START } from '../support/desk.ts'
import { someMetrics } from '../support/models.ts'

const allOf = (card: Card): string =>
  [card.title, card.text, ...(card.fields ?? []).flatMap(({ name, value }) => [name, value]), card.footer].join('\n')

test('a model goes from shadow into force and back by what is said in chat', async (t) => {
  const desk = await openModelDesk(t, { quorum: 2 })
  await shadowed(desk, 'm-0')
  await shadowed(desk, 'm-1')
  await desk.store.models.promote({ modelId: 'm-0', over: undefined, at: START, by: 'ben', reason: 'first' })
  assert.match(
    allOf(await desk.say('vera', '/model list')),
    /In force: m-0[\s\S]*In shadow: m-1[\s\S]*3 of 3 days in shadow[\s\S]*\/model promote m-1/,
  )
  assert.equal((await desk.say('vera', '/model promote m-1')).tone, 'refused')
  const asked = await desk.say('tom', '/model promote m-1')
  assert.match(
    asked.text!,
    /until 2 approvers other than you agree within 24 h|until 2 approvers other than you agree within 1 d/,
  )
  const requestId = /\/model approve (\w+)/.exec(asked.text!)![1]!
  assert.match((await desk.say('cleo', '/model promote m-1')).title!, /asked for already/)
  const card = await (async () => {
    await desk.app.deliverMessages()
    return desk.channel.posts
      .map(({ versions }) => versions.at(-1)!)
      .find(({ title }) => title === 'Asked for: put model m-1 in force')!
  })()
  assert.match(
    allOf(card),
    /In force until then\nm-0[\s\S]*Brier skill over five-feature 2\.1 % \[0\.8 % to 3\.5 %\], on ETH and BTC[\s\S]*3 days in shadow/,
  )
  assert.deepEqual(
    card.buttons?.map(({ label }) => label),
    ['Approve', 'Decline'],
  )
  assert.equal((await desk.say('tom', `/model approve ${requestId}`)).tone, 'refused')
  const first = await desk.say('ben', `/model approve ${requestId}`)
  assert.match(first.text!, /1 approver more to agree/)
  assert.equal((await desk.say('ben', `/model approve ${requestId}`)).title, 'You have approved this already')
  assert.equal((await desk.say('cleo', `/model approve ${requestId}`)).title, 'Approved: put model m-1 in force')
  assert.match(allOf(await desk.say('vera', '/model status')), /In force: m-1[\s\S]*by cleo/)
  assert.equal((await desk.say('ben', '/model rollback worse')).tone, 'refused')
  assert.equal((await desk.say('ana', '/model rollback it cries wolf')).title, 'm-0 is in force again')
  assert.match(allOf(await desk.say('vera', '/model list')), /In force: m-0[\s\S]*Retired: m-1[\s\S]*it cries wolf/)
  assert.equal((await desk.say('ana', '/model rollback')).title, 'There is no model to go back to')
})

test('a promotion that is refused names every condition with its numbers', async (t) => {
  const desk = await openModelDesk(t)
  const overBelow = { value: 0.004, low: -0.01, high: 0.018, rung: 'gru', targets: ['cascade-down-24h'] }
  await shadowed(desk, 'm-1', { days: 1, gates: {}, metrics: someMetrics({ overBelow }) })
  const refused = await desk.say('tom', '/model promote m-1')
  assert.equal(refused.tone, 'refused')
  assert.match(refused.text!, /does not beat gru: Brier skill over it 0\.4 % \[-1\.0 % to 1\.8 %\]/)
  assert.match(refused.text!, /did not pass the calibration gate on cascade-down-24h/)
  assert.match(refused.text!, /1 of 3 days in shadow/)
  assert.equal(refused.footer, 'NOT_BETTER_THAN_RUNG_BELOW, NOT_CALIBRATED, TOO_FEW_DAYS_IN_SHADOW')
  assert.match(
    allOf(await desk.say('vera', '/model list')),
    /In force: none\nNo model for this market[\s\S]*Not yet: it does not beat gru/,
  )
})

test('an approver declines with a reason, and the request says so', async (t) => {
  const desk = await openModelDesk(t)
  await shadowed(desk, 'm-1')
  const requestId = /\/model approve (\w+)/.exec((await desk.say('tom', '/model promote m-1')).text!)![1]!
  assert.equal((await desk.say('tom', `/model decline ${requestId}`)).tone, 'refused')
  assert.equal(
    (await desk.say('ben', `/model decline ${requestId} not before the upgrade`)).title,
    'Declined: put model m-1 in force',
  )
  assert.equal(
    (await desk.say('cleo', `/model approve ${requestId}`)).title,
    'Already declined: put model m-1 in force',
  )
  assert.equal((await desk.store.requests.find(requestId))?.reason, 'not before the upgrade')
})

test('a model whose health failed says so in the list, and an override stands wherever the model does', async (t) => {
  const desk = await openModelDesk(t)
  await shadowed(desk, 'm-1', { override: 'a month of options is all there is' })
  assert.match(
    allOf(await desk.say('vera', '/model list')),
    /less data than is asked for: a month of options is all there is/,
  )
  await putInForce(desk, 'm-1')
  assert.match(allOf(await desk.say('vera', '/model status')), /a month of options is all there is/)
  await desk.app.demoteModel({ modelId: 'm-1', reason: 'calibration has drifted', at: desk.clock.now() })
  assert.match(
    allOf(await desk.say('vera', '/model list')),
    /In force: none\nVolatility alone answers[\s\S]*Taken out of force .*: calibration has drifted/,
  )
})

test('training is started, watched and ended in chat, and says why it cannot be', async (t) => {
  let running = false
  const progress = {
    request: { rung: 'lstm', seed: 1, startedBy: 'ben' },
    startedAt: START,
    share: 0.42,
    text: 'epoch 5 of 12',
    left: duration(12 * MINUTE),
  }
  const trainer: Trainer = {
    async start() {
      if (running) return { kind: 'already-running', progress }
      running = true
      return { kind: 'started', progress }
    },
    progress: async () => (running ? progress : undefined),
    async cancel() {
      const was = running
      running = false
      return was
    },
    ended: async () => undefined,
    settle: async () => {},
  }
  const desk = await openModelDesk(t, { trainer })
  assert.equal((await desk.say('tom', '/model train lstm')).tone, 'refused')
  assert.match(
    (await desk.say('ben', '/model train')).text!,
    /There are base-rate, volatility-only, five-feature, lstm/,
  )
  assert.equal((await desk.say('ben', '/model train oracle')).title, 'There is no such kind')
  assert.equal((await desk.say('ben', '/model train lstm')).title, 'Training lstm')
  assert.match(
    allOf(await desk.say('vera', '/model status')),
    /In training: lstm\n42 %, about 12 min left: epoch 5 of 12/,
  )
  assert.match((await desk.say('cleo', '/model train lstm')).text!, /42 %/)
  assert.equal((await desk.say('cleo', '/model cancel')).title, 'Training of lstm is cancelled')
  assert.equal((await desk.say('cleo', '/model cancel')).title, 'Nothing is being trained')
})

test('a desk without a record of models answers every one of these', async (t) => {
  const desk = await openDesk(t)
  await desk.store.members.put({ ...member('ben'), role: 'admin' })
  for (const said of ['list', 'promote m-1', 'approve 0000000000000000', 'rollback'])
    assert.equal((await desk.say('ben', `/model ${said}`)).title, 'No record of models is kept here', said)
  assert.equal((await desk.say('ben', '/model train lstm')).title, 'Models cannot be trained here')
  assert.equal((await desk.say('ben', '/model cancel')).title, 'Nothing is being trained')
  assert.equal((await desk.say('ben', '/model status')).title, 'No model is loaded')
})
