import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { timestamp } from '../../../src/domain/units.ts'
import type { MarginTiersOutcome } from '../../../src/ports.ts'
import { createMarginTierSource } from '../../../src/venues/live/margin-tiers-source.ts'
import { startVenues } from '../../support/venue-servers/index.ts'
import { priceAt } from '../../support/venue-servers/prices.ts'

const now = () => timestamp(Date.UTC(2026, 10, 1, 12, 0, 30))
let servers: Awaited<ReturnType<typeof startVenues>>
before(async () => {
  servers = await startVenues({ now })
})
after(() => servers.stop())

async function load(venue: string, asset = 'ETH'): Promise<MarginTiersOutcome> {
  const source = createMarginTierSource({
    venues: [venue],
    assets: [asset],
    endpoints: servers.endpoints,
    clock: { kind: 'wall', now },
  })
  const readings = await source.load()
  assert.deepEqual(
    readings.map((reading) => [reading.venue, reading.asset]),
    [[venue, asset]],
  )
  return readings[0]!.outcome
}
const loaded = (outcome: MarginTiersOutcome) =>
  outcome.kind === 'loaded' ? outcome.table : assert.fail(JSON.stringify(outcome))

/** Runs `work` while the venue's answers to `path` are changed. */
async function whileAnswering(
  venue: 'bybit' | 'okx' | 'hyperliquid',
  [path, change]: [string, (answer: never) => unknown],
  work: () => Promise<void>,
): Promise<void> {
  servers[venue].replace(path, change as (answer: unknown) => unknown)
  try {
    await work()
  } finally {
    servers[venue].restore(path)
  }
}

test('Bybit’s risk limits come as dollars, checked against the deductions they state', async () => {
  const { tiers, ...table } = loaded(await load('bybit'))
  assert.deepEqual(table, {
    venue: 'bybit',
    contract: 'ETHUSDT',
    validFrom: now(),
    source: 'Bybit v5 risk-limit',
  })
  assert.deepEqual(tiers, [
    { cap: 900_000, maintenanceRate: 0.005, maxLeverage: 100, deduction: 0 },
    { cap: 1_200_000, maintenanceRate: 0.0056, maxLeverage: 90, deduction: 540 },
    { cap: 1_500_000, maintenanceRate: 0.0063, maxLeverage: 80, deduction: 1_380 },
  ])
})

test('OKX’s contracts become dollars at the mark price, which is kept beside them', async () => {
  const { tiers, referencePrice, contract } = loaded(await load('okx'))
  const minute = 60_000
  const mark = priceAt('ETH', Math.floor(now() / minute) * minute + minute)
  assert.equal(contract, 'ETH-USDT-SWAP')
  assert.equal(referencePrice, mark)
  assert.deepEqual(
    tiers.map(({ cap, maxLeverage }) => [Math.round((cap / mark) * 10), maxLeverage]),
    [
      [5_000, 100],
      [10_000, 66.66],
      [25_000, 50],
    ],
  )
  // Contracts of BTC are a hundredth of a coin, not a tenth.
  const bitcoin = loaded(await load('okx', 'BTC'))
  assert.equal(Math.round((bitcoin.tiers[0]!.cap / bitcoin.referencePrice!) * 100), 5_000)
})

test('Hyperliquid’s tiers ask half the initial margin at their maximum leverage', async () => {
  const { tiers } = loaded(await load('hyperliquid', 'BTC'))
  assert.deepEqual(tiers, [
    { cap: 150_000_000, maintenanceRate: 0.0125, maxLeverage: 40, deduction: 0 },
    { cap: 100_000_000_000, maintenanceRate: 0.025, maxLeverage: 20, deduction: 1_875_000 },
  ])
  const flat = loaded(await load('hyperliquid', 'ETH'))
  assert.deepEqual(
    flat.tiers.map(({ maintenanceRate, maxLeverage }) => [maintenanceRate, maxLeverage]),
    [[0.02, 25]],
  )
})

test('Binance needs a key, Deribit and dYdX have only what somebody wrote down; none of them is asked', async () => {
  const asked = servers.binance.asked.length + servers.deribit.asked.length
  assert.deepEqual(await load('binance'), { kind: 'needs-key' })
  assert.deepEqual(await load('deribit'), { kind: 'dated-only' })
  assert.deepEqual(await load('dydx'), { kind: 'dated-only' })
  assert.equal(servers.binance.asked.length + servers.deribit.asked.length, asked)
})

test('a table whose deduction does not follow is rejected with its row', async () => {
  const mistype = (answer: { result: { list: { mmDeduction: string }[] } }) => {
    answer.result.list[2]!.mmDeduction = '1830'
    return answer
  }
  await whileAnswering('bybit', ['risk-limit', mistype], async () => {
    const reason = 'expected a deduction of 1380, was 1830'
    assert.deepEqual(await load('bybit'), { kind: 'rejected', row: 3, reason })
  })
})

test('a missing row, a number that is none and an empty table are rejected too', async () => {
  const without = (answer: { result: { list: unknown[] } }) => {
    answer.result.list.splice(1, 1)
    return answer
  }
  await whileAnswering('bybit', ['risk-limit', without], async () => {
    const outcome = await load('bybit')
    assert.deepEqual([outcome.kind, outcome.kind === 'rejected' && outcome.row], ['rejected', 2])
  })
  const garbled = (answer: { data: { mmr: string }[] }) => {
    answer.data[1]!.mmr = 'NaN'
    return answer
  }
  await whileAnswering('okx', ['position-tiers', garbled], async () => {
    const outcome = await load('okx')
    assert.deepEqual([outcome.kind, outcome.kind === 'rejected' && outcome.row], ['rejected', 2])
  })
  await whileAnswering('okx', ['position-tiers', () => ({ code: '0', msg: '', data: [] })], async () => {
    assert.deepEqual(await load('okx'), { kind: 'rejected', row: 1, reason: 'the table has no rows' })
  })
  const late = (answer: { marginTables: [number, { marginTiers: { lowerBound: string }[] }][] }) => {
    const copy = structuredClone(answer)
    copy.marginTables[0]![1].marginTiers.shift()
    return copy
  }
  await whileAnswering('hyperliquid', ['meta', late], async () => {
    const reason = 'Expected a first tier from 0, was from 150000000'
    assert.deepEqual(await load('hyperliquid', 'BTC'), { kind: 'rejected', row: 1, reason })
  })
})

test('a venue that fails, or does not have the asset, is unavailable and says why', async () => {
  const busy = () => ({ retCode: 10006, retMsg: 'Too many visits!', result: {} })
  await whileAnswering('bybit', ['risk-limit', busy], async () => {
    const outcome = await load('bybit')
    assert.match(outcome.kind === 'unavailable' ? outcome.reason : outcome.kind, /Too many visits/)
  })
  for (const venue of ['bybit', 'okx', 'hyperliquid']) {
    const outcome = await load(venue, 'DOGE')
    assert.match(outcome.kind === 'unavailable' ? outcome.reason : outcome.kind, /DOGE/)
  }
})
