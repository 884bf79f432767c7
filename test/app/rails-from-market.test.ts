import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VenueUnreachableError } from '../../src/domain/execution/venue-unreachable.ts'
import { baseQty, later, price, usd } from '../../src/domain/units.ts'
import type { VenuePosition } from '../../src/ports.ts'
import { member } from '../support/desk.ts'
import { CALM, openRailDesk, type RailDesk } from './rail-market.ts'

/** Minutes enough for one step back: the release has held a quarter of an hour, and the last step lies as far back. */
const STEP = 20

const resume = (desk: RailDesk) => desk.app.resumeTrading({ by: member('ana'), reason: 'looked into it' })

test('a calm market moves no rail, and every rail that can be judged is', async (t) => {
  const desk = await openRailDesk(t)
  const { record, decisions } = await desk.live(2)
  assert.deepEqual(decisions, [])
  assert.equal(record.effects.tradingState, 'active')
  const unknown = record.states.filter(({ value }) => value === undefined).map(({ rail }) => rail)
  assert.deepEqual(unknown, ['model-health', 'min-hold'], 'there is no model, and nothing was traded')
})

test('rail 0: a venue that refuses our key three times halts, and only a person lets go', async (t) => {
  const desk = await openRailDesk(t)
  await desk.live(1)
  desk.answers.account = new VenueUnreachableError('AuthenticationError invalid api key')
  await desk.live(2)
  assert.equal(await desk.level('kill'), 'normal', 'twice is not yet three times')
  const { record } = await desk.live(1)
  assert.equal(record.effects.tradingState, 'halted')
  delete desk.answers.account
  await desk.live(STEP)
  assert.equal(await desk.level('kill'), 'halted', 'a key that works again lets nothing go by itself')
  assert.equal((await resume(desk)).kind, 'resumed')
  await desk.live(1)
  assert.equal((await desk.rail('kill'))?.heldForPerson, false)
})

test('rail 1: a position that nothing explains for two polls leaves only what shrinks risk, until three were clean', async (t) => {
  const desk = await openRailDesk(t)
  await desk.live(1)
  await desk.app.reconcile()
  await desk.live(1)
  assert.equal(await desk.level('reconciliation'), 'normal')
  desk.answers.positions = [
    {
      instrumentId: 'ETH-USDT-PERP.PAPER' as VenuePosition['instrumentId'],
      quantity: baseQty(-8),
      markPrice: price(3000),
    },
  ]
  await desk.app.reconcile()
  await desk.live(1)
  assert.notEqual(await desk.level('reconciliation'), 'reducing', 'one poll can meet a fill that is on its way')
  await desk.app.reconcile()
  const { record } = await desk.live(1)
  assert.equal(record.effects.tradingState, 'reducing')
  assert.match(record.effects.because.join(), /ETH-USDT-PERP\.PAPER unexplained \$24/)
  delete desk.answers.positions
  for (let poll = 0; poll < 3; poll++) {
    await desk.app.reconcile()
    await desk.live(1)
  }
  await desk.live(4 * STEP)
  assert.equal(await desk.level('reconciliation'), 'normal')
})

test('rail 2: a liquidation price that comes near takes hedges off that venue, and steps back with distance', async (t) => {
  const desk = await openRailDesk(t)
  const short = (away: number): VenuePosition => ({
    instrumentId: 'ETH-USDT-PERP.PAPER' as VenuePosition['instrumentId'],
    quantity: baseQty(-5),
    averageEntryPrice: price(3000),
    markPrice: price(3000),
    liquidationPrice: price(3000 * (1 + away)),
  })
  desk.answers.positions = [short(0.4)]
  await desk.live(1)
  assert.equal(await desk.level('liquidation-distance'), 'normal')
  desk.answers.positions = [short(0.2)]
  await desk.live(1)
  assert.equal(await desk.level('liquidation-distance'), 'caution')
  desk.answers.positions = [short(0.12)]
  const { record } = await desk.live(1)
  assert.deepEqual(record.effects.venuesToReduce, ['paper'])
  assert.ok(
    desk.queue.waiting().some(({ name }) => name === 'propose-hedges'),
    'a hedge change is asked for',
  )
  desk.answers.positions = [short(0.06)]
  assert.equal((await desk.live(1)).record.effects.tradingState, 'reducing')
  desk.answers.positions = [short(0.4)]
  await desk.live(STEP)
  assert.equal(await desk.level('liquidation-distance'), 'degraded', 'one level in a quarter of an hour')
  await desk.live(2 * STEP)
  assert.equal(await desk.level('liquidation-distance'), 'normal')
})

test('rail 3: equity over maintenance margin that falls is warned of, then acted on', async (t) => {
  const desk = await openRailDesk(t)
  desk.answers.account = { equity: usd(100_000), maintenanceMargin: usd(40_000), initialMargin: usd(10_000) }
  await desk.live(1)
  assert.equal(await desk.level('margin'), 'caution')
  desk.answers.account = { ...desk.answers.account, maintenanceMargin: usd(60_000) }
  const { record } = await desk.live(1)
  assert.ok(record.effects.venuesToReduce.includes('paper') || record.effects.noNewLeverage.includes('paper'))
  desk.answers.account = { ...desk.answers.account, maintenanceMargin: usd(1_000) }
  await desk.live(4 * STEP)
  assert.equal(await desk.level('margin'), 'normal')
})

test('rail 4: gross notional over equity stops increases at the first limit and has to be left at the second', async (t) => {
  const desk = await openRailDesk(t)
  desk.answers.positions = [
    {
      instrumentId: 'ETH-USDT-PERP.PAPER' as VenuePosition['instrumentId'],
      quantity: baseQty(-10),
      markPrice: price(3000),
      liquidationPrice: price(6000),
    },
  ]
  const equity = (amount: number) => ({ equity: usd(amount), maintenanceMargin: usd(1), initialMargin: usd(1) })
  desk.answers.account = equity(9_000)
  const first = await desk.live(1)
  assert.deepEqual(first.record.effects.noNewLeverage, ['paper'])
  assert.deepEqual(first.record.effects.venuesToReduce, [])
  desk.answers.account = equity(5_000)
  const second = await desk.live(1)
  assert.deepEqual(second.record.effects.venuesToReduce, ['paper'])
  desk.answers.account = equity(100_000)
  await desk.live(4 * STEP)
  assert.equal(await desk.level('leverage'), 'normal')
})

test('an account that cannot be reached grows old; it is not an account of zero', async (t) => {
  const desk = await openRailDesk(t)
  const before = await desk.live(1)
  desk.answers.account = new VenueUnreachableError('TIMEOUT no answer')
  const after = await desk.live(7)
  const [then, now] = [before.facts.accounts[0]!, after.facts.accounts[0]!]
  assert.equal(now.equity, then.equity)
  assert.equal(now.age, 7 * 60_000)
  assert.equal(await desk.level('margin'), 'normal')
  assert.match((await desk.rail('margin'))!.text, /7 min old/)
})

test('rail 5: a loss since midnight is warned of, keeps the hedge, and then leaves only what shrinks risk', async (t) => {
  const desk = await openRailDesk(t)
  await desk.live(1)
  await desk.live(1, { ...CALM, price: 2930 })
  assert.equal(await desk.level('daily-loss'), 'caution')
  const soft = await desk.live(1, { ...CALM, price: 2900 })
  assert.deepEqual([soft.record.effects.netDeltaMayGrow, soft.record.effects.keepHedge], [false, 'everything'])
  assert.equal(soft.record.effects.tradingState, 'active')
  const hard = await desk.live(1, { ...CALM, price: 2840 })
  assert.equal(hard.record.effects.tradingState, 'reducing')
  await desk.live(STEP)
  assert.equal(await desk.level('daily-loss'), 'reducing', 'a price that comes back does not undo the day')
  assert.equal((await resume(desk)).kind, 'resumed')
  await desk.live(1)
  assert.equal(await desk.level('daily-loss'), 'reducing', 'not before the next UTC day')
})

test('coins that leave the book are no loss of the day', async (t) => {
  const desk = await openRailDesk(t)
  await desk.live(1)
  await desk.die()
  const next = await openRailDesk(t, {
    database: desk.database,
    startAt: later(desk.clock.now(), 60_000),
    settings: { book: { name: 'main', exposures: { ETH: baseQty(4) } } },
  })
  const { facts } = await next.live(1)
  assert.equal(facts.book.value, 4 * 3000)
  assert.equal(await next.level('daily-loss'), 'normal', (await next.rail('daily-loss'))?.text)
  assert.match((await next.rail('daily-loss'))!.text, /0\.00 %/)
})

test('rail 6: silence of every venue leaves no price to trade on until it was fresh for ten minutes', async (t) => {
  const desk = await openRailDesk(t)
  await desk.live(2)
  const { record } = await desk.live(4, { ...CALM, price: {} })
  assert.deepEqual(record.effects.assetsWithoutPrice, ['ETH'])
  await desk.live(8)
  assert.equal(await desk.level('data'), 'degraded')
  await desk.live(2 * STEP + 4)
  assert.equal(await desk.level('data'), 'normal')
})

test('rail 6: prices that part, and one venue that falls silent', async (t) => {
  const desk = await openRailDesk(t)
  await desk.live(1)
  await desk.live(4, { ...CALM, price: { binance: 3000, bybit: 3001 } })
  assert.equal(await desk.level('data'), 'caution', 'okx is silent')
  const { record } = await desk.live(1, { ...CALM, price: { binance: 3000, bybit: 3040, okx: 3000 } })
  assert.equal(await desk.level('data'), 'degraded')
  assert.deepEqual(record.effects.assetsWithoutPrice, [], 'there is a price; only not one to model on')
})

test('a price that moves fast is no disagreement of venues that report it one after the other', async (t) => {
  const desk = await openRailDesk(t)
  await desk.live(1)
  await desk.live(1, { ...CALM, price: { binance: 3060 } })
  assert.equal((await desk.rail('data'))?.level, 'normal')
})

test('rail 7: a venue that stops is frozen until it was normal for an hour', async (t) => {
  const desk = await openRailDesk(t)
  desk.answers.status = { kind: 'halted', reason: 'maintenance' }
  const { record } = await desk.live(1)
  assert.deepEqual(record.effects.frozenVenues, ['paper'])
  delete desk.answers.status
  await desk.live(50)
  assert.equal(await desk.level('venue-status', 'paper'), 'degraded')
  await desk.live(2 * STEP + 15)
  assert.notEqual(await desk.level('venue-status', 'paper'), 'degraded')
})

test('rail 8: a funding spike on two venues leaves the base hedge and takes half of the overlay; on one it is its own affair', async (t) => {
  const desk = await openRailDesk(t)
  await desk.live(1, { ...CALM, funding: { binance: 0.002, bybit: 0.0001 } })
  assert.equal(await desk.level('funding-spike'), 'normal')
  const { record } = await desk.live(1, { ...CALM, funding: { binance: 0.002, bybit: 0.0015 } })
  assert.equal(record.effects.overlayShare.ETH, 0.5)
  assert.equal(record.effects.noNewLeverage, 'everywhere')
  await desk.live(1, { ...CALM, funding: { binance: 0.0006, bybit: 0.0006 } })
  assert.equal(await desk.level('funding-spike'), 'degraded')
  await desk.live(2 * STEP)
  assert.equal(await desk.level('funding-spike'), 'normal')
})

const CROWDED = { ...CALM, openInterest: 115_000, longShare: 0.68, gain: 0.7 }

test('rail 9: crowded longs over a map that feeds its own fall hedge to the maximum, and ask for it', async (t) => {
  const desk = await openRailDesk(t)
  await desk.live(1)
  const { record } = await desk.live(1, CROWDED)
  assert.deepEqual(record.effects.hedgeToMax, ['ETH'])
  assert.ok(desk.queue.waiting().some(({ name }) => name === 'propose-hedges'))
  await desk.live(1, { ...CROWDED, gain: 0.1, openInterest: 100_000 })
  assert.equal(await desk.level('one-sided-open-interest'), 'degraded')
  await desk.live(2 * STEP)
  assert.equal(await desk.level('one-sided-open-interest'), 'normal')
})

test('rails 8 and 9 together: the hedge ratio goes up, gross leverage does not', async (t) => {
  const desk = await openRailDesk(t)
  await desk.live(1)
  const { record } = await desk.live(1, { ...CROWDED, funding: { binance: 0.002, bybit: 0.0018 } })
  assert.deepEqual(record.effects.hedgeToMax, ['ETH'])
  assert.equal(record.effects.noNewLeverage, 'everywhere')
  assert.equal(record.effects.tradingState, 'active')
})

test('rail 9: crowded shorts allow no more short', async (t) => {
  const desk = await openRailDesk(t)
  await desk.live(1)
  const { record } = await desk.live(1, { ...CROWDED, longShare: 0.35 })
  assert.deepEqual([record.effects.noMoreShort, record.effects.hedgeToMax], [['ETH'], []])
})

test('rail 10: a model whose gate failed is set aside for the volatility-timed hedge', async (t) => {
  const gates = { 'cascade-down-24h': false, 'cascade-up-24h': true, 'overlay-pays-24h': true }
  const desk = await openRailDesk(t, {
    forecaster: { model: { gates } as never, predict: async () => ({}) as never },
  })
  const { record } = await desk.live(1)
  assert.equal(await desk.level('model-health'), 'degraded')
  assert.deepEqual([record.effects.policy, record.effects.overlayShare.ETH], ['volatility-timed', 0])
})

test('rails 11 and 12: what was traded uses up the pace, and does not turn round at once', async (t) => {
  const desk = await openRailDesk(t)
  await desk.live(1)
  await desk.forecast()
  const { proposalId } = await desk.propose(0.3)
  await desk.app.approveProposal({ proposalId, approver: member('ben') })
  await desk.live(45)
  assert.equal((await desk.find({ proposalId })).state, 'executed')
  await desk.live(1)
  assert.equal(await desk.level('pacing', 'ETH'), 'caution')
  assert.equal(await desk.level('min-hold', 'ETH'), 'caution')
  assert.deepEqual(
    desk.channel.posts.map(({ versions }) => versions[0]!.title).filter((title) => /Pace|Holding/.test(title)),
    [],
    'nobody is called for it',
  )
})

test('a rail that flaps between two rounds stays where it is until its release has held without a break', async (t) => {
  const desk = await openRailDesk(t)
  const spike = { ...CALM, funding: { binance: 0.002, bybit: 0.002 } }
  await desk.live(1)
  await desk.live(1, spike)
  for (let i = 0; i < 4; i++) {
    await desk.live(8)
    await desk.live(1, spike)
    assert.equal(await desk.level('funding-spike'), 'degraded')
  }
  const decisions = await desk.store.rails.decisions({ rail: 'funding-spike', limit: 50 })
  assert.equal(decisions.filter(({ before, after }) => before !== after).length, 1)
  await desk.settle()
  const cards = desk.channel.posts.filter(({ versions }) => versions[0]!.title.startsWith('Funding'))
  assert.equal(cards.length, 1, 'one card of one episode')
})

test('each change of level is on record with its numbers and the hash of all facts, and in the audit log', async (t) => {
  const desk = await openRailDesk(t)
  await desk.live(1)
  desk.answers.status = { kind: 'halted', reason: 'maintenance' }
  await desk.live(1)
  const [decision] = await desk.store.rails.decisions({ rail: 'venue-status', limit: 1 })
  assert.deepEqual([decision?.before, decision?.after, decision?.scope], ['normal', 'degraded', 'paper'])
  assert.match(decision!.inputsHash, /^[0-9a-f]{64}$/)
  const [entry] = await desk.store.audit.recent(1, { action: 'rail.' })
  assert.equal(entry?.action, 'rail.degraded')
  assert.equal(entry?.details.inputsHash, decision!.inputsHash)
  await desk.settle()
  const card = desk.channel.posts.at(-1)!.versions.at(-1)!
  assert.equal(card.title, 'Venue (paper): normal → degraded')
  assert.match(card.text!, /maintenance/)
})

test('many rails that move at once are told in one card', async (t) => {
  const desk = await openRailDesk(t)
  await desk.live(1)
  desk.answers.status = { kind: 'halted', reason: 'maintenance' }
  desk.answers.account = { equity: usd(100_000), maintenanceMargin: usd(60_000), initialMargin: usd(60_000) }
  await desk.live(1, { ...CROWDED, price: 2900, funding: { binance: 0.002, bybit: 0.002 } })
  await desk.settle()
  const titles = desk.channel.posts.map(({ versions }) => versions[0]!.title)
  assert.equal(titles.length, 1)
  assert.match(titles[0]!, /rails moved at once/)
})

test('a restart goes on from where the rails stood', async (t) => {
  const desk = await openRailDesk(t)
  desk.answers.status = { kind: 'halted', reason: 'maintenance' }
  await desk.live(1)
  const since = (await desk.rail('venue-status', 'paper'))!.since
  await desk.die()
  const next = await openRailDesk(t, { database: desk.database, startAt: later(desk.clock.now(), 60_000) })
  await next.live(1)
  assert.deepEqual(
    [(await next.rail('venue-status', 'paper'))?.level, (await next.rail('venue-status', 'paper'))?.since],
    ['degraded', since],
  )
})
