import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DAY, later, timestamp } from '../../src/domain/units.ts'
import { openDesk, PRICE, type TestDesk } from '../support/desk.ts'

async function hedged(desk: TestDesk): Promise<TestDesk> {
  await desk.forecast()
  const { proposalId } = await desk.propose(0.4)
  await desk.say('ben', `/approve ${proposalId}`)
  await desk.pass(DAY / 12)
  return desk
}

const liquidationOf = async (desk: TestDesk) => (await desk.app.reportStatus()).assets[0]!.liquidation

test('the hedge leg is liquidated a third above its entry at 3x, less what maintenance takes', async (t) => {
  const desk = await hedged(await openDesk(t))
  const { holding, liquidation } = (await desk.app.reportStatus()).assets[0]!
  const { found, distance, ...by } = liquidation!
  const expected = (holding.averageEntryPrice! * (1 + 1 / 3)) / 1.004
  assert.ok(found.kind === 'at' && Math.abs(found.price / expected - 1) < 1e-9)
  assert.ok(Math.abs(distance! - (expected / PRICE - 1)) < 1e-9)
  assert.deepEqual(by, { assumedLeverage: 3, venue: 'binance', tiersFrom: timestamp(Date.UTC(2024, 9, 1)) })

  const { fields } = await desk.say('vera', '/hedge status')
  assert.match(
    fields!.find(({ name }) => name === 'ETH liquidation')!.value,
    /^at mark 3,98\d\.\d\d, 32\.\d % above the price\nassumes 3x isolated, binance tiers of 2024-10-01$/,
  )
})

test('more leverage brings it nearer', async (t) => {
  const desk = await hedged(await openDesk(t, { settings: { hedgeLeverage: 20 } }))
  const { distance } = (await liquidationOf(desk))!
  assert.ok(distance! > 0.04 && distance! < 0.05, `was ${distance}`)
})

test('a loaded table is used from the day it was loaded', async (t) => {
  const desk = await hedged(await openDesk(t))
  const now = desk.clock.now()
  const tiers = [{ cap: 1_000_000, maintenanceRate: 0.1, maxLeverage: 5, deduction: 0 }]
  const table = { venue: 'binance', contract: 'ETHUSDT', validFrom: later(now, 1), tiers, source: 'a test' }
  await desk.store.marginTiers.save(table as never, now)
  const before = (await liquidationOf(desk))!.found
  await desk.pass(10)
  const after = (await liquidationOf(desk))!.found
  assert.ok(before.kind === 'at' && after.kind === 'at')
  assert.ok(Math.abs((after.price * 1.1) / (before.price * 1.004) - 1) < 1e-9)
})

test('without a hedge there is nothing to liquidate', async (t) => {
  const desk = await openDesk(t)
  await desk.forecast()
  assert.equal(await liquidationOf(desk), undefined)
  const { fields } = await desk.say('vera', '/hedge status')
  assert.ok(!fields!.some(({ name }) => name === 'ETH liquidation'))
})
