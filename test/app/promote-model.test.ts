import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DAY, HOUR, timestamp } from '../../src/domain/units.ts'
import type { ModelRegistration } from '../../src/ports.ts'
import { member, START } from '../support/desk.ts'
import { FEATURES, someMetrics } from '../support/models.ts'
import { actionsOf, ask, championOf, openModelDesk, putInForce, SHADOW_DAYS, shadowed, toldOf } from './model-desk.ts'

const TODAY = timestamp(Math.floor(START / DAY) * DAY)
const [ben, cleo, tom] = [member('ben'), member('cleo'), member('tom')]

test("a challenger whose record shows enough is in force with another member's approval, on record and told", async (t) => {
  const desk = await openModelDesk(t)
  await shadowed(desk, 'm-1')
  const requestId = await ask(desk, 'm-1')
  assert.equal(await championOf(desk), undefined)
  const again = await desk.app.askForPromotion({ modelId: 'm-1', by: cleo })
  assert.equal(again.kind === 'already-asked' && again.request.requestId, requestId)
  assert.equal((await desk.app.approvePromotion({ requestId, by: ben })).kind, 'approved')
  assert.equal(await championOf(desk), 'm-1')
  assert.equal((await desk.app.approvePromotion({ requestId, by: cleo })).kind, 'already-decided')
  assert.equal((await desk.app.askForPromotion({ modelId: 'm-1', by: tom })).kind, 'already-champion')
  assert.deepEqual(await actionsOf(desk), [
    'model-request.opened',
    'model-request.approval',
    'model.promoted',
    'model-request.approved',
  ])
  const [promoted] = await desk.store.audit.recent(1, { action: 'model.promoted' })
  assert.deepEqual(promoted?.details, {
    market: 'recorded',
    over: null,
    requestedBy: 'tom',
    approvers: ['ben'],
    requestId,
  })
  assert.ok((await toldOf(desk)).includes('Model m-1 is in force'))
  assert.equal((await desk.store.audit.verify()).kind, 'intact')
})

const REFUSALS: readonly (readonly [what: string, Partial<ModelRegistration> & { days?: number }, refusal: object])[] =
  [
    [
      'whose interval over the rung below reaches to zero',
      {
        metrics: someMetrics({
          overBelow: { value: 0.01, low: 0, high: 0.02, rung: 'gru', targets: ['cascade-down-24h'] },
        }),
      },
      { code: 'NOT_BETTER_THAN_RUNG_BELOW', below: 'gru', value: 0.01, low: 0, high: 0.02 },
    ],
    [
      'that was never compared',
      { metrics: { targets: {}, heldOut: 'nothing' } },
      { code: 'NOT_COMPARED_WITH_RUNG_BELOW', rung: 'lstm' },
    ],
    [
      'that is not calibrated where it claims skill',
      { gates: { 'cascade-down-24h': true } },
      { code: 'NOT_CALIBRATED', targets: ['cascade-up-24h'] },
    ],
    [
      'with too few days in shadow',
      { days: SHADOW_DAYS - 1 },
      { code: 'TOO_FEW_DAYS_IN_SHADOW', days: SHADOW_DAYS - 1, needed: SHADOW_DAYS },
    ],
    [
      'of other features',
      { featureHash: 'others' },
      { code: 'OF_OTHER_FEATURES', featureHash: 'others', needed: FEATURES },
    ],
    [
      'of another market',
      { market: 'simulated' },
      { code: 'OF_ANOTHER_MARKET', market: 'simulated', needed: 'recorded' },
    ],
  ]
for (const [what, changes, refusal] of REFUSALS)
  test(`a model ${what} is refused with its numbers, and nothing is asked for`, async (t) => {
    const desk = await openModelDesk(t)
    await shadowed(desk, 'm-1', changes)
    const asked = await desk.app.askForPromotion({ modelId: 'm-1', by: tom })
    assert.deepEqual(asked.kind === 'refused' && asked.refusals, [refusal])
    assert.deepEqual(await desk.app.listRequests(), [])
  })

test('every condition that is not met is told at once, and a model that does not exist is not found', async (t) => {
  const desk = await openModelDesk(t)
  await shadowed(desk, 'm-1', { gates: {}, days: 0, featureHash: 'others' })
  const asked = await desk.app.askForPromotion({ modelId: 'm-1', by: tom })
  assert.deepEqual(asked.kind === 'refused' && asked.refusals.map(({ code }) => code), [
    'OF_OTHER_FEATURES',
    'NOT_CALIBRATED',
    'TOO_FEW_DAYS_IN_SHADOW',
  ])
  assert.equal((await desk.app.askForPromotion({ modelId: 'm-9', by: tom })).kind, 'not-found')
})

test('a model whose health has failed is refused until a later day is better', async (t) => {
  const desk = await openModelDesk(t)
  await shadowed(desk, 'm-1')
  const judged = { modelId: 'm-1', day: TODAY, verdict: 'failed', report: {} } as const
  await desk.store.modelHealth.save(judged)
  const asked = await desk.app.askForPromotion({ modelId: 'm-1', by: tom })
  assert.deepEqual(asked.kind === 'refused' && asked.refusals, [{ code: 'HEALTH_FAILED', day: TODAY }])
  await desk.store.modelHealth.save({ ...judged, day: timestamp(TODAY + DAY), verdict: 'good' })
  await ask(desk, 'm-1')
})

test('a retired model is refused', async (t) => {
  const desk = await openModelDesk(t)
  await shadowed(desk, 'm-1')
  await desk.store.models.retire({ modelId: 'm-1', at: START, by: 'ana', reason: 'no better' })
  const asked = await desk.app.askForPromotion({ modelId: 'm-1', by: tom })
  assert.deepEqual(asked.kind === 'refused' && asked.refusals, [{ code: 'NOT_A_CHALLENGER', state: 'retired' }])
})

test('who asks does not approve, though they may approve others, and that is on record', async (t) => {
  const desk = await openModelDesk(t)
  await shadowed(desk, 'm-1')
  const asked = await desk.app.askForPromotion({ modelId: 'm-1', by: ben })
  assert.ok(asked.kind === 'asked')
  const { requestId } = asked.request
  assert.equal((await desk.app.approvePromotion({ requestId, by: ben })).kind, 'self-approval')
  assert.equal(await desk.store.audit.count('model-request.self-approval-refused'), 1)
  assert.equal((await desk.app.approvePromotion({ requestId, by: cleo })).kind, 'approved')
})

test('a quorum of two needs two members, and a role that was taken meanwhile does not count', async (t) => {
  const desk = await openModelDesk(t, { quorum: 2 })
  await shadowed(desk, 'm-1')
  const requestId = await ask(desk, 'm-1')
  const first = await desk.app.approvePromotion({ requestId, by: ben })
  assert.deepEqual([first.kind, 'missing' in first && first.missing], ['waiting', 1])
  assert.equal((await desk.app.approvePromotion({ requestId, by: ben })).kind, 'already-approved-by-you')
  await desk.store.members.put({ ...ben, role: 'trader' })
  const second = await desk.app.approvePromotion({ requestId, by: cleo })
  assert.deepEqual([second.kind, 'missing' in second && second.missing], ['waiting', 1])
  assert.equal(await championOf(desk), undefined)
  assert.equal((await desk.app.approvePromotion({ requestId, by: member('ana') })).kind, 'approved')
  const [entry] = await desk.store.audit.recent(1, { action: 'model.promoted' })
  assert.deepEqual(entry?.details.approvers, ['cleo', 'ana'])
})

test('an approver whose role is taken while they press is forbidden, and their yes is not kept', async (t) => {
  const desk = await openModelDesk(t, { quorum: 2 })
  await shadowed(desk, 'm-1')
  const requestId = await ask(desk, 'm-1')
  await desk.store.members.put({ ...ben, role: 'viewer' })
  assert.equal((await desk.app.approvePromotion({ requestId, by: ben })).kind, 'forbidden')
  assert.equal((await desk.app.declinePromotion({ requestId, by: ben })).kind, 'forbidden')
  assert.equal((await desk.store.requests.find(requestId))?.approvals, undefined)
  assert.equal(await desk.store.audit.count('command.forbidden'), 2)
})

test('a declined request changes nothing and cannot be approved; one whose time is over has expired', async (t) => {
  const desk = await openModelDesk(t)
  await shadowed(desk, 'm-1')
  const requestId = await ask(desk, 'm-1')
  const declined = await desk.app.declinePromotion({ requestId, by: ben, reason: 'not before the upgrade' })
  assert.equal(declined.kind === 'declined' && declined.request.reason, 'not before the upgrade')
  assert.equal((await desk.app.approvePromotion({ requestId, by: cleo })).kind, 'already-decided')
  const late = await ask(desk, 'm-1')
  await desk.pass(25 * HOUR)
  assert.equal((await desk.store.requests.find(late))?.state, 'expired')
  assert.equal((await desk.app.approvePromotion({ requestId: late, by: cleo })).kind, 'already-decided')
  assert.equal(await championOf(desk), undefined)
})

test('what was true when it was asked is read again: a health that failed meanwhile stands against it', async (t) => {
  const desk = await openModelDesk(t)
  await shadowed(desk, 'm-1')
  const requestId = await ask(desk, 'm-1')
  await desk.store.modelHealth.save({ modelId: 'm-1', day: TODAY, verdict: 'failed', report: {} })
  const decided = await desk.app.approvePromotion({ requestId, by: ben })
  assert.match(decided.kind === 'overtaken' ? decided.why : '', /its health failed on/)
  const request = await desk.store.requests.find(requestId)
  assert.deepEqual([request?.state, request?.approvals], ['pending', undefined])
  assert.equal(await championOf(desk), undefined)
})

test('an approval binds to the champion on the card', async (t) => {
  const desk = await openModelDesk(t)
  for (const id of ['m-1', 'm-2', 'm-3']) await shadowed(desk, id)
  await putInForce(desk, 'm-1')
  const stale = await ask(desk, 'm-3')
  await putInForce(desk, 'm-2')
  const decided = await desk.app.approvePromotion({ requestId: stale, by: ben })
  assert.match(decided.kind === 'overtaken' ? decided.why : '', /m-2 is in force by now, and m-1 was/)
  assert.equal(await championOf(desk), 'm-2')
})

test('two approvers at once put a model in force once', async (t) => {
  const desk = await openModelDesk(t)
  await shadowed(desk, 'm-1')
  const requestId = await ask(desk, 'm-1')
  const kinds = await Promise.all(
    [ben, cleo, member('ana')].map(async (by) => (await desk.app.approvePromotion({ requestId, by })).kind),
  )
  assert.deepEqual(kinds.toSorted(), ['already-decided', 'already-decided', 'approved'])
  assert.equal(await desk.store.audit.count('model.promoted'), 1)
  assert.equal(await desk.store.audit.count('model-request.approval'), 1)
})

test('two approvers at once make a quorum of two, and never more than one promotion', async (t) => {
  const desk = await openModelDesk(t, { quorum: 2 })
  await shadowed(desk, 'm-1')
  const requestId = await ask(desk, 'm-1')
  const kinds = await Promise.all(
    [ben, cleo].map(async (by) => (await desk.app.approvePromotion({ requestId, by })).kind),
  )
  assert.deepEqual(kinds.toSorted(), ['approved', 'waiting'])
  assert.equal(await desk.store.audit.count('model.promoted'), 1)
})

test('two models asked for over one champion: one approval has effect, the other is overtaken', async (t) => {
  const desk = await openModelDesk(t)
  for (const id of ['m-1', 'm-2', 'm-3']) await shadowed(desk, id)
  await putInForce(desk, 'm-1')
  const requests = [await ask(desk, 'm-2'), await ask(desk, 'm-3')]
  const kinds = await Promise.all(
    requests.map(async (requestId) => (await desk.app.approvePromotion({ requestId, by: ben })).kind),
  )
  assert.deepEqual(kinds.toSorted(), ['approved', 'overtaken'])
  const states = (await desk.store.models.list()).map(({ state }) => state)
  assert.equal(states.filter((state) => state === 'champion').length, 1)
})

test('a desk that keeps no record of models says so', async (t) => {
  const desk = await openModelDesk(t)
  const { models: _, ...ports } = desk.ports
  const { createModelVerbs } = await import('../../src/app/model-verbs.ts')
  const verbs = createModelVerbs(ports, { feeds: [] })
  assert.equal(await verbs.listModels(), undefined)
  assert.equal((await verbs.askForPromotion({ modelId: 'm-1', by: tom })).kind, 'no-registry')
  assert.equal((await verbs.approvePromotion({ requestId: 'x', by: tom })).kind, 'no-registry')
  assert.equal((await verbs.rollBackModel({ by: tom, reason: 'x' })).kind, 'no-registry')
  assert.equal((await verbs.startTraining({ startedBy: 'tom' })).kind, 'impossible')
})
