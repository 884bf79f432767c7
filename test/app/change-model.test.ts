import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DAY, HOUR, later, MINUTE, timestamp } from '../../src/domain/units.ts'
import { member, START } from '../support/desk.ts'
import { aModel } from '../support/models.ts'
import { actionsOf, ask, championOf, openModelDesk, putInForce, shadowed, toldOf } from './model-desk.ts'

const ana = member('ana')
const failed = (modelId: string) => ({ modelId, reason: 'calibration has drifted', at: START })

test('an admin rolls back to the former champion at once; a trader and an approver do not', async (t) => {
  const desk = await openModelDesk(t)
  for (const id of ['m-1', 'm-2']) {
    await shadowed(desk, id)
    await putInForce(desk, id)
  }
  for (const who of ['tom', 'ben'] as const)
    assert.equal((await desk.app.rollBackModel({ by: member(who), reason: 'worse' })).kind, 'forbidden')
  assert.equal(await championOf(desk), 'm-2')
  const back = await desk.app.rollBackModel({ by: ana, reason: 'worse' })
  assert.ok(back.kind === 'rolled-back')
  assert.deepEqual([back.model.modelId, back.retired.modelId], ['m-1', 'm-2'])
  assert.equal(await championOf(desk), 'm-1')
  const [entry] = await desk.store.audit.recent(1, { action: 'model.rolled-back' })
  assert.deepEqual(entry?.details, { market: 'recorded', retired: 'm-2', reason: 'worse' })
  assert.ok((await toldOf(desk)).includes('Rolled back to model m-1'))
  assert.equal((await desk.app.rollBackModel({ by: ana, reason: 'worse' })).kind, 'nothing-to-roll-back')
})

test('a promotion and a rollback at the same moment leave one champion, and the record says which', async (t) => {
  const desk = await openModelDesk(t)
  for (const id of ['m-1', 'm-2', 'm-3']) await shadowed(desk, id)
  await putInForce(desk, 'm-1')
  await putInForce(desk, 'm-2')
  const requestId = await ask(desk, 'm-3')
  const [decided, back] = await Promise.all([
    desk.app.approvePromotion({ requestId, by: member('ben') }),
    desk.app.rollBackModel({ by: ana, reason: 'worse' }),
  ])
  // Whoever is second finds another champion than the one they meant, or undoes what the first has done.
  const came = `${decided.kind}, ${back.kind}`
  const expected: Record<string, string> = {
    'approved, overtaken': 'm-3',
    'overtaken, rolled-back': 'm-1',
    'approved, rolled-back': 'm-2',
  }
  assert.ok(came in expected, came)
  assert.equal(await championOf(desk), expected[came], came)
  const states = (await desk.store.models.list()).map(({ state }) => state)
  assert.equal(states.filter((state) => state === 'champion').length, 1)
})

test('two admins who roll back at once go back once', async (t) => {
  const desk = await openModelDesk(t)
  await desk.store.members.put({ ...member('ben'), role: 'admin' })
  for (const id of ['m-0', 'm-1', 'm-2']) {
    await shadowed(desk, id)
    await putInForce(desk, id)
  }
  const kinds = await Promise.all(
    [ana, member('ben')].map(async (by) => (await desk.app.rollBackModel({ by, reason: 'worse' })).kind),
  )
  assert.deepEqual(kinds.toSorted(), ['overtaken', 'rolled-back'])
  assert.equal(await championOf(desk), 'm-1')
})

test('a champion whose health fails is out of force at once and told once, and only people put one in force again', async (t) => {
  const desk = await openModelDesk(t)
  await shadowed(desk, 'm-1')
  await putInForce(desk, 'm-1')
  assert.equal((await desk.app.demoteModel(failed('m-1'))).kind, 'demoted')
  assert.equal((await desk.app.demoteModel(failed('m-1'))).kind, 'not-in-force')
  assert.equal(await championOf(desk), undefined)
  const told = await toldOf(desk)
  assert.equal(told.filter((title) => title === 'Model m-1 is out of force').length, 1)
  // Whatever runs by itself leaves it so.
  await desk.app.registerShipped()
  await desk.app.retrainModels()
  assert.equal(await championOf(desk), undefined)
  await putInForce(desk, 'm-1')
  assert.equal(await championOf(desk), 'm-1')
  assert.deepEqual(
    (await actionsOf(desk)).filter((action) => action.startsWith('model.')),
    ['model.promoted', 'model.demoted', 'model.promoted'],
  )
})

test('demoting at once from two places is one demotion', async (t) => {
  const desk = await openModelDesk(t)
  await shadowed(desk, 'm-1')
  await putInForce(desk, 'm-1')
  const kinds = await Promise.all([1, 2, 3].map(async () => (await desk.app.demoteModel(failed('m-1'))).kind))
  assert.deepEqual(kinds.toSorted(), ['demoted', 'not-in-force', 'not-in-force'])
  assert.equal(await desk.store.audit.count('model.demoted'), 1)
})

test('a restart keeps who is in force, who is in shadow and who agreed', async (t) => {
  const desk = await openModelDesk(t, { quorum: 2 })
  for (const id of ['m-1', 'm-2']) await shadowed(desk, id)
  const first = await ask(desk, 'm-1')
  await desk.app.approvePromotion({ requestId: first, by: member('ben') })
  await desk.die()
  const after = await openModelDesk(t, { quorum: 2, database: desk.database })
  assert.equal((await after.app.approvePromotion({ requestId: first, by: member('cleo') })).kind, 'approved')
  await after.die()
  const last = await openModelDesk(t, { database: desk.database })
  const list = await last.app.listModels()
  assert.equal(list?.champion?.model.modelId, 'm-1')
  assert.deepEqual(
    list?.challengers.map(({ model, refusals }) => [model.modelId, refusals]),
    [['m-2', []]],
  )
})

test('the newest model that ships is in force from the start, and starting again changes nothing', async (t) => {
  const old = aModel('shipped-1', { origin: 'shipped', trainedAt: timestamp(1) })
  const newest = aModel('shipped-2', { origin: 'shipped', trainedAt: timestamp(2) })
  const other = aModel('shipped-3', { origin: 'shipped', trainedAt: timestamp(3), market: 'simulated' })
  const unreadable = aModel('shipped-4', { origin: 'shipped', trainedAt: timestamp(4), featureHash: 'others' })
  const desk = await openModelDesk(t, { models: { shipped: async () => [old, newest, other, unreadable] } })
  await desk.app.registerShipped()
  assert.equal(await championOf(desk), 'shipped-2')
  const rows = await desk.store.audit.recent(50)
  await desk.app.registerShipped()
  assert.deepEqual(await desk.store.audit.recent(50), rows)
  assert.equal(await desk.store.models.champion('simulated'), undefined)
})

test('what a newer version ships takes the place of what an older one shipped, and not of what people chose', async (t) => {
  const ships = (modelId: string) => ({ shipped: async () => [aModel(modelId, { origin: 'shipped' })] })
  const desk = await openModelDesk(t, { models: ships('shipped-1') })
  await desk.app.registerShipped()
  const upgraded = await openModelDesk(t, { models: ships('shipped-2'), database: desk.database })
  await upgraded.app.registerShipped()
  assert.equal(await championOf(upgraded), 'shipped-2')
  await shadowed(upgraded, 'm-1')
  await putInForce(upgraded, 'm-1')
  const again = await openModelDesk(t, { models: ships('shipped-3'), database: desk.database })
  await again.app.registerShipped()
  assert.equal(await championOf(again), 'm-1')
})

test('a champion that a newer version cannot ask gives its place to the one that ships with it', async (t) => {
  const desk = await openModelDesk(t)
  await shadowed(desk, 'm-1')
  await putInForce(desk, 'm-1')
  const upgraded = await openModelDesk(t, {
    models: {
      featureHash: 'features-2',
      shipped: async () => [aModel('shipped-2', { origin: 'shipped', featureHash: 'features-2' })],
    },
    database: desk.database,
  })
  await upgraded.app.registerShipped()
  assert.equal(await championOf(upgraded), 'shipped-2')
  assert.equal((await upgraded.app.rollBackModel({ by: ana, reason: 'worse' })).kind, 'of-other-features')
})

test('what models said is thinned to one an hour once it is two days old, and gone after two years', async (t) => {
  const desk = await openModelDesk(t)
  await desk.store.models.register(aModel('m-1'), START)
  const said = (at: number) => ({
    modelId: 'm-1',
    asset: 'ETH' as const,
    at: timestamp(at),
    target: 'cascade-down-24h',
    probability: 0.04,
    dueAt: timestamp(at + DAY),
  })
  const today = Math.floor(START / DAY) * DAY
  const [ancient, old, recent] = [today - 800 * DAY, today - 10 * DAY, today - DAY]
  await desk.store.modelForecasts.save(
    [ancient, old, recent].flatMap((from) => Array.from({ length: 120 }, (_, n) => said(from + n * MINUTE))),
  )
  assert.equal(await desk.app.applyRetention(), 120 + 118)
  assert.equal(await desk.app.applyRetention(), 0)
  const left = await desk.store.modelForecasts.between({ modelId: 'm-1', from: timestamp(0), to: START })
  assert.equal(left.length, 2 + 120)
  await desk.pass(3 * DAY)
  assert.equal(await desk.app.applyRetention(), 118)
  assert.deepEqual(
    (await desk.store.modelForecasts.between({ modelId: 'm-1', from: timestamp(recent), to: START })).map(
      ({ at }) => at,
    ),
    [recent, later(timestamp(recent), HOUR)],
  )
})
