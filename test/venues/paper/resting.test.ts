import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ClientOrderId } from '../../../src/domain/execution/order.ts'
import { instrumentIdOf } from '../../../src/domain/instrument.ts'
import { duration, later } from '../../../src/domain/units.ts'
import type { OrderRequest, Quote, StopRequest } from '../../../src/ports.ts'
import { BUY_NOW, INSTRUMENT, openPaper, SELL_NOW, START } from './open-paper.ts'

test('a resting buy fills whole, at its limit and as a maker, once the ask has come to it and not before', async () => {
  const { venue, order, quote } = openPaper()
  const request = order()
  await venue.submit(request)
  quote(2989.9, 2990.1)
  assert.equal((await venue.find(request))?.state, 'accepted')
  quote(2985, 2986)
  assert.equal((await venue.find(request))?.state, 'filled')
  const [fill, ...others] = await venue.fills(request)
  assert.deepEqual(others, [])
  assert.deepEqual([fill?.quantity, fill?.fillPrice, fill?.liquidity], [2, 2990, 'maker'])
  assert.equal(fill?.fee.toFixed(4), (2 * 2990 * 0.0002).toFixed(4))
})

test('a resting sell fills when the bid reaches it, whichever question is asked first', async () => {
  for (const ask of ['openOrders', 'fillsSince', 'positions', 'account', 'cancel', 'submit'] as const) {
    const { venue, order, stop, quote, position } = openPaper()
    const request = order({ side: 'sell', limitPrice: '3050' })
    await venue.submit(request)
    quote(3050, 3050.2)
    const questions = {
      openOrders: () => venue.openOrders(INSTRUMENT),
      fillsSince: () => venue.fillsSince(INSTRUMENT, START),
      positions: () => venue.positions(),
      account: () => venue.account(),
      cancel: () => venue.cancel(request),
      submit: () => venue.submit(order({ limitPrice: '2000' })),
    }
    const answer = await questions[ask]()
    assert.equal(await position(), -2, ask)
    if (ask === 'cancel') assert.deepEqual(answer, { kind: 'not-open' })
    if (ask === 'openOrders') assert.deepEqual(answer, [])
    if (ask === 'positions') assert.equal((answer as readonly unknown[]).length, 1)
    assert.equal(stop().side, 'sell')
  }
})

test('an order that crosses takes what its limit allows; the rest waits for another quote', async () => {
  const { venue, clock, order, position } = openPaper()
  const request = order({ quantity: '5000', limitPrice: '3002' })
  await venue.submit(request)
  const taken = await position()
  assert.ok(taken > 0 && taken < 5000, `was ${taken}`)
  assert.equal((await venue.find(request))?.state, 'partially-filled')
  assert.equal(await position(), taken)
  clock.advanceTo(later(START, 1_000))
  assert.equal((await venue.find(request))?.state, 'filled')
  const last = (await venue.fills(request)).at(-1)!
  assert.deepEqual([last.fillPrice, last.liquidity], [3002, 'maker'])
})

test('post-only says what it would have taken, and immediate-or-cancel is no place for it', async () => {
  const { venue, order } = openPaper()
  assert.deepEqual(await venue.submit(order({ postOnly: true, limitPrice: '3000.1' })), {
    kind: 'rejected',
    reason: 'POST_ONLY_WOULD_TAKE side=buy limitPrice=3000.1 bestAsk=3000.1',
  })
  const both = await venue.submit(order({ ...BUY_NOW, postOnly: true }))
  assert.equal(both.kind === 'rejected' && both.reason, 'POST_ONLY_NEVER_RESTS timeInForce=ioc')
})

test('every refusal has its code and its numbers', async () => {
  const { venue, clock, order, stop, noQuote } = openPaper()
  const refused = async (request: OrderRequest | StopRequest, reason: RegExp) => {
    const outcome = await ('triggerPrice' in request ? venue.submitStop(request) : venue.submit(request))
    assert.equal(outcome.kind, 'rejected')
    assert.match(outcome.kind === 'rejected' ? outcome.reason : '', reason)
    assert.equal(await venue.find(request), undefined)
  }
  await refused(order({ quantity: '1.0005' }), /^QUANTITY_NOT_ON_LOT quantity=1\.0005 lotSize=0\.001$/)
  await refused(order({ limitPrice: '3000.001' }), /^PRICE_NOT_ON_TICK limitPrice=3000\.001 tickSize=0\.01$/)
  await refused(order({ quantity: '0.006' }), /^NOTIONAL_BELOW_MIN notional=18\.00 min=20$/)
  await refused(order({ instrumentId: instrumentIdOf('ETH', 'elsewhere') }), /^UNKNOWN_INSTRUMENT/)
  await refused(order({ clientOrderId: 'two words' as ClientOrderId }), /^CLIENT_ORDER_ID_MALFORMED/)
  await refused(
    order({ ...SELL_NOW, reduceOnly: true }),
    /^REDUCE_ONLY_WOULD_INCREASE side=sell quantity=2 position=0$/,
  )
  await refused(stop({ triggerPrice: '3000' }), /^STOP_WOULD_TRIGGER side=sell triggerPrice=3000 mark=3000$/)
  const late = later(clock.now(), -1)
  await refused(
    order({ validUntil: late }),
    /^REQUEST_EXPIRED validUntil=2026-01-04T23:59:59\.999Z at=2026-01-05T00:00:00\.000Z$/,
  )
  await refused(stop({ validUntil: late }), /^REQUEST_EXPIRED/)
  noQuote()
  await refused(order(), /^NO_QUOTE asset=ETH/)
  for (const [bid, ask] of [
    [2999, Number.NaN],
    [3000, 2000],
  ] as const) {
    const quoteAt = () => ({ at: START, bestBid: bid as Quote['bestBid'], bestAsk: ask as Quote['bestAsk'] })
    const broken = openPaper({ quoteAt })
    assert.equal(await broken.venue.quote('ETH'), undefined)
    const outcome = await broken.venue.submit(order())
    assert.match(outcome.kind === 'rejected' ? outcome.reason : '', /^NO_QUOTE/)
  }
})

test('resting reduce-only orders shrink with the position and end with it', async () => {
  const { venue, order, quote, position } = openPaper()
  await venue.submit(order(BUY_NOW))
  const exit = order({ side: 'sell', limitPrice: '3100', reduceOnly: true })
  await venue.submit(exit)
  await venue.submit(order({ ...SELL_NOW, quantity: '0.5' }))
  quote(3100, 3101)
  const done = await venue.find(exit)
  assert.deepEqual([done?.state, done?.filledQuantity, done?.reason], ['canceled', 1.5, 'REDUCE_ONLY_SHRUNK'])
  assert.equal(await position(), 0)

  quote(2999.9, 3000.1)
  await venue.submit(order(BUY_NOW))
  const second = order({ side: 'sell', limitPrice: '3100', reduceOnly: true })
  await venue.submit(second)
  await venue.submit(order(SELL_NOW))
  assert.match((await venue.find(second))?.reason ?? '', /^REDUCE_ONLY_NOTHING_LEFT/)
  assert.deepEqual(await venue.openOrders(INSTRUMENT), [])
})

test('a stop with nothing left to close ends without a trade', async () => {
  const { venue, order, stop, quote, position } = openPaper()
  await venue.submit(order(BUY_NOW))
  const request = stop()
  await venue.submitStop(request)
  await venue.submit(order(SELL_NOW))
  quote(2890, 2890.2)
  const ended = await venue.find(request)
  assert.deepEqual([ended?.state, ended?.filledQuantity], ['canceled', 0])
  assert.equal(await position(), 0)
})

test('a stop closes at the market with impact, beyond its trigger where the market has gone', async () => {
  const { venue, order, stop, quote } = openPaper()
  await venue.submit(order({ ...BUY_NOW, quantity: '1000', limitPrice: '3100' }))
  const request = stop({ quantity: '1000' })
  await venue.submitStop(request)
  quote(2850, 2850.2)
  const closed = (await venue.find(request))!
  assert.equal(closed.state, 'filled')
  assert.ok(closed.averageFillPrice! < 2850, `was ${closed.averageFillPrice}`)
  assert.equal((await venue.fills(request))[0]?.liquidity, 'taker')
})

test('a countdown that ran out unseen cancels what rested then, before the market reaches it', async () => {
  const { venue, clock, order, stop, quote, position } = openPaper()
  const [request, protection] = [order(), stop()]
  await venue.submit(request)
  await venue.submitStop(protection)
  await venue.countdown(duration(5_000))
  clock.advanceTo(later(START, 6_000))
  quote(2950, 2950.2)
  quote(2980, 2980.2)
  await venue.countdown(duration(5_000))
  const ended = await venue.find(request)
  assert.deepEqual([ended?.state, ended?.reason], ['canceled', 'COUNTDOWN_LAPSED'])
  assert.equal((await venue.find(protection))?.state, 'accepted')
  assert.equal(await position(), 0)
})

test('a halt stops all trading, also of what rests, and lets cancels through', async () => {
  let halted = false
  const { venue, order, quote } = openPaper({
    statusAt: () => (halted ? { kind: 'halted', reason: 'maintenance' } : { kind: 'trading' }),
  })
  const [one, two] = [order(), order()]
  await venue.submit(one)
  await venue.submit(two)
  halted = true
  quote(2900, 2900.2)
  assert.equal((await venue.find(one))?.state, 'accepted')
  assert.deepEqual(await venue.cancel(two), { kind: 'canceled' })
  const outcome = await venue.submit(order())
  assert.equal(outcome.kind === 'rejected' && outcome.reason, 'VENUE_HALTED reason=maintenance')
  halted = false
  assert.equal((await venue.find(one))?.state, 'filled')
})

test('a larger order pays a worse average price', async () => {
  const { venue, order } = openPaper()
  const pay = async (quantity: string) => {
    const request = order({ ...BUY_NOW, quantity, limitPrice: '3030' })
    await venue.submit(request)
    return (await venue.find(request))!.averageFillPrice!
  }
  assert.ok((await pay('200')) > (await pay('1')))
})
