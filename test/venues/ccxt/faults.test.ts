import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ClientOrderId } from '../../../src/domain/execution/order.ts'
import { VenueUnreachableError } from '../../../src/domain/execution/venue-unreachable.ts'
import { base32Hash } from '../../../src/domain/hash.ts'
import { createRandom } from '../../../src/domain/random.ts'
import { later } from '../../../src/domain/units.ts'
import type { OrderRef, OrderRequest, SubmitOutcome, VenueEvent } from '../../../src/ports.ts'
import { createBinance } from '../../../src/venues/ccxt/binance.ts'
import { createBybit } from '../../../src/venues/ccxt/bybit.ts'
import { createDeribit } from '../../../src/venues/ccxt/deribit.ts'
import { createDydx } from '../../../src/venues/ccxt/dydx.ts'
import { createHyperliquid } from '../../../src/venues/ccxt/hyperliquid.ts'
import { createOkx } from '../../../src/venues/ccxt/okx.ts'
import { BINANCE_KEYS, createBinanceFormat } from '../../support/exchange/binance.ts'
import { BYBIT_KEYS, createBybitFormat } from '../../support/exchange/bybit.ts'
import { BYBIT_INSTRUMENTS, execIdOf } from '../../support/exchange/bybit-shapes.ts'
import type { CoreFill, CoreOrder } from '../../support/exchange/core.ts'
import { createDeribitFormat, DERIBIT_KEYS } from '../../support/exchange/deribit.ts'
import { DERIBIT_INSTRUMENTS, tradeIdOf as deribitIdOf } from '../../support/exchange/deribit-shapes.ts'
import { createDydxFormat, DYDX_KEYS } from '../../support/exchange/dydx.ts'
import { createNumberRecord } from '../../support/exchange/dydx-record.ts'
import {
  DYDX_INSTRUMENTS,
  venueIdOf as dydxIdOf,
  tradeIdOf as dydxTradeIdOf,
} from '../../support/exchange/dydx-shapes.ts'
import { createFaultPlan } from '../../support/exchange/faults.ts'
import { createHyperliquidFormat, HYPERLIQUID_KEYS } from '../../support/exchange/hyperliquid.ts'
import { HYPERLIQUID_INSTRUMENTS, tradeIdOf as hyperliquidIdOf } from '../../support/exchange/hyperliquid-shapes.ts'
import { createOkxFormat, OKX_KEYS } from '../../support/exchange/okx.ts'
import { OKX_INSTRUMENTS } from '../../support/exchange/okx-shapes.ts'
import { NO_LIMITS, openLoopback, type Side } from '../../support/exchange/open.ts'

const ORDERS = Number(process.env.FAULT_ORDERS ?? 80)
const SEED = Number(process.env.FAULT_SEED ?? Math.floor(Math.random() * 2 ** 32))

interface Case extends Side {
  /** Of them all, the orders that are sent here. */
  readonly share: number
  readonly tradeIdOf: (fill: CoreFill) => string
  /** The venue's id of an order; the core's own where it is left out. */
  readonly venueIdOf?: (order: CoreOrder) => string
}

const plainIdOf = ({ tradeId }: CoreFill): string => String(tradeId)
const CASES: readonly Case[] = [
  {
    ...{ exchange: createBinance(), keys: BINANCE_KEYS, share: 1, tradeIdOf: plainIdOf },
    format: (core) => createBinanceFormat({ core }),
  },
  {
    ...{ exchange: createBybit(), keys: BYBIT_KEYS, share: 0.5, tradeIdOf: execIdOf },
    format: (core) => createBybitFormat({ core }),
    core: { instruments: BYBIT_INSTRUMENTS },
  },
  {
    ...{ exchange: createOkx(), keys: OKX_KEYS, share: 0.4, tradeIdOf: plainIdOf },
    format: (core) => createOkxFormat({ core }),
    core: { instruments: OKX_INSTRUMENTS },
  },
  {
    ...{ exchange: createDeribit(), keys: DERIBIT_KEYS, share: 0.5, tradeIdOf: deribitIdOf },
    format: (core) => createDeribitFormat({ core }),
    core: { duplicateIds: 'taken', instruments: DERIBIT_INSTRUMENTS },
  },
  {
    ...{ exchange: createHyperliquid(), keys: HYPERLIQUID_KEYS, share: 0.25, tradeIdOf: hyperliquidIdOf },
    format: (core) => createHyperliquidFormat({ core }),
    core: { instruments: HYPERLIQUID_INSTRUMENTS },
  },
  {
    ...{ exchange: createDydx({ numbers: createNumberRecord(), firstPauseMs: 1 }), keys: DYDX_KEYS, share: 0.25 },
    ...{ tradeIdOf: dydxTradeIdOf, venueIdOf: (order) => dydxIdOf(order, DYDX_KEYS.walletAddress) },
    format: (core) => createDydxFormat({ core }),
    core: { instruments: DYDX_INSTRUMENTS },
  },
]

for (const each of CASES) {
  const name = `whatever the wire to ${each.exchange.venueId} does, no order is sent twice and no outcome is untrue`
  test(name, (t) => sendThroughTrouble(t, each))
}

async function sendThroughTrouble(
  t: TestContext,
  { share, tradeIdOf, venueIdOf = ({ orderId }) => String(orderId), ...side }: Case,
): Promise<void> {
  const count = Math.round(ORDERS * share)
  t.diagnostic(`seed ${SEED}, ${count} orders`)
  const random = createRandom(SEED)
  const { venue, control, server } = await openLoopback(t, {
    ...side,
    faults: createFaultPlan(createRandom(SEED + 1)),
    timeoutMs: 150,
    limits: NO_LIMITS,
  })
  const { core } = server
  const { ids } = side.exchange
  const { instrumentId } = await persist(() => venue.instrument('ETH'))
  const heard: VenueEvent[] = []
  const ending = new AbortController()
  await venue.watch((event) => heard.push(event), ending.signal)

  const outcomes = new Map<ClientOrderId, SubmitOutcome>()
  for (let i = 0; i < count; i++) {
    const clientOrderId = base32Hash(`${SEED}/${i}`, 128) as ClientOrderId
    const isBuy = random() < 0.5
    const rests = random() < 0.4
    const order: OrderRequest = {
      ...{ clientOrderId, instrumentId, side: isBuy ? 'buy' : 'sell', postOnly: false, reduceOnly: false },
      quantity: (0.5 + Math.floor(random() * 40)).toFixed(3),
      limitPrice: isBuy === rests ? '2990' : '3010',
      timeInForce: rests ? 'gtc' : 'ioc',
      validUntil: later(control.clock.now(), 10_000),
    }
    outcomes.set(clientOrderId, await venue.submit(order))
    if (rests && random() < 0.7) {
      const ref: OrderRef = { clientOrderId, instrumentId }
      const outcome = await venue.cancel(ref)
      const known = core.orderByClientId(ids.toVenue(clientOrderId))
      if (outcome.kind !== 'unknown') assert.notEqual(known?.state, 'open', `${outcome.kind} and still open`)
    }
  }

  const counts = { accepted: 0, rejected: 0, unknown: 0 }
  for (const [clientOrderId, outcome] of outcomes) {
    counts[outcome.kind] += 1
    const taken = core.acceptances(ids.toVenue(clientOrderId))
    if (outcome.kind === 'unknown') assert.ok(taken <= 1, `taken ${taken} times`)
    else assert.equal(taken, outcome.kind === 'accepted' ? 1 : 0, `${outcome.kind}, taken ${taken} times`)

    const ref: OrderRef = { clientOrderId, instrumentId }
    const found = await persist(() => venue.find(ref))
    const truth = core.orderByClientId(ids.toVenue(clientOrderId))
    assert.equal(found?.filledQuantity, truth?.filled)
    assert.equal(found?.venueOrderId, truth && venueIdOf(truth))
    const fills = await persist(() => venue.fills(ref))
    assert.deepEqual(
      fills.map(({ tradeId, quantity }) => [tradeId, quantity]),
      core
        .fills()
        .filter((fill) => fill.clientId === ids.toVenue(clientOrderId))
        .map((fill) => [tradeIdOf(fill), fill.quantity]),
    )
  }
  const [position] = await persist(() => venue.positions())
  assert.equal(position?.quantity ?? 0, core.position('ETH'))
  for (const event of heard) {
    if (event.kind !== 'fill') continue
    const fill = core.fills().find((each) => tradeIdOf(each) === event.fill.tradeId)
    const { clientOrderId, quantity } = event.fill
    assert.deepEqual([clientOrderId && ids.toVenue(clientOrderId), quantity], [fill?.clientId, fill?.quantity])
  }
  ending.abort()
  t.diagnostic(`${JSON.stringify(counts)} ${JSON.stringify(server.faults.counts)}`)
  assert.ok(Object.keys(server.faults.counts).length > 3, 'Expected faults of several kinds')
}

/** Asks until there is an answer. */
async function persist<T>(ask: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await ask()
    } catch (error) {
      if (!(error instanceof VenueUnreachableError) || tries > 50) throw error
      await sleep(20)
    }
  }
}
