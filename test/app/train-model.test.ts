import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMarketState, type MarketState } from '../../src/app/market-state.ts'
import { DAY, duration, HOUR, later, MINUTE, timestamp } from '../../src/domain/units.ts'
import type { Trainer, TrainingEnd, TrainingProgress, TrainingRequest, TrainingStarted } from '../../src/ports.ts'
import { START, type TestDesk } from '../support/desk.ts'
import { testSettings } from '../support/desk-settings.ts'
import { aModel } from '../support/models.ts'
import { ask, openModelDesk, putInForce, shadowed, toldOf } from './model-desk.ts'

/** A trainer that does as the test says, instead of a process. */
function createHandTrainer(refusal?: Exclude<TrainingStarted, { kind: 'started' | 'already-running' }>) {
  let running: TrainingProgress | undefined
  let ended: TrainingEnd | undefined
  const requests: TrainingRequest[] = []
  const trainer: Trainer = {
    async start(request) {
      if (refusal) return refusal
      if (running) return { kind: 'already-running', progress: running }
      requests.push(request)
      running = { request, startedAt: START, share: 0, text: 'starting' }
      return { kind: 'started', progress: running }
    },
    progress: async () => running,
    async cancel() {
      if (!running) return false
      ended = { kind: 'cancelled', request: running.request }
      running = undefined
      return true
    },
    ended: async () => ended,
    async settle() {
      ended = undefined
    },
  }
  return {
    trainer,
    requests,
    reach(share: number, text: string, left: number): void {
      running = { ...running!, share, text, left: duration(left) }
    },
    end(how: { model: ReturnType<typeof aModel> } | { reason: string }): void {
      const { request } = running!
      ended = 'model' in how ? { kind: 'trained', request, model: how.model } : { kind: 'failed', request, ...how }
      running = undefined
    },
  }
}

const latestCard = async (desk: TestDesk, title: string) => {
  await desk.app.deliverMessages()
  return desk.channel.posts.flatMap(({ versions }) => versions.at(-1)!).find((card) => card.title === title)
}

test('training is told as it goes on, in one card, and its model is a challenger in the end', async (t) => {
  const hand = createHandTrainer()
  const desk = await openModelDesk(t, { trainer: hand.trainer })
  const started = await desk.app.startTraining({ rung: 'lstm', startedBy: 'ben' })
  assert.equal(started.kind, 'started')
  assert.deepEqual(hand.requests, [{ rung: 'lstm', seed: 1, startedBy: 'ben' }])
  hand.reach(0.42, 'epoch 5 of 12', 12 * MINUTE)
  await desk.pass(MINUTE)
  assert.equal((await latestCard(desk, 'Training lstm'))?.text, '42 %, about 12 min left: epoch 5 of 12')
  hand.reach(0.9, 'epoch 11 of 12', 2 * HOUR)
  await desk.pass(MINUTE)
  assert.equal((await latestCard(desk, 'Training lstm'))?.text, '90 %, about 2 h left: epoch 11 of 12')
  assert.equal((await toldOf(desk)).filter((title) => title === 'Training lstm').length, 1)
  hand.end({ model: aModel('m-1', { override: 'a month of options is all there is' }) })
  await desk.pass(MINUTE)
  const list = await desk.app.listModels()
  assert.deepEqual(
    list?.challengers.map(({ model }) => [model.modelId, model.override]),
    [['m-1', 'a month of options is all there is']],
  )
  assert.match(JSON.stringify(await latestCard(desk, 'Model m-1 is trained')), /a month of options is all there is/)
  assert.equal(desk.queue.nextDueAt(), undefined, 'nobody looks any more')
  await desk.app.tendTraining()
  assert.equal(await desk.store.audit.count('model.registered'), 1)
})

test('who trains is on record, as is a cancel and a failure with its reason', async (t) => {
  const hand = createHandTrainer()
  const desk = await openModelDesk(t, { trainer: hand.trainer })
  await desk.app.startTraining({ rung: 'lstm', override: 'six months are all there is', startedBy: 'ben' })
  assert.equal((await desk.app.startTraining({ rung: 'lstm', startedBy: 'cleo' })).kind, 'already-running')
  assert.equal((await desk.app.cancelTraining({ by: 'cleo' }))?.request.rung, 'lstm')
  await desk.settle()
  assert.ok((await toldOf(desk)).includes('Training of lstm was cancelled'))
  assert.equal(await desk.app.cancelTraining({ by: 'cleo' }), undefined)
  await desk.app.startTraining({ rung: 'lstm', startedBy: 'ben' })
  hand.end({ reason: 'Expected hours to train on, was none' })
  await desk.pass(MINUTE)
  assert.equal(
    (await latestCard(desk, 'Training of lstm failed'))?.text,
    'Expected hours to train on, was none. Nothing changed.',
  )
  const entries = await desk.store.audit.recent(9, { action: 'model.training' })
  assert.deepEqual(entries.map(({ action, actor }) => `${action} ${actor}`).toReversed(), [
    'model.training-started ben',
    'model.training-cancelled cleo',
    'model.training-ended system',
    'model.training-started ben',
    'model.training-ended system',
  ])
  assert.deepEqual(entries.at(-1)?.details, { seed: 1, override: 'six months are all there is' })
})

test('a kind is that of the model in force where none is said, and has to be one of the ladder', async (t) => {
  const hand = createHandTrainer()
  const desk = await openModelDesk(t, { trainer: hand.trainer })
  assert.equal((await desk.app.startTraining({ startedBy: 'ben' })).kind, 'which-rung')
  assert.equal((await desk.app.startTraining({ rung: 'oracle', startedBy: 'ben' })).kind, 'unknown-rung')
  await shadowed(desk, 'm-1', { rung: 'five-feature' })
  await putInForce(desk, 'm-1')
  await desk.app.startTraining({ startedBy: 'ben' })
  assert.deepEqual(
    hand.requests.map(({ rung }) => rung),
    ['five-feature'],
  )
})

test('a newer challenger of a rung takes the place of the older in shadow, but not of one that is being decided', async (t) => {
  const hand = createHandTrainer()
  const desk = await openModelDesk(t, { trainer: hand.trainer })
  await shadowed(desk, 'm-1')
  await shadowed(desk, 'm-2')
  await shadowed(desk, 'm-3', { rung: 'five-feature' })
  await ask(desk, 'm-2')
  await desk.app.startTraining({ rung: 'lstm', startedBy: 'ben' })
  hand.end({ model: aModel('m-4') })
  await desk.pass(MINUTE)
  const states = (await desk.store.models.list()).map(({ modelId, state }) => `${modelId} ${state}`)
  assert.deepEqual(states.toSorted(), ['m-1 retired', 'm-2 challenger', 'm-3 challenger', 'm-4 challenger'])
})

const quarter = 90 * DAY
const dueDesk = async (
  t: Parameters<typeof openModelDesk>[0],
  trainer: Trainer,
  { upgrades = [], market = createMarketState() }: { upgrades?: number[]; market?: MarketState } = {},
) => {
  const settings = testSettings()
  const desk = await openModelDesk(t, {
    trainer,
    market,
    settings: {
      models: { ...settings.models, shadowDays: 3, protocolUpgrades: upgrades.map(timestamp) },
    },
  })
  await shadowed(desk, 'm-1')
  await putInForce(desk, 'm-1')
  assert.equal((await desk.app.retrainModels()).kind, 'not-due', 'what was before it began is no event')
  return desk
}

test('a new model is trained after a quarter, of the kind in force, and then after the next', async (t) => {
  const hand = createHandTrainer()
  const desk = await dueDesk(t, hand.trainer)
  await desk.pass(quarter - DAY)
  assert.equal((await desk.app.retrainModels()).kind, 'not-due')
  await desk.pass(DAY)
  const outcome = await desk.app.retrainModels()
  assert.match(outcome.kind === 'started' ? outcome.causes[0]!.why : outcome.kind, /the last training was 90 days ago/)
  assert.deepEqual(hand.requests, [{ rung: 'lstm', seed: 1, startedBy: 'system' }])
  assert.equal((await desk.app.retrainModels()).kind, 'not-due')
  hand.end({ model: aModel('m-2') })
  await desk.app.tendTraining()
  await desk.pass(quarter)
  assert.equal((await desk.app.retrainModels()).kind, 'started')
})

test('a changed margin table, a venue added or dropped and an upgraded protocol are each a reason to train', async (t) => {
  const upgrade = later(timestamp(Math.floor(START / DAY) * DAY), 3 * DAY)
  const hand = createHandTrainer()
  const market = createMarketState()
  const desk = await dueDesk(t, hand.trainer, {
    upgrades: [upgrade, later(upgrade, 9 * DAY), later(START, -DAY)],
    market,
  })
  const why = async (): Promise<string> => {
    const outcome = await desk.app.retrainModels()
    if (outcome.kind !== 'started') return outcome.kind
    hand.end({ reason: 'let it be' })
    await desk.app.tendTraining()
    return outcome.causes.map((cause) => cause.why).join('; ')
  }
  await desk.pass(HOUR)
  await desk.store.audit.append({
    at: desk.clock.now(),
    actor: 'system',
    action: 'margin-tiers.changed',
    subject: 'bybit ETHUSDT',
    details: {},
  })
  await desk.pass(MINUTE)
  assert.equal(await why(), 'the margin table of bybit ETHUSDT changed')
  const feed = { feed: 'bar', asset: 'ETH', cadence: HOUR } as const
  const publish = (...venues: string[]): void => {
    market.feeds = venues.map((venue) => ({ ...feed, venue }))
  }
  publish('okx', 'bybit')
  assert.equal(await why(), 'new venues: bybit, okx')
  assert.equal(await why(), 'not-due')
  publish('okx')
  assert.equal(await why(), 'venues that are gone: bybit')
  await desk.pass(4 * DAY)
  assert.equal(await why(), `a protocol was upgraded on ${new Date(upgrade).toISOString().slice(0, 10)}`)
  assert.equal(await why(), 'not-due')
})

test('where nothing can be trained the desk is told once a cause, and why', async (t) => {
  const groups = [{ group: 'options', has: duration(30 * DAY) }]
  const hand = createHandTrainer({ kind: 'too-little-data', groups, needed: duration(730 * DAY) })
  const desk = await dueDesk(t, hand.trainer)
  await desk.pass(quarter)
  const outcome = await desk.app.retrainModels()
  assert.equal(outcome.kind === 'cannot' && outcome.reason, 'there is too little data: options has 30 of 730 days')
  for (const _ of [1, 2]) assert.equal((await desk.app.retrainModels()).kind, 'not-due')
  await desk.pass(DAY)
  assert.equal((await desk.app.retrainModels()).kind, 'not-due')
  const told = (await toldOf(desk)).filter((title) => title === 'A new model is due and cannot be trained here')
  assert.equal(told.length, 1)
})

test('once a month models are compared on what they said and what came of it', async (t) => {
  const hand = createHandTrainer()
  const desk = await dueDesk(t, hand.trainer)
  await shadowed(desk, 'm-2')
  const hours = Array.from({ length: 600 }, (_, n) => later(START, (n + 1) * HOUR))
  for (const [modelId, sharpness] of [
    ['m-1', 0],
    ['m-2', 0.5],
  ] as const) {
    const said = hours.map((at, n) => ({
      modelId,
      asset: 'ETH' as const,
      at,
      target: 'cascade-down-24h',
      probability: 0.05 + (n % 10 === 0 ? sharpness : 0),
      dueAt: later(at, DAY),
    }))
    await desk.store.modelForecasts.save(said)
    await desk.store.modelForecasts.resolve(said.map((one, n) => ({ ...one, outcome: n % 10 === 0 })))
  }
  await desk.pass(30 * DAY)
  await desk.app.retrainModels()
  const [entry] = await desk.store.audit.recent(1, { action: 'model.validated' })
  const validations = entry!.details.validations as {
    modelId: string
    known: number
    brierSkill: number
    overChampion?: { low: number }
  }[]
  const [champion, challenger] = ['m-1', 'm-2'].map((id) => validations.find(({ modelId }) => modelId === id)!)
  assert.deepEqual([champion?.known, champion?.brierSkill, champion?.overChampion], [600, 0, undefined])
  assert.ok(challenger!.brierSkill > 0.5 && challenger!.overChampion!.low > 0.5, JSON.stringify(challenger))
  await desk.app.retrainModels()
  assert.equal(await desk.store.audit.count('model.validated'), 1)
})
