import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { ClientOrderId } from '../../../src/domain/execution/order.ts'
import { VenueUnreachableError } from '../../../src/domain/execution/venue-unreachable.ts'
import { base32Hash } from '../../../src/domain/hash.ts'
import { later } from '../../../src/domain/units.ts'
import type { OrderRequest, VenueEvent } from '../../../src/ports.ts'
import { createBinance } from '../../../src/venues/ccxt/binance.ts'
import { judgeBinance } from '../../../src/venues/ccxt/binance-judge.ts'
import type { VenueKeys } from '../../../src/venues/ccxt/trading-client.ts'
import { eventually } from '../../conformance/venue-support.ts'
import { BINANCE_KEYS, type BinanceSettings, createBinanceFormat } from '../../support/exchange/binance.ts'
import { AT, openLoopback } from '../../support/exchange/open.ts'
import type { Asked } from '../../support/exchange/server.ts'

let made = 0
const newId = (): ClientOrderId => base32Hash(`binance-wire/${made++}`, 128) as ClientOrderId

async function start(
  t: TestContext,
  changed: Omit<Partial<BinanceSettings>, 'keys'> & { keys?: VenueKeys; timeoutMs?: number } = {},
) {
  const requests: Asked[] = []
  const opened = await openLoopback(t, {
    exchange: createBinance(),
    keys: changed.keys ?? BINANCE_KEYS,
    format: (core) => createBinanceFormat({ ...changed, core, keys: BINANCE_KEYS }),
    onRequest: (asked) => requests.push(asked),
    ...(changed.timeoutMs !== undefined && { timeoutMs: changed.timeoutMs }),
  })
  const order = (more: Partial<OrderRequest> = {}): OrderRequest => ({
    ...{ clientOrderId: newId(), instrumentId: 'ETH-USDT-PERP.BINANCE' as OrderRequest['instrumentId'] },
    ...{ side: 'buy', quantity: '1.5', limitPrice: '3010', timeInForce: 'ioc', postOnly: false, reduceOnly: false },
    validUntil: later(opened.control.clock.now(), 10_000),
    ...more,
  })
  return { ...opened, order, requests }
}

test('an order goes out once, under our id alone, with the time that it may be taken in', async (t) => {
  const { venue, order, requests } = await start(t)
  const request = order()
  assert.equal((await venue.submit(request)).kind, 'accepted')
  const sent = requests.filter(({ method, path }) => method === 'POST' && path === '/fapi/v1/order')
  assert.equal(sent.length, 1)
  const { signature, ...body } = sent[0]!.body
  assert.match(String(signature), /^[0-9a-f]{64}$/)
  assert.deepEqual(body, {
    ...{ symbol: 'ETHUSDT', side: 'BUY', type: 'LIMIT', quantity: '1.5', price: '3010', timeInForce: 'IOC' },
    ...{ newClientOrderId: request.clientOrderId, newOrderRespType: 'ACK' },
    ...{ timestamp: String(AT), recvWindow: '10000' },
  })
})

test('an order that may be taken for long is given the minute that Binance allows', async (t) => {
  const { venue, order, requests } = await start(t)
  await venue.submit(order({ validUntil: later(AT as Parameters<typeof later>[0], 3_600_000) }))
  assert.equal(requests.at(-1)?.body.recvWindow, '60000')
})

test('a stop goes to the service of conditional orders, by mark price and reduce-only', async (t) => {
  const { venue, order, requests } = await start(t)
  await venue.submit(order())
  const { instrumentId, validUntil } = order()
  const stop = {
    clientOrderId: newId(),
    instrumentId,
    validUntil,
    side: 'sell',
    quantity: '1.5',
    triggerPrice: '2800',
  } as const
  assert.equal((await venue.submitStop(stop)).kind, 'accepted')
  const { path, body } = requests.at(-1)!
  assert.equal(path, '/fapi/v1/algoOrder')
  assert.deepEqual(
    [body.type, body.workingType, body.reduceOnly, body.triggerPrice, body.clientAlgoId],
    ['STOP_MARKET', 'MARK_PRICE', 'true', '2800', stop.clientOrderId],
  )
})

test('a fee in BNB is told in USD, asked and heard', async (t) => {
  const { venue, order } = await start(t, { bnbPrice: 600 })
  const heard: VenueEvent[] = []
  const ending = new AbortController()
  t.after(() => ending.abort())
  await venue.watch((event) => heard.push(event), ending.signal)
  const [first, second] = [order(), order()]
  await venue.submit(first)
  const [fill] = await venue.fills(first)
  assert.ok(Math.abs(fill!.fee - 1.5 * 3000.5 * 0.0005) < 1e-4, `was ${fill!.fee}`)
  // Nobody knew the price when the first was pushed: that is said, and the second is understood.
  await eventually(() => heard.some(({ kind }) => kind === 'reconnected'), 'the gap to be told')
  await venue.submit(second)
  await eventually(() => heard.some((event) => event.kind === 'fill'), 'the second fill')
})

test('a stream whose key has expired is opened anew, and the gap is told', async (t) => {
  const { venue, order, server } = await start(t)
  const heard: VenueEvent[] = []
  const ending = new AbortController()
  t.after(() => ending.abort())
  await venue.watch((event) => heard.push(event), ending.signal)
  server.push({ e: 'listenKeyExpired', E: AT, listenKey: 'any' })
  await eventually(() => heard.some(({ kind }) => kind === 'reconnected'), 'the stream to be back')
  await venue.submit(order())
  await eventually(() => heard.some(({ kind }) => kind === 'fill'), 'a fill after it')
})

test('a pushed message that cannot be read is a gap, not a guess', async (t) => {
  const { venue, server } = await start(t)
  const heard: VenueEvent[] = []
  const ending = new AbortController()
  t.after(() => ending.abort())
  await venue.watch((event) => heard.push(event), ending.signal)
  server.push({ e: 'ORDER_TRADE_UPDATE', E: AT, o: { s: 'ETHUSDT', i: 1, c: 'x', S: 'BUY', q: 'NaN', X: 'NEW' } })
  await eventually(() => heard.length > 0, 'the gap to be told')
  assert.deepEqual(heard, [{ kind: 'reconnected' }])
})

test('what the venue closed by force is heard as that, in the shapes that it sends', async (t) => {
  const { venue, server } = await start(t)
  const heard: VenueEvent[] = []
  const ending = new AbortController()
  t.after(() => ending.abort())
  await venue.watch((event) => heard.push(event), ending.signal)
  const common = {
    ...{ s: 'BTCUSDT', o: 'LIMIT', f: 'IOC', sp: '0', x: 'CALCULATED', T: AT, b: '0', a: '0', m: false, R: true },
    ...{ wt: 'CONTRACT_PRICE', ot: 'LIMIT', ps: 'BOTH', cp: false, pP: false, si: 0, ss: 0, rp: '-2.50', V: 'NONE' },
  }
  const deleveraged = {
    ...{ c: 'adl_autoclose_12345', S: 'BUY', q: '0.005', p: '42000.00', ap: '42000.00', X: 'NEW_ADL', i: 8887001 },
    ...{ l: '0.005', z: '0.005', L: '42000.00', N: 'USDT', n: '0.10500000', t: 12346001 },
  }
  const liquidated = {
    ...{ c: 'autoclose-1234567890', S: 'SELL', q: '0.014', p: '9910.00', ap: '9910.12', X: 'FILLED', i: 8886999 },
    ...{ l: '0.014', z: '0.014', L: '9910.12', N: 'USDT', n: '0.06937084', t: 12345999 },
  }
  const pending = {
    ...{ c: 'autoclose-pending-0000', S: 'SELL', q: '0.014', p: '9910.00', ap: '0', X: 'NEW', i: 8887004 },
    ...{ l: '0', z: '0', L: '0', t: 0 },
  }
  for (const o of [deleveraged, liquidated, pending]) {
    server.push({ e: 'ORDER_TRADE_UPDATE', T: AT, E: AT, o: { ...common, ...o } })
  }
  await eventually(() => heard.length >= 5, 'all of it')
  assert.deepEqual(
    heard.map((event) =>
      event.kind === 'fill'
        ? [event.fill.cause, event.fill.side, event.fill.quantity, event.fill.fillPrice, event.fill.fee]
        : event.kind === 'order' && [event.order.state, event.order.filledQuantity, event.order.clientOrderId],
    ),
    [
      ['deleveraging', 'buy', 0.005, 42_000, 0.105],
      ['accepted', 0.005, undefined],
      ['liquidation', 'sell', 0.014, 9910.12, 0.06937084],
      ['filled', 0.014, undefined],
      ['accepted', 0, undefined],
    ],
  )
})

test('an account in hedge mode is not traded on', async (t) => {
  const { venue, order, server } = await start(t, { hedgeMode: true })
  await assert.rejects(venue.instrument('ETH'), /Expected the one-way position mode at Binance, was hedge mode/)
  await assert.rejects(venue.submit(order()), /one-way position mode/)
  assert.equal(server.core.orders().length, 0)
})

test('keys that the venue does not know leave questions unanswered and nothing sent', async (t) => {
  const { venue, order, server } = await start(t, {
    keys: { apiKey: 'loopback-key', secret: 'another' },
  })
  await assert.rejects(
    venue.account(),
    (error) => error instanceof VenueUnreachableError && /-1022/.test(error.message),
  )
  assert.equal((await venue.submit(order())).kind, 'unknown')
  assert.equal(server.core.orders().length, 0)
})

test('an answer that stops half-way is no answer', async (t) => {
  const { venue, order, server } = await start(t, { timeoutMs: 500 })
  await venue.instrument('ETH')
  server.faults.add('submit', { kind: 'stalled' })
  const request = order()
  assert.equal((await venue.submit(request)).kind, 'unknown')
  server.faults.add('question', { kind: 'stalled' })
  await assert.rejects(venue.positions(), VenueUnreachableError)
  assert.equal((await venue.find(request))?.state, 'filled')
})

test('the practice exchange, which tells nothing of keys, is asked whether the account may trade', async (t) => {
  const { venue } = await openLoopback(t, {
    ...{ exchange: createBinance(), keys: BINANCE_KEYS, sandbox: true },
    format: (core) => createBinanceFormat({ core }),
  })
  assert.deepEqual(await venue.keyRights(), { canTrade: true })
})

test('a venue that is not there at first is asked again later', async (t) => {
  const { venue, server, order } = await start(t)
  await server.setReachable(false)
  await assert.rejects(venue.positions(), VenueUnreachableError)
  assert.equal((await venue.submit(order())).kind, 'unknown')
  await server.setReachable(true)
  assert.deepEqual(await venue.positions(), [])
})

test('what an error means for an order follows from its code, and without one from the status', () => {
  const judge = (status: number, code?: number, headers: Record<string, unknown> = {}) =>
    judgeBinance({ status, headers, text: '', body: code && { code, msg: 'm' }, errorName: 'ExchangeError' })
  const cases: readonly (readonly [status: number, code: number | undefined, kind: string])[] = [
    [400, -2019, 'refused'],
    [400, -1121, 'refused'],
    [400, -2013, 'not-found'],
    [400, -2011, 'not-found'],
    [400, -4116, 'duplicate'],
    [400, -1021, 'clock'],
    [400, -5028, 'clock'],
    [400, -1006, 'uncertain'],
    [408, -1007, 'uncertain'],
    [503, -1007, 'uncertain'],
    [503, -1008, 'busy'],
    [503, undefined, 'uncertain'],
    [500, -1000, 'uncertain'],
    [502, undefined, 'uncertain'],
    [403, undefined, 'uncertain'],
    [429, -1003, 'busy'],
    [429, undefined, 'busy'],
    [418, -1003, 'busy'],
    [400, -1015, 'busy'],
  ]
  for (const [status, code, kind] of cases) assert.equal(judge(status, code).kind, kind, `${status} ${code}`)
  assert.deepEqual(judge(418, -1003, { 'retry-after': '120' }), {
    kind: 'busy',
    reason: '-1003 m',
    retryAfterMs: 120_000,
  })
})
