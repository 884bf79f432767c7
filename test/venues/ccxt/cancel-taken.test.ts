import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { VenueOrderState } from '../../../src/domain/execution/order.ts'
import { outcomeOfCancel } from '../../../src/venues/ccxt/cancel-taken.ts'
import type { ContractMarket } from '../../../src/venues/ccxt/contracts.ts'
import type { RawOrder } from '../../../src/venues/ccxt/exchange.ts'
import { UnreadableError } from '../../../src/venues/ccxt/failures.ts'

const MARKET: ContractMarket = {
  ...{ asset: 'ETH' as ContractMarket['asset'], marketId: 'ETHUSDT', symbol: 'ETH/USDT:USDT', contractSize: '1' },
  ...{ contractStep: '0.01', tickSize: '0.01', minNotional: 5 },
}

/** A venue that shows these states one after the other, and the last of them from then on. */
function showing(...states: readonly (VenueOrderState | undefined)[]) {
  let asked = 0
  const order: Omit<RawOrder, 'state'> = {
    ...{ market: MARKET, venueOrderId: '1', contracts: '1', filledContracts: '0' },
    kind: 'limit',
    side: 'buy',
  }
  const find = async (): Promise<RawOrder | undefined> => {
    const state = states[Math.min(asked++, states.length - 1)]
    return state && { ...order, state }
  }
  return { find, asked: () => asked }
}

test('a cancel that was taken is done once the venue shows the order as cancelled', async () => {
  const slow = showing('accepted', 'canceled')
  assert.equal(await outcomeOfCancel(slow.find), 'canceled')
  assert.equal(slow.asked(), 2)
  assert.equal(await outcomeOfCancel(showing(undefined, 'canceled').find), 'canceled')
})

test('an order that was filled before its cancel was read has not been cancelled', async () => {
  for (const state of ['filled', 'expired', 'rejected'] as const) {
    assert.equal(await outcomeOfCancel(showing('partially-filled', state).find), 'ended-otherwise')
  }
})

test('an order that stays open, or that nobody knows, leaves the outcome unknown', async () => {
  for (const state of ['accepted', 'partially-filled', undefined] as const) {
    await assert.rejects(outcomeOfCancel(showing(state).find), UnreadableError)
  }
})
