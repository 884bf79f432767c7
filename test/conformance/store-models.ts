import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { DAY, HOUR } from '../../src/domain/units.ts'
import type { AdminRequest, ModelForecast, Store } from '../../src/ports.ts'
import { aModel, FEATURES } from '../support/models.ts'
import type { OpenStore } from './store.ts'
import { at } from './store-samples.ts'

/** Registers models, then puts them in force one after the other, each over the one before. */
async function inTurn(store: Store, ids: readonly string[]): Promise<void> {
  for (const [n, id] of ids.entries()) {
    await store.models.register(aModel(id), at(n))
    const { kind } = await store.models.promote({
      modelId: id,
      over: ids[n - 1],
      at: at(10 + n),
      by: 'ben',
      reason: 'ok',
    })
    assert.equal(kind, 'promoted')
  }
}

const statesOf = async (store: Store): Promise<Record<string, string>> =>
  Object.fromEntries((await store.models.list()).map(({ modelId, state }) => [modelId, state]))

export function describeModelRecord(name: string, open: OpenStore): void {
  describe(`${name}: models`, () => {
    test('a model comes back as it was registered, as a challenger; its id is taken once', async (t) => {
      const { models } = await open(t)
      const { artifact, ...model } = aModel('m-1', { override: 'six months are all there is' })
      assert.equal(await models.register({ ...model, artifact }, at(5)), 'registered')
      assert.equal(await models.register(aModel('m-1', { rung: 'tcn' }), at(6)), 'known')
      assert.deepEqual(await models.find('m-1'), { ...model, state: 'challenger', registeredAt: 5, shadowSince: 5 })
      assert.equal(gunzipSync((await models.artifact('m-1'))!).toString(), '{"modelId":"m-1"}')
      assert.equal(await models.find('m-2'), undefined)
      assert.equal(await models.artifact('m-2'), undefined)
      assert.equal(await models.champion('recorded'), undefined)
    })

    test('each market has its own champion, and its list is newest first', async (t) => {
      const { models } = await open(t)
      await models.register(aModel('m-1'), at(1))
      await models.register(aModel('m-2', { market: 'simulated' }), at(2))
      await models.register(aModel('m-3'), at(3))
      for (const modelId of ['m-1', 'm-2'])
        assert.equal(
          (await models.promote({ modelId, over: undefined, at: at(4), by: 'ben', reason: 'ok' })).kind,
          'promoted',
        )
      assert.equal((await models.champion('recorded'))?.modelId, 'm-1')
      assert.equal((await models.champion('simulated'))?.modelId, 'm-2')
      assert.deepEqual(
        (await models.list()).map(({ modelId }) => modelId),
        ['m-3', 'm-2', 'm-1'],
      )
      assert.deepEqual(
        (await models.list('recorded')).map(({ modelId }) => modelId),
        ['m-3', 'm-1'],
      )
    })

    test('a promotion retires the champion it names, and says so when another is in force', async (t) => {
      const store = await open(t)
      await inTurn(store, ['m-1', 'm-2'])
      await store.models.register(aModel('m-3'), at(20))
      const change = { at: at(30), by: 'ben', reason: 'ok' }
      const overtaken = await store.models.promote({ ...change, modelId: 'm-3', over: 'm-1' })
      assert.equal(overtaken.kind === 'overtaken' && overtaken.champion?.modelId, 'm-2')
      assert.equal((await store.models.promote({ ...change, modelId: 'm-1', over: 'm-2' })).kind, 'not-a-challenger')
      assert.equal((await store.models.promote({ ...change, modelId: 'm-9', over: 'm-2' })).kind, 'not-found')
      const promoted = await store.models.promote({ ...change, modelId: 'm-3', over: 'm-2' })
      assert.ok(promoted.kind === 'promoted')
      const { replaced, promotedAt, promotedBy } = promoted.model
      assert.deepEqual({ replaced, promotedAt, promotedBy }, { replaced: 'm-2', promotedAt: 30, promotedBy: 'ben' })
      assert.equal(promoted.retired?.retiredAt, 30)
      assert.deepEqual(await statesOf(store), { 'm-1': 'retired', 'm-2': 'retired', 'm-3': 'champion' })
    })

    test('of promotions at once over one champion, one has effect', async (t) => {
      const store = await open(t)
      await inTurn(store, ['m-0'])
      const ids = ['m-1', 'm-2', 'm-3', 'm-4']
      for (const id of ids) await store.models.register(aModel(id), at(5))
      const change = { over: 'm-0', at: at(30), by: 'ben', reason: 'ok' }
      const kinds = await Promise.all(
        ids.map(async (modelId) => (await store.models.promote({ ...change, modelId })).kind),
      )
      assert.deepEqual(kinds.toSorted(), ['overtaken', 'overtaken', 'overtaken', 'promoted'])
      assert.equal(Object.values(await statesOf(store)).filter((state) => state === 'champion').length, 1)
    })

    test('rolling back restores the former champion, and again the one before it', async (t) => {
      const store = await open(t)
      await inTurn(store, ['m-1', 'm-2', 'm-3'])
      const change = { market: 'recorded', featureHash: FEATURES, at: at(50), by: 'ana', reason: 'worse' } as const
      const late = await store.models.rollBack({ ...change, over: 'm-2' })
      assert.equal(late.kind === 'overtaken' && late.champion?.modelId, 'm-3')
      const once = await store.models.rollBack({ ...change, over: 'm-3' })
      assert.ok(once.kind === 'rolled-back')
      assert.deepEqual([once.model.modelId, once.retired.modelId], ['m-2', 'm-3'])
      assert.equal(once.model.retiredAt, undefined)
      assert.deepEqual(await statesOf(store), { 'm-1': 'retired', 'm-2': 'champion', 'm-3': 'retired' })
      const twice = await store.models.rollBack({ ...change, over: 'm-2' })
      assert.equal(twice.kind === 'rolled-back' && twice.model.modelId, 'm-1')
      const nothing = { kind: 'nothing-to-roll-back' }
      assert.deepEqual(await store.models.rollBack({ ...change, over: 'm-1' }), nothing)
      assert.deepEqual(await store.models.rollBack({ ...change, over: undefined, market: 'simulated' }), nothing)
    })

    test('nobody is rolled back to a model that this code cannot ask', async (t) => {
      const store = await open(t)
      await inTurn(store, ['m-1', 'm-2'])
      const change = {
        market: 'recorded',
        over: 'm-2',
        featureHash: 'others',
        at: at(50),
        by: 'ana',
        reason: 'worse',
      } as const
      const outcome = await store.models.rollBack(change)
      assert.equal(outcome.kind === 'of-other-features' && outcome.model.modelId, 'm-1')
      assert.equal((await store.models.champion('recorded'))?.modelId, 'm-2')
    })

    test('a demoted champion leaves its market without one, and a rollback goes to the one before it', async (t) => {
      const store = await open(t)
      await inTurn(store, ['m-1', 'm-2'])
      const change = { at: at(40), by: 'system', reason: 'calibration has drifted' }
      const demoted = await store.models.demote({ ...change, modelId: 'm-2' })
      assert.deepEqual([demoted?.state, demoted?.demotedAt, demoted?.reason], ['challenger', 40, change.reason])
      assert.equal(await store.models.demote({ ...change, modelId: 'm-2' }), undefined)
      assert.equal(await store.models.demote({ ...change, modelId: 'm-9' }), undefined)
      assert.equal(await store.models.champion('recorded'), undefined)
      const back = await store.models.rollBack({
        market: 'recorded',
        over: undefined,
        featureHash: FEATURES,
        at: at(50),
        by: 'ana',
        reason: 'go back',
      })
      assert.ok(back.kind === 'rolled-back')
      assert.deepEqual([back.model.modelId, back.retired.modelId, back.retired.demotedAt], ['m-1', 'm-2', undefined])
    })

    test('who takes the place of a demoted one is rolled back to the one before that, not to it', async (t) => {
      const store = await open(t)
      await inTurn(store, ['m-1', 'm-2'])
      await store.models.demote({ modelId: 'm-2', at: at(40), by: 'system', reason: 'drift' })
      await store.models.register(aModel('m-3'), at(41))
      const promoted = await store.models.promote({
        modelId: 'm-3',
        over: undefined,
        at: at(42),
        by: 'ben',
        reason: 'ok',
      })
      assert.equal(promoted.kind === 'promoted' && promoted.model.replaced, 'm-1')
      assert.deepEqual(await statesOf(store), { 'm-1': 'retired', 'm-2': 'challenger', 'm-3': 'champion' })
    })

    test('a demoted one that is put in force again is marked no more', async (t) => {
      const store = await open(t)
      await inTurn(store, ['m-1', 'm-2'])
      await store.models.demote({ modelId: 'm-2', at: at(40), by: 'system', reason: 'drift' })
      const again = await store.models.promote({
        modelId: 'm-2',
        over: undefined,
        at: at(60),
        by: 'ben',
        reason: 'fixed',
      })
      assert.ok(again.kind === 'promoted')
      assert.deepEqual([again.model.demotedAt, again.model.replaced], [undefined, 'm-1'])
    })

    test('only a challenger is retired by itself', async (t) => {
      const store = await open(t)
      await inTurn(store, ['m-1'])
      await store.models.register(aModel('m-2'), at(5))
      const change = { at: at(9), by: 'ana', reason: 'no better' }
      assert.equal((await store.models.retire({ ...change, modelId: 'm-2' }))?.state, 'retired')
      assert.equal(await store.models.retire({ ...change, modelId: 'm-1' }), undefined)
      assert.equal(await store.models.retire({ ...change, modelId: 'm-2' }), undefined)
    })
  })

  const said = (forecastAt: number, changes: Partial<ModelForecast> = {}): ModelForecast => ({
    modelId: 'm-1',
    asset: 'ETH',
    at: at(forecastAt),
    target: 'cascade-down-24h',
    probability: 0.04,
    dueAt: at(forecastAt + DAY),
    ...changes,
  })

  describe(`${name}: what models said`, () => {
    test('a forecast is kept once and waits until it is due', async (t) => {
      const { models, modelForecasts } = await open(t)
      await models.register(aModel('m-1'), at(0))
      const both = [said(HOUR), said(HOUR, { target: 'cascade-up-4h', dueAt: at(5 * HOUR), probability: 0.02 })]
      assert.equal(await modelForecasts.save(both), 2)
      assert.equal(await modelForecasts.save([said(HOUR, { probability: 0.9 }), said(2 * HOUR)]), 1)
      assert.equal(await modelForecasts.save([]), 0)
      assert.deepEqual(await modelForecasts.pending({ before: at(5 * HOUR), limit: 9 }), [both[1]])
      assert.deepEqual(await modelForecasts.pending({ before: at(26 * HOUR), limit: 2 }), [both[1], both[0]])
      assert.deepEqual(
        await modelForecasts.between({ modelId: 'm-1', from: at(HOUR), to: at(2 * HOUR), target: 'cascade-down-24h' }),
        [both[0], said(2 * HOUR)],
      )
    })

    test('the first answer stands, and what can never be known is not asked again', async (t) => {
      const { models, modelForecasts } = await open(t)
      await models.register(aModel('m-1'), at(0))
      await modelForecasts.save([said(0), said(HOUR), said(2 * HOUR)])
      const of = (when: number) => ({ modelId: 'm-1', asset: 'ETH', at: at(when), target: 'cascade-down-24h' }) as const
      assert.equal(
        await modelForecasts.resolve([
          { ...of(0), outcome: true },
          { ...of(HOUR), outcome: undefined },
        ]),
        2,
      )
      assert.equal(
        await modelForecasts.resolve([
          { ...of(0), outcome: false },
          { ...of(9), outcome: true },
        ]),
        0,
      )
      assert.deepEqual(await modelForecasts.pending({ before: at(99 * DAY), limit: 9 }), [said(2 * HOUR)])
      const all = await modelForecasts.between({ modelId: 'm-1', from: at(0), to: at(DAY), asset: 'ETH' })
      assert.deepEqual(
        all.map(({ outcome }) => outcome),
        [true, undefined, undefined],
      )
      assert.deepEqual(await modelForecasts.shadow('m-1'), {
        days: 1,
        forecasts: 3,
        known: 1,
        firstAt: 0,
        lastAt: 2 * HOUR,
      })
    })

    test('days in shadow are days with a forecast', async (t) => {
      const { models, modelForecasts } = await open(t)
      await models.register(aModel('m-1'), at(0))
      assert.deepEqual(await modelForecasts.shadow('m-1'), { days: 0, forecasts: 0, known: 0 })
      await modelForecasts.save([said(0), said(DAY - 1), said(5 * DAY), said(5 * DAY, { asset: 'BTC' })])
      assert.equal((await modelForecasts.shadow('m-1')).days, 2)
    })

    test('thinning keeps the first of each hour, asset and target, and touches nothing outside its span', async (t) => {
      const { models, modelForecasts } = await open(t)
      await models.register(aModel('m-1'), at(0))
      const minutes = Array.from({ length: 180 }, (_, n) => said(n * 60_000))
      await modelForecasts.save([...minutes, ...minutes.map((one) => ({ ...one, asset: 'BTC' }))])
      assert.equal(await modelForecasts.thin({ from: at(0), to: at(2 * HOUR) }), 2 * 2 * 59)
      assert.equal(await modelForecasts.thin({ from: at(0), to: at(2 * HOUR) }), 0)
      const left = await modelForecasts.between({ modelId: 'm-1', from: at(0), to: at(DAY), asset: 'ETH' })
      assert.deepEqual(
        left.slice(0, 3).map((one) => one.at),
        [0, HOUR, 2 * HOUR],
      )
      assert.equal(left.length, 2 + 60)
      assert.equal(await modelForecasts.deleteBefore(at(2 * HOUR)), 4)
    })
  })

  describe(`${name}: health of models`, () => {
    test('a day is judged once, and the last judgement of it stands', async (t) => {
      const { models, modelHealth } = await open(t)
      await models.register(aModel('m-1'), at(0))
      const judged = (day: number, verdict: 'good' | 'watch' | 'failed') => ({
        modelId: 'm-1',
        day: at(day * DAY),
        verdict,
        report: { logLoss: 0.1 * day },
      })
      assert.equal(await modelHealth.latest('m-1'), undefined)
      for (const health of [judged(1, 'good'), judged(3, 'good'), judged(2, 'good'), judged(3, 'failed')])
        await modelHealth.save(health)
      assert.deepEqual(await modelHealth.latest('m-1'), judged(3, 'failed'))
      assert.deepEqual(await modelHealth.between({ modelId: 'm-1', from: at(2 * DAY), to: at(9 * DAY) }), [
        judged(2, 'good'),
        judged(3, 'failed'),
      ])
    })
  })

  describe(`${name}: requests that several approve`, () => {
    const request: AdminRequest = {
      requestId: 'request-1',
      subject: { kind: 'model', modelId: 'm-1', rung: 'lstm', market: 'recorded', evidence: ['beats five-feature'] },
      state: 'pending',
      requestedBy: 'tom',
      requestedAt: at(1),
      expiresAt: at(100),
    }

    test('an approval counts once a member, in order, and none after the decision', async (t) => {
      const { requests } = await open(t)
      await requests.open(request)
      assert.equal((await requests.addApproval('request-1', 'ben', at(2))).changed, true)
      assert.equal((await requests.addApproval('request-1', 'ben', at(3))).changed, false)
      const both = [
        { memberId: 'ben', at: at(2) },
        { memberId: 'cleo', at: at(4) },
      ]
      const second = await requests.addApproval('request-1', 'cleo', at(4))
      assert.deepEqual(second, { changed: true, request: { ...request, approvals: both } })
      const { request: decided } = await requests.decide('request-1', 'approved', { by: 'cleo', at: at(5) })
      assert.deepEqual(decided.approvals, both)
      assert.equal((await requests.addApproval('request-1', 'ana', at(6))).changed, false)
      assert.deepEqual((await requests.find('request-1'))?.approvals, both)
      await assert.rejects(requests.addApproval('request-9', 'ana', at(6)), /does not exist/)
    })
  })
}
