import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createReportStatus } from '../../src/app/report-status.ts'
import { singleFlight } from '../../src/app/single-flight.ts'
import { baseQty, duration, HOUR, later, timestamp } from '../../src/domain/units.ts'
import type { Clock, Store } from '../../src/ports.ts'
import { openDesk } from '../support/desk.ts'

test('all who ask while a status is computed get that one, and who asks soon after gets it too', async () => {
  let now = timestamp(0)
  let computed = 0
  const gates: (() => void)[] = []
  const work = () => new Promise<number>((resolve) => gates.push(() => resolve(++computed)))
  const clock: Clock = { kind: 'wall', now: () => now }
  const ask = singleFlight(work, { clock, shareFor: duration(250) })
  const asked = Array.from({ length: 50 }, ask)
  gates.shift()!()
  assert.deepEqual(new Set(await Promise.all(asked)), new Set([1]))
  now = timestamp(249)
  assert.equal(await ask(), 1)
  now = timestamp(250)
  const next = ask()
  gates.shift()!()
  assert.equal(await next, 2)
  now = timestamp(0)
  const afterClockWentBack = ask()
  gates.shift()!()
  assert.equal(await afterClockWentBack, 3)
})

test('a failure is told to those who wait and to nobody after them', async () => {
  let tries = 0
  const clock: Clock = { kind: 'wall', now: () => timestamp(0) }
  const work = async () => {
    tries++
    if (tries === 1) throw new Error('away')
    return tries
  }
  const ask = singleFlight(work, { clock, shareFor: duration(250) })
  const [one, two] = await Promise.allSettled([ask(), ask()])
  assert.deepEqual([one.status, two.status], ['rejected', 'rejected'])
  assert.equal(await ask(), 2)
})

test('on a virtual clock nothing is kept: time stands still while things happen', async (t) => {
  const desk = await openDesk(t)
  const reportStatus = createReportStatus(desk.ports)
  assert.equal((await reportStatus()).tradingState.state, 'active')
  await desk.store.settings.setTradingState('halted', { by: 'ana', at: desk.clock.now(), reason: 'a test' })
  assert.equal((await reportStatus()).tradingState.state, 'halted')
})

test('fifty who ask at once cost what one costs: eight reads and two for each asset', async (t) => {
  const reads: string[] = []
  const desk = await openDesk(t, {
    settings: { book: { name: 'main', exposures: { ETH: baseQty(10), BTC: baseQty(1) } } },
    wrapStore: (store) => counting(store, reads),
  })
  await desk.forecast()
  reads.length = 0
  const reportStatus = createReportStatus(desk.ports)
  const [first, ...others] = await Promise.all(Array.from({ length: 50 }, reportStatus))
  assert.ok(others.every((other) => other === first))
  assert.deepEqual(reads.toSorted(), [
    'alerts.open',
    'forecasts.latest',
    'forecasts.latest',
    'forecasts.path',
    'forecasts.path',
    'limits.overrides',
    'marginTiers.list',
    'orders.allFills',
    'outbox.undelivered',
    'proposals.list',
    'rails.read',
    'settings.tradingState',
  ])
})

test('each asset has its own hedge, proposal, alerts and end, and the day has its path', async (t) => {
  const desk = await openDesk(t, {
    settings: { book: { name: 'main', exposures: { ETH: baseQty(10), BTC: baseQty(1) } } },
  })
  await desk.forecast()
  await desk.forecast({ asset: 'BTC' })
  const { proposalId } = await desk.propose(0.4)
  await desk.say('ben', `/approve ${proposalId}`)
  await desk.pass(2 * HOUR)
  await desk.forecast({ price: 2900 })
  await desk.forecast({ asset: 'BTC' })
  await desk.propose(0.7, 'BTC')
  const { assets, day, at } = await createReportStatus(desk.ports)()
  assert.deepEqual(
    assets.map(({ holding, openProposal, liquidation }) => [
      holding.hedge,
      openProposal?.asset,
      liquidation?.found.kind,
    ]),
    [
      [4, undefined, 'at'],
      [0, 'BTC', undefined],
    ],
  )
  assert.deepEqual(
    day.map((point) => [point.at, point.unhedged]),
    [
      [later(at, -2 * HOUR), 0],
      [at, -1000],
    ],
  )
  assert.ok(day[1]!.hedged > -610 && day[1]!.hedged < -590, `was ${day[1]!.hedged}`)
})

/** Every read of the store by name, as it is made. */
function counting(store: Store, reads: string[]): Store {
  const groups = Object.entries(store).map(([group, verbs]) => {
    if (typeof verbs !== 'object') return [group, verbs]
    const counted = Object.entries(verbs as Record<string, (...input: unknown[]) => unknown>).map(([name, verb]) => [
      name,
      (...input: unknown[]) => {
        reads.push(`${group}.${name}`)
        return verb(...input)
      },
    ])
    return [group, Object.fromEntries(counted)]
  })
  return Object.fromEntries(groups)
}
