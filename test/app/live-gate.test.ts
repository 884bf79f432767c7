import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ClientOrderId, Order } from '../../src/domain/execution/order.ts'
import { instrumentIdOf } from '../../src/domain/instrument.ts'
import { baseQty, DAY, duration, fraction, later, MINUTE, price, timestamp, usd } from '../../src/domain/units.ts'
import type { ConfidenceReport, Forecaster } from '../../src/ports.ts'
import { member, openDesk, START, type TestDesk, UNDETERMINED } from '../support/desk.ts'
import { testSettings } from '../support/desk-settings.ts'

const DAYS = 30
const TODAY = timestamp(Math.floor(START / DAY) * DAY)

const report = { '24h': { samples: 900, days: 90, events: 120, ece: 0.02 } } as unknown as ConfidenceReport
const forecaster = (gate: boolean): Forecaster => ({
  model: { gates: { 'overlay-pays-24h': gate, 'cascade-down-24h': true, 'cascade-up-24h': true } } as never,
  predict: async () => UNDETERMINED,
})

/** A month of midnights with a price each, in which a hedge of half the book was held on paper. */
async function recordedDesk(
  t: Parameters<typeof openDesk>[0],
  { gate = true, mode = 'live' as 'live' | 'paper', missing = 0 } = {},
): Promise<TestDesk> {
  const settings = testSettings()
  const desk = await openDesk(t, {
    forecaster: forecaster(gate),
    confidenceReport: report,
    settings: {
      trading: { mode, countdown: duration(60_000) },
      liveGate: {
        ...settings.liveGate,
        minPaperDays: 25,
        minLossesAvoided: fraction(0.3),
        maxUpsideGivenUp: fraction(0.7),
        maxVolatilityRatio: 1.1,
      },
    },
  })
  await desk.store.members.put({ ...member('ben'), role: 'admin' })
  const from = later(TODAY, -DAYS * DAY)
  await desk.store.orders.record(openingOrder(from))
  await desk.store.orders.hear(
    ORDER_ID,
    { kind: 'reported', state: 'filled', filledQuantity: baseQty(5), averageFillPrice: price(3000) },
    {
      at: from,
      fills: [
        {
          tradeId: 'paper-1',
          clientOrderId: ORDER_ID,
          instrumentId: INSTRUMENT,
          side: 'sell',
          quantity: baseQty(5),
          fillPrice: price(3000),
          fee: usd(0),
          filledAt: from,
        },
      ],
    },
  )
  for (let day = 0; day <= DAYS; day++) {
    if (day > 10 && day <= 10 + missing) continue
    await saveForecast(desk, later(from, day * DAY), 3000 * (1 + 0.04 * Math.sin(day * 2.1)))
  }
  return desk
}

const INSTRUMENT = instrumentIdOf('ETH', 'paper')
const ORDER_ID = '0'.repeat(26) as ClientOrderId
const openingOrder = (at: typeof START): Order => ({
  clientOrderId: ORDER_ID,
  kind: 'deleveraging',
  instrumentId: INSTRUMENT,
  leg: 0,
  slice: 0,
  attempt: 0,
  side: 'sell',
  quantity: baseQty(5),
  limitPrice: price(3000),
  timeInForce: 'ioc',
  postOnly: false,
  reduceOnly: false,
  state: 'accepted',
  filledQuantity: baseQty(0),
  createdAt: at,
  updatedAt: at,
})

const saveForecast = (desk: TestDesk, at: typeof START, mid: number) =>
  desk.store.forecasts.save(
    {
      asset: 'ETH',
      at,
      prediction: UNDETERMINED,
      market: {
        price: price(mid),
        priceAt: at,
        hourlyVolatility: fraction(0.0075),
        fundingCorrelation: fraction(0),
        freshness: [],
      },
    },
    [],
  )

async function grant(desk: TestDesk): Promise<void> {
  const asked = await desk.app.askForLive({ by: member('ana') })
  assert.equal(asked.kind, 'asked', JSON.stringify(asked))
  const requestId = asked.kind === 'asked' ? asked.request.requestId : ''
  const decided = await desk.app.approveLive({ requestId, by: member('ben') })
  assert.equal(decided.kind, 'approved', JSON.stringify(decided))
}

test('the record of the paper book is told day by day, condition by condition', async (t) => {
  const desk = await recordedDesk(t)
  const { verdict, days } = await desk.app.readLiveGate()
  assert.equal(days, DAYS)
  const standing = Object.fromEntries(verdict.conditions.map(({ name, value }) => [name, value]))
  assert.equal(standing['paper-days'], DAYS)
  assert.equal(standing['no-gaps'], 0)
  assert.ok(Math.abs(standing['losses-avoided']! - 0.5) < 0.05, 'half of the book was hedged')
  assert.ok(Math.abs(standing['upside-given-up']! - 0.5) < 0.05)
  assert.equal(verdict.kind, 'open', verdict.reasons.join('; '))
})

test('days without a price are missing, and too many of them close the gate', async (t) => {
  const desk = await recordedDesk(t, { missing: 4 })
  const { verdict, days } = await desk.app.readLiveGate()
  assert.equal(days, DAYS - 5, 'four midnights are missing, and so five days')
  assert.equal(verdict.kind, 'closed')
  const gaps = verdict.conditions.find(({ name }) => name === 'no-gaps')
  assert.deepEqual([gaps?.standing, Number(gaps?.value?.toFixed(3))], ['not-met', 0.167])
})

test('nothing is asked for while a condition is not met, and the answer says which', async (t) => {
  const desk = await recordedDesk(t, { gate: false })
  const asked = await desk.app.askForLive({ by: member('ana') })
  assert.equal(asked.kind, 'closed')
  const card = await desk.say('ana', '/live request')
  assert.equal(card.title, 'Not asked: conditions are not met')
  assert.match(card.fields!.map(({ name }) => name).join(), /calibration gate.*not met/)
  assert.equal(await desk.store.audit.count('request.opened'), 0)
  assert.equal(await isPermitted(desk), false)
})

test('two admins give permission, neither alone', async (t) => {
  const desk = await recordedDesk(t)
  const asked = await desk.app.askForLive({ by: member('ana') })
  const requestId = asked.kind === 'asked' ? asked.request.requestId : ''
  assert.equal((await desk.app.approveLive({ requestId, by: member('ana') })).kind, 'self-approval')
  assert.equal(await isPermitted(desk), false)
  assert.equal((await desk.app.approveLimit({ requestId, by: member('ben') })).kind, 'not-found', 'it is no limit')
  assert.equal((await desk.app.approveLive({ requestId, by: member('ben') })).kind, 'approved')
  assert.equal(await isPermitted(desk), true)
  assert.deepEqual((await desk.store.live.permission()).by, ['ana', 'ben'])
})

test('any admin revokes at once, and only what shrinks risk goes through', async (t) => {
  const desk = await recordedDesk(t)
  await grant(desk)
  const card = await desk.say('ben', '/live revoke something is off')
  assert.equal(card.title, 'Permission is revoked')
  assert.equal((await desk.store.settings.tradingState()).state, 'reducing')
  assert.equal(await isPermitted(desk), false)
  assert.equal((await desk.app.revokeLive({ by: member('ana'), reason: 'x' })).kind, 'nothing-to-revoke')
})

test('permission is taken back by itself on the day on which a condition is lost', async (t) => {
  const desk = await recordedDesk(t, { mode: 'live' })
  await grant(desk)
  await desk.app.watchRisk()
  assert.equal((await desk.store.live.permission()).state, 'granted')
  // Nothing is recorded any more: the days since are missing.
  await desk.pass(6 * DAY)
  await desk.app.watchRisk()
  const permission = await desk.store.live.permission()
  assert.deepEqual([permission.state, permission.by], ['revoked', ['system']])
  assert.match(permission.reason, /missing/)
  assert.equal((await desk.store.settings.tradingState()).state, 'reducing')
  await desk.settle()
  assert.ok(desk.channel.posts.some(({ versions }) => /real money is revoked/.test(versions[0]!.title)))
})

test('permission is taken back at once when the model fails its gate', async (t) => {
  const desk = await recordedDesk(t)
  await grant(desk)
  await desk.app.watchRisk()
  Object.assign(desk.ports.forecaster.model!.gates, { 'cascade-down-24h': false })
  await desk.pass(MINUTE)
  await desk.app.watchRisk()
  assert.equal((await desk.store.live.permission()).state, 'revoked')
})

test('on paper all of it is a rehearsal, and says so', async (t) => {
  const desk = await recordedDesk(t, { mode: 'paper' })
  const card = await desk.say('vera', '/live status')
  assert.match(card.text!, /rehearsal/)
})

const isPermitted = async ({ store }: TestDesk): Promise<boolean> => (await store.live.permission()).state === 'granted'
