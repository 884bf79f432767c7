import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  type ContractMarket,
  lotSizeOf,
  marketFrom,
  toBase,
  toContracts,
  toInstrument,
} from '../../../src/venues/ccxt/contracts.ts'

const market = (changed: Partial<ContractMarket> = {}): ContractMarket => ({
  ...{ asset: 'ETH', marketId: 'ETH-USDT-SWAP', symbol: 'ETH/USDT:USDT', tickSize: '0.01', minNotional: 5 },
  ...{ contractSize: '0.1', contractStep: '0.01' },
  ...changed,
})
const MARKETS = fc.record({
  contractSize: fc.constantFrom('1', '0.1', '0.01', '0.001', '10', '100', '0.0001'),
  contractStep: fc.constantFrom('1', '0.1', '0.01', '0.001', '0.00001'),
})

test('a quantity leaves and comes back as it was, whatever a contract is worth', () => {
  fc.assert(
    fc.property(MARKETS, fc.integer({ min: 1, max: 1_000_000 }), (sizes, steps) => {
      const traded = market(sizes)
      const lot = lotSizeOf(traded)
      const quantity = (BigInt(steps) * BigInt(Math.round(Number(lot) * 1e9))).toString().padStart(10, '0')
      const base = `${quantity.slice(0, -9)}.${quantity.slice(-9)}`
      const contracts = toContracts(base, traded)
      assert.equal(toBase(contracts, traded), Number(base))
      assert.equal(toBase(`-${contracts}`, traded), -Number(base))
    }),
  )
})

test('contracts that others took ten times too many of are counted right', () => {
  assert.equal(toContracts('1.5', market({ contractSize: '0.1' })), '15')
  assert.equal(toContracts('1.5', market({ contractSize: '0.01', contractStep: '1' })), '150')
  assert.equal(toContracts('1.5', market({ contractSize: '1', contractStep: '0.001' })), '1.5')
  assert.equal(toContracts('1000', market({ contractSize: '1000', contractStep: '1' })), '1')
  assert.equal(toBase('15', market({ contractSize: '0.1' })), 1.5)
})

test('what is not on the lot is refused, never rounded', () => {
  for (const quantity of ['0.0015', '0', '-1', '', 'NaN', '1e3', '1,5', ' 1']) {
    assert.throws(() => toContracts(quantity, market()), RangeError, quantity)
  }
  assert.throws(() => toBase('many', market()), /Expected a number of contracts, was many/)
})

test('the lot of an instrument is in coins', () => {
  const instrument = toInstrument(market(), 'okx')
  assert.equal(instrument.lotSize, '0.001')
  assert.equal(instrument.instrumentId, 'ETH-USDT-PERP.OKX')
})

test('a market whose contracts are dollars, or whose steps are missing, is refused', () => {
  const raw = {
    ...{ id: 'ETHUSD', symbol: 'ETH/USD:ETH', base: 'ETH', swap: true, linear: true, contractSize: 1, info: {} },
    ...{ precision: { amount: 0.001, price: 0.01 }, limits: {} },
  }
  assert.equal(marketFrom('ETH', raw).contractStep, '0.001')
  assert.equal(marketFrom('ETH', { ...raw, precision: { amount: 1e-8, price: 0.01 } }).contractStep, '0.00000001')
  assert.throws(() => marketFrom('ETH', { ...raw, linear: false }), /Expected a linear perpetual/)
  assert.throws(() => marketFrom('ETH', { ...raw, precision: {} }), /Expected a step of quantities/)
  assert.throws(() => marketFrom('ETH', { ...raw, contractSize: Number.NaN }), /Expected a contract size/)
})
