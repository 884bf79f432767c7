import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createRandom } from '../../../src/domain/random.ts'
import { createBinanceFormat } from '../../support/exchange/binance.ts'
import { createExchangeCore, type ExchangeCore } from '../../support/exchange/core.ts'
import { createFaultPlan } from '../../support/exchange/faults.ts'
import { startExchangeServer } from '../../support/exchange/server.ts'

const STARTING_EQUITY = 1_000_000

function open(settings: Partial<Parameters<typeof createExchangeCore>[0]> = {}) {
  const time = { now: 1_000 }
  const core = createExchangeCore({ now: () => time.now, startingEquity: STARTING_EQUITY, ...settings })
  core.setQuote('ETH', { bestBid: 2999.5, bestAsk: 3000.5, size: 30 })
  return { core, time }
}
const taken = (core: ExchangeCore, entry: Partial<Parameters<ExchangeCore['submit']>[0]> = {}) => {
  const outcome = core.submit({ asset: 'ETH', side: 'buy', quantity: '1', timeInForce: 'gtc', ...entry })
  if (outcome.kind === 'refused') throw new Error(`Expected it to be taken, was ${outcome.code}`)
  return outcome.order
}

test('a call that nobody answers fails the test, by method and path', async () => {
  const { core } = open()
  const server = await startExchangeServer({ core, format: createBinanceFormat({ core }) })
  await fetch(`${server.endpoint.baseUrl}/fapi/v1/time`)
  const answer = await fetch(`${server.endpoint.baseUrl}/fapi/v1/premiumIndex`, { method: 'PATCH' })
  assert.equal(answer.status, 501)
  await assert.rejects(server.stop(), /PATCH \/fapi\/v1\/premiumIndex/)
})

test('a request without a key, or with a signature of another, is refused', async (t) => {
  const { core } = open()
  const server = await startExchangeServer({ core, format: createBinanceFormat({ core }) })
  t.after(() => server.stop())
  const url = `${server.endpoint.baseUrl}/fapi/v1/openOrders?symbol=ETHUSDT&timestamp=1000&signature=${'0'.repeat(64)}`
  const codeOf = async (headers: Record<string, string>) =>
    ((await (await fetch(url, { headers })).json()) as { code: number }).code
  assert.equal(await codeOf({}), -2014)
  assert.equal(await codeOf({ 'x-mbx-apikey': 'loopback-key' }), -1022)
})

test('the same seed gives the same faults', () => {
  const draw = (seed: number) => {
    const plan = createFaultPlan(createRandom(seed))
    return Array.from({ length: 200 }, () => [plan.next('submit'), plan.next('question'), plan.push()])
  }
  assert.deepEqual(draw(7), draw(7))
  assert.notDeepEqual(draw(7), draw(8))
})

test('the countdown takes what rests, and stops only where the venue does so', () => {
  for (const [reach, left] of [
    ['spares-stops', ['stop']],
    ['takes-stops', []],
  ] as const) {
    const { core, time } = open({ countdown: reach })
    taken(core, { quantity: '2' })
    taken(core, { limitPrice: '2900' })
    core.submitStop({ asset: 'ETH', side: 'sell', quantity: '2', triggerPrice: '2800' })
    core.countdown(5_000)
    time.now += 4_999
    core.settle()
    assert.equal(core.openOrders().length, 2)
    time.now += 1
    core.settle()
    assert.deepEqual(
      core.openOrders().map(({ kind }) => kind),
      left,
    )
  }
})

test('a stop closes what is held and no more, at the market', () => {
  const { core } = open()
  taken(core, { quantity: '2' })
  core.submitStop({ asset: 'ETH', side: 'sell', quantity: '5', triggerPrice: '2800' })
  core.setQuote('ETH', { bestBid: 2790, bestAsk: 2791, size: 30 })
  assert.equal(core.position('ETH'), 0)
  assert.equal(core.fills().at(-1)?.price, 2790)
  assert.deepEqual(core.openOrders(), [])
})

test('positions are the sum of the fills, and equity is what was paid and won', () => {
  const step = fc.record({
    side: fc.constantFrom('buy' as const, 'sell' as const),
    lots: fc.integer({ min: 10, max: 50_000 }),
    mid: fc.integer({ min: 2_900, max: 3_100 }),
  })
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 20 }), (steps) => {
      const { core } = open()
      for (const { side, lots, mid } of steps) {
        core.setQuote('ETH', { bestBid: mid - 0.5, bestAsk: mid + 0.5, size: 30 })
        core.submit({ asset: 'ETH', side, quantity: (lots / 1000).toFixed(3), timeInForce: 'ioc' })
      }
      const signed = core
        .fills()
        .map((fill) => ({ ...fill, change: fill.side === 'buy' ? fill.quantity : -fill.quantity }))
      const position = signed.reduce((sum, { change }) => sum + change, 0)
      assert.ok(Math.abs(position - core.position('ETH')) < 1e-6)
      const cash = signed.reduce((sum, { change, price, fee }) => sum - change * price - fee, 0)
      const worth = STARTING_EQUITY + cash + position * core.mark('ETH')!
      assert.ok(Math.abs(worth - core.account().equity) < 1e-3, `Expected ${worth}, was ${core.account().equity}`)
    }),
  )
})
