import assert from 'node:assert/strict'
import { test } from 'node:test'
import { freshnessByKind } from '../../../src/domain/market/freshness.ts'
import { createPanel } from '../../../src/domain/market/panel.ts'
import type { Tick } from '../../../src/domain/market/tick.ts'
import { createGaussian, createRandom } from '../../../src/domain/random.ts'
import { DAY, HOUR, later, MINUTE, timestamp } from '../../../src/domain/units.ts'
import type { MarketSource, MarketStep } from '../../../src/ports.ts'
import { createSimulatedMarket, type SimulatedMarketOptions } from '../../../src/venues/simulated/market.ts'
import { createPublisher, STEP } from '../../../src/venues/simulated/publication.ts'
import { createWorld } from '../../../src/venues/simulated/world.ts'
import { correlation } from './facts.ts'

const FROM = timestamp(Date.UTC(2026, 0, 5))
const OPTIONS: SimulatedMarketOptions = {
  seed: 7,
  assets: ['ETH', 'BTC'],
  from: FROM,
  to: later(FROM, 2 * DAY),
  warmupDays: 3,
}

const readAll = async (
  market: MarketSource,
  reading: Parameters<MarketSource['steps']>[0] = {},
): Promise<MarketStep[]> => {
  const steps: MarketStep[] = []
  for await (const step of market.steps(reading)) steps.push(step)
  return steps
}
const ofType = <K extends Tick['type']>(steps: readonly MarketStep[], type: K) =>
  steps.flatMap((step) => step.ticks).filter((tick): tick is Extract<Tick, { type: K }> => tick.type === type)

test('history comes by the hour, the window by five minutes, in order and up to its end', async () => {
  const steps = await readAll(createSimulatedMarket(OPTIONS))
  const history = steps.filter((step) => step.warmup)
  assert.equal(history.length, 3 * 24)
  assert.equal(steps.length - history.length, 2 * 288 + 1)
  assert.equal(history[0]!.at, later(FROM, -3 * DAY))
  assert.equal(steps[history.length]!.at, FROM)
  assert.equal(steps.at(-1)!.at, OPTIONS.to)
  for (let i = 1; i < steps.length; i++) assert.ok(steps[i]!.at > steps[i - 1]!.at)
  const intervals = new Set(
    ofType(
      steps.filter((step) => step.at > FROM),
      'bar',
    ).map((bar) => bar.interval),
  )
  assert.deepEqual([...intervals], [5 * MINUTE])
})

test('a step carries only what was received since the step before, in order of receipt', async () => {
  let before = Number.NEGATIVE_INFINITY
  for (const step of await readAll(createSimulatedMarket(OPTIONS))) {
    for (const [i, tick] of step.ticks.entries()) {
      assert.ok(tick.receivedAt > before && tick.receivedAt <= step.at)
      assert.ok(tick.eventAt <= tick.receivedAt)
      assert.ok(i === 0 || tick.receivedAt >= step.ticks[i - 1]!.receivedAt)
    }
    before = step.at
  }
})

test('reading on after a stop gives the very steps that reading in one go gives', async () => {
  const whole = await readAll(createSimulatedMarket(OPTIONS))
  for (const stop of [10, 72, 200]) {
    const after = whole[stop]!.at
    assert.deepEqual(await readAll(createSimulatedMarket(OPTIONS), { after }), whole.slice(stop + 1))
  }
})

test('another seed is another market, and an asset does not depend on which others there are', async () => {
  const bars = (steps: readonly MarketStep[]) => ofType(steps, 'bar').filter((bar) => bar.asset === 'ETH')
  const both = bars(await readAll(createSimulatedMarket(OPTIONS)))
  const other = bars(await readAll(createSimulatedMarket({ ...OPTIONS, seed: 8 })))
  const alone = bars(await readAll(createSimulatedMarket({ ...OPTIONS, assets: ['ETH'] })))
  assert.notDeepEqual(other, both)
  assert.deepEqual(alone, both)
})

test('open interest is reported late, by 5, 15 and 60 minutes', async () => {
  const inWindow = (await readAll(createSimulatedMarket(OPTIONS))).filter((step) => step.at > FROM)
  for (const [venue, lag] of [
    ['sim-a', 5 * MINUTE],
    ['sim-b', 15 * MINUTE],
    ['sim-c', 60 * MINUTE],
  ] as const) {
    const reports = ofType(inWindow, 'open-interest').filter((tick) => tick.venue === venue)
    assert.ok(reports.length > 20)
    assert.deepEqual([...new Set(reports.map((tick) => tick.receivedAt - tick.eventAt))], [lag])
  }
})

test('accounts are counted by the hour on one venue, told five minutes later', async () => {
  const market = createSimulatedMarket({ ...OPTIONS, assets: ['ETH'] })
  const ratios = ofType(await readAll(market), 'account-ratio')
  assert.equal(ratios.length, 5 * 24)
  for (const { venue, eventAt, receivedAt, longShare } of ratios) {
    assert.deepEqual([venue, eventAt % HOUR, receivedAt - eventAt], ['sim-a', 0, 5 * MINUTE])
    assert.ok(longShare > 0 && longShare < 1)
  }
})

test('account ratios are sentiment and a noise that no other figure depends on', () => {
  const worlds = [0, 1].map(() =>
    createWorld({ seed: 3, preset: 'realistic', asset: 'ETH', startPrice: 1, openInterestUsd: 1 }),
  )
  const noise = createGaussian(createRandom(1))
  const noisy = createPublisher({
    asset: 'ETH',
    from: FROM,
    normal: createGaussian(createRandom(2)),
    accountNormal: noise,
  })
  const plain = createPublisher({ asset: 'ETH', from: FROM, normal: createGaussian(createRandom(2)) })
  const [sentiments, measured]: [number[], number[]] = [[], []]
  for (let i = 0; i < 30 * 288; i++) {
    const at = later(FROM, i * STEP)
    const [one, two] = worlds.map((world) => world.step())
    const [ticks, others] = [noisy(one!, at), plain(two!, at)].map((published) =>
      Map.groupBy(published, ({ type }) => (type === 'account-ratio' ? 'accounts' : 'others')),
    )
    assert.deepEqual(ticks!.get('others'), others!.get('others'), 'noise of accounts changes nothing else')
    if (at % HOUR === 0) sentiments.push(one!.sentiment)
    for (const tick of ticks!.get('accounts') ?? []) {
      if (tick.type === 'account-ratio') measured.push(Math.log(tick.longShare / (1 - tick.longShare)))
    }
  }
  const shared = correlation(measured, sentiments.slice(0, measured.length))
  assert.ok(shared > 0.9 && shared < 1, `Expected a correlation just under 1, was ${shared}`)
})

test('ticks come from declared feeds only, and every declared feed speaks', async () => {
  const market = createSimulatedMarket(OPTIONS)
  const steps = await readAll(market)
  const seen = new Set(
    steps
      .flatMap((step) => step.ticks)
      .map((tick) => `${tick.type === 'disconnect' ? tick.feed : tick.type}/${tick.venue}/${tick.asset}`),
  )
  assert.deepEqual([...seen].sort(), market.feeds.map((feed) => `${feed.feed}/${feed.venue}/${feed.asset}`).sort())
  assert.deepEqual(
    new Set(ofType(steps, 'liquidations').map((tick) => `${tick.venue} ${tick.coverage}`)),
    new Set(['sim-a sampled', 'sim-b full']),
  )
})

test('with every feed connected nothing is stale at any step of the window', async () => {
  const market = createSimulatedMarket(OPTIONS)
  const panel = createPanel()
  let checked = 0
  for await (const step of market.steps()) {
    for (const tick of step.ticks) panel.apply(tick)
    if (step.warmup || panel.assets().length === 0) continue
    const cut = market.feeds.some(
      (feed) => panel.disconnectedSince(feed.feed, feed.venue, feed.asset, step.at) !== undefined,
    )
    if (cut) continue
    checked++
    for (const { feed, freshness } of freshnessByKind(panel, market.feeds, 'ETH', step.at)) {
      assert.equal(freshness.state, 'fresh', `${feed} at step ${step.at - FROM} ms into the window`)
    }
  }
  assert.ok(checked > 400)
})

test('feeds are cut off a few times a month, and say so before they fall silent', async () => {
  const steps = await readAll(createSimulatedMarket({ ...OPTIONS, assets: ['ETH'], to: later(FROM, 60 * DAY) }))
  const cuts = ofType(steps, 'disconnect')
  assert.ok(cuts.length >= 6 && cuts.length <= 36, `Expected 6 to 36 cuts in two months, was ${cuts.length}`)
  for (const cut of cuts) {
    const heard = steps
      .flatMap((step) => step.ticks)
      .filter((tick) => tick.type === cut.feed && tick.venue === cut.venue)
      .filter((tick) => tick.receivedAt >= cut.receivedAt && tick.receivedAt < cut.receivedAt + 10 * MINUTE)
    assert.deepEqual(heard, [])
  }
})

test('the throttled venue prints about half of what the fuller one does, for its size', async () => {
  const steps = await readAll(createSimulatedMarket({ ...OPTIONS, assets: ['ETH'], to: later(FROM, 120 * DAY) }))
  const total = (venue: string) =>
    ofType(steps, 'liquidations')
      .filter((tick) => tick.venue === venue)
      .reduce((sum, tick) => sum + tick.longNotional + tick.shortNotional, 0)
  // Shares of open interest are 0.5 and 0.3; customers of sim-b take more leverage, so the ratio without a cap is below 1.67.
  const ratio = total('sim-a') / total('sim-b')
  assert.ok(ratio > 0.4 && ratio < 1.1, `Expected the printed ratio in [0.4, 1.1], was ${ratio}`)
})

test('the two assets move together', async () => {
  const steps = await readAll(createSimulatedMarket({ ...OPTIONS, to: later(FROM, 20 * DAY) }))
  const bars = ofType(
    steps.filter((step) => step.at > FROM),
    'bar',
  )
  const close = (asset: string) =>
    new Map(bars.filter((bar) => bar.asset === asset).map((bar) => [bar.eventAt, bar.closePrice]))
  const [eth, btc] = [close('ETH'), close('BTC')]
  const instants = [...eth.keys()].filter((at) => btc.has(at))
  const returns = (prices: Map<number, number>) =>
    instants.slice(1).map((at, i) => Math.log(prices.get(at)! / prices.get(instants[i]!)!))
  const shared = correlation(returns(eth as Map<number, number>), returns(btc as Map<number, number>))
  assert.ok(shared > 0.6 && shared < 0.95, `Expected a correlation of about 0.8, was ${shared}`)
})

test('a quote stands around the last completed step and is unknown before the first and long after the last', async () => {
  const market = createSimulatedMarket(OPTIONS)
  assert.equal(market.quoteAt('ETH', FROM), undefined)
  for await (const step of market.steps({ after: FROM })) {
    const bar = step.ticks.find((tick) => tick.type === 'bar' && tick.asset === 'ETH')
    const quote = market.quoteAt('ETH', later(step.at, 2 * MINUTE))!
    assert.equal(quote.at, step.at)
    assert.ok(quote.bestBid < quote.bestAsk)
    if (bar?.type === 'bar') assert.ok(Math.abs((quote.bestBid + quote.bestAsk) / 2 / bar.closePrice - 1) < 1e-9)
    assert.ok(quote.depthNotional! > 1e6 && quote.dailyVolumeNotional! > 1e8 && quote.dailyVolatility! > 0)
  }
  assert.equal(market.quoteAt('ETH', later(OPTIONS.to!, HOUR)), undefined)
  assert.equal(market.quoteAt('DOGE', OPTIONS.to!), undefined)
})

test('an endless market ends when it is aborted or closed', async () => {
  const { to: _, ...endless } = OPTIONS
  const controller = new AbortController()
  let seen = 0
  for await (const _step of createSimulatedMarket(endless).steps({ signal: controller.signal })) {
    if (++seen === 100) controller.abort()
  }
  assert.equal(seen, 100)
  const market = createSimulatedMarket(endless)
  for await (const _step of market.steps()) {
    if (++seen === 200) await market.close()
  }
  assert.equal(seen, 200)
})

test('options that make no sense are refused with their value', () => {
  assert.throws(() => createSimulatedMarket({ ...OPTIONS, assets: [] }), /one or more different assets/)
  assert.throws(() => createSimulatedMarket({ ...OPTIONS, assets: ['ETH', 'ETH'] }), /was \[ETH, ETH\]/)
  assert.throws(() => createSimulatedMarket({ ...OPTIONS, warmupDays: -1 }), /warm-up days, was -1/)
  assert.throws(() => createSimulatedMarket({ ...OPTIONS, seed: Number.NaN }), /finite seed, was NaN/)
  assert.throws(() => createSimulatedMarket({ ...OPTIONS, to: later(FROM, -HOUR) }), /window that ends/)
  const preset = 'wild' as 'strong'
  assert.throws(() => createSimulatedMarket({ ...OPTIONS, preset }), /preset of default, realistic.*was wild/)
})
