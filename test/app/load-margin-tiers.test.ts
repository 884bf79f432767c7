import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLoadMarginTiers, readTierTables } from '../../src/app/load-margin-tiers.ts'
import { contractTerms } from '../../src/domain/liquidation/contract-terms.ts'
import { tiersAt } from '../../src/domain/liquidation/margin-tiers.ts'
import { DAY } from '../../src/domain/units.ts'
import { createMarginTierSource } from '../../src/venues/live/margin-tiers-source.ts'
import type { Cleanup } from '../support/database.ts'
import { openDesk } from '../support/desk.ts'
import { startVenues } from '../support/venue-servers/index.ts'

type RiskLimits = { result: { list: { maintenanceMargin: string; mmDeduction: string }[] } }

/** A desk that loads from venues on loopback. */
async function openLiveDesk(t: Cleanup) {
  const desk = await openDesk(t)
  const { clock, store } = desk
  const servers = await startVenues({ now: () => clock.now() })
  t.after(() => servers.stop())
  const venues = ['binance', 'bybit', 'okx', 'deribit', 'hyperliquid']
  const marginTiers = createMarginTierSource({ venues, assets: ['ETH'], endpoints: servers.endpoints, clock })
  const load = createLoadMarginTiers({ ...desk.ports, marginTiers }, { tierTables: [] })
  const said = async () =>
    (await store.audit.recent(100))
      .filter(({ action }) => action.startsWith('margin-tiers.'))
      .map(({ action, subject, details }) => ({ action: action.split('.')[1], subject, details }))
      .reverse()
  return { ...desk, servers, load, said }
}

test('the first load is put on record and said; the next finds nothing new and says nothing', async (t) => {
  const desk = await openLiveDesk(t)
  const readings = await desk.load()
  assert.deepEqual(
    readings.map(({ venue, outcome }) => `${venue} ${outcome.kind}`),
    ['binance needs-key', 'bybit loaded', 'okx loaded', 'deribit dated-only', 'hyperliquid loaded'],
  )
  const said = await desk.said()
  assert.deepEqual(
    said.map(({ action, subject }) => `${action} ${subject}`),
    ['first bybit ETHUSDT', 'first okx ETH-USDT-SWAP', 'first hyperliquid ETH'],
  )
  const [bybit] = said
  assert.equal(bybit!.details.inForceBefore, 'Bybit risk limits (v5) as a freqtrade cache kept them, 2025-12-29')
  assert.deepEqual([bybit!.details.rows, bybit!.details.rowsBefore], [3, 35])

  await desk.pass(DAY)
  await desk.load()
  assert.equal((await desk.said()).length, 3, 'an OKX table at another price is the same table')
  assert.equal((await desk.store.marginTiers.list()).length, 3)
})

test('a change is in force from when it was seen, and the audit log names the rows', async (t) => {
  const desk = await openLiveDesk(t)
  await desk.load()
  const before = desk.clock.now()
  await desk.pass(DAY)
  desk.servers.bybit.replace('risk-limit', (answer) => {
    const { list } = (answer as RiskLimits).result
    list[2]!.maintenanceMargin = '0.0073'
    list[2]!.mmDeduction = '2580'
    return answer
  })
  await desk.load()
  const { action, subject, details } = (await desk.said()).at(-1)!
  assert.deepEqual([action, subject, details.changedRows], ['changed', 'bybit ETHUSDT', [3]])
  const tables = await readTierTables(desk)
  const rateAt = (at: typeof before) => tiersAt(tables, contractTerms('bybit', 'ETH')!, at)!.tiers[2]!.maintenanceRate
  assert.equal(rateAt(before), 0.0063)
  assert.equal(rateAt(desk.clock.now()), 0.0073)
})

test('a table that breaks the recursion is kept out, said with its row, and the one before stays', async (t) => {
  const desk = await openLiveDesk(t)
  await desk.load()
  const inForce = await desk.store.marginTiers.list()
  await desk.pass(DAY)
  desk.servers.bybit.replace('risk-limit', (answer) => {
    ;(answer as RiskLimits).result.list[1]!.mmDeduction = '541'
    return answer
  })
  await desk.servers.okx.stop()
  await desk.load()
  assert.deepEqual(await desk.store.marginTiers.list(), inForce)
  const [rejected, unavailable] = (await desk.said()).slice(3)
  assert.deepEqual(rejected, {
    action: 'rejected',
    subject: 'bybit ETHUSDT',
    details: { row: 2, reason: 'expected a deduction of 540, was 541' },
  })
  assert.deepEqual([unavailable!.action, unavailable!.subject], ['unavailable', 'okx ETH-USDT-SWAP'])
})

test('on a market that is not live nothing is asked and the shipped tables are all there is', async (t) => {
  const desk = await openDesk(t)
  assert.deepEqual(await desk.app.loadMarginTiers(), [])
  assert.deepEqual(await desk.store.marginTiers.list(), [])
  assert.ok((await readTierTables(desk)).length >= 12)
})
