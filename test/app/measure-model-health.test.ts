import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createMarketState, type MarketState } from '../../src/app/market-state.ts'
import type { MeasuredHealth } from '../../src/app/measure-model-health.ts'
import type { CascadeForecast, Prediction } from '../../src/domain/forecast.ts'
import type { DriftReference } from '../../src/domain/model/drift.ts'
import { distanceReference } from '../../src/domain/model/out-of-distribution.ts'
import { binReference } from '../../src/domain/model/psi.ts'
import { createGaussian, createRandom } from '../../src/domain/random.ts'
import {
  DAY,
  duration,
  fraction,
  HOUR,
  later,
  MINUTE,
  price,
  type TimestampMs,
  timestamp,
} from '../../src/domain/units.ts'
import type { Forecaster, ModelForecast } from '../../src/ports.ts'
import { forecastsOf, START as WORLD_START, type World } from '../domain/model/worlds.ts'
import type { Cleanup } from '../support/database.ts'
import { openDesk, START, type TestDesk } from '../support/desk.ts'
import { testSettings } from '../support/desk-settings.ts'
import { aModel, modelFiles } from '../support/models.ts'

const CHAMPION = 'lstm-1'
const CHALLENGER = 'tcn-2'
const NAMES = ['calm', 'wild']

/** What a model says of every asset: the same, down and up. */
const saying = (modelId: string, probability: number, over: Partial<Forecaster> = {}): Forecaster => ({
  model: {
    modelId,
    calibratedOn: 'recorded',
    architecture: 'a test',
    engine: 'cpu',
    trainedAt: '2025-09-01T00:00:00.000Z',
    trainedOn: 'nothing',
    metrics: {},
    gates: { 'cascade-down-24h': true, 'cascade-up-24h': true },
  },
  predict: async (): Promise<Prediction> => {
    const one = { pCascadeDown: fraction(probability), pCascadeUp: fraction(probability / 2) }
    const cascade: CascadeForecast = {
      ...one,
      baseline: { pCascadeDown: fraction(0.05), pCascadeUp: fraction(0.04) },
      gatePassed: {},
    }
    return {
      kind: 'estimated',
      cascades: { '4h': cascade, '24h': cascade, '72h': cascade },
      overlayHorizon: duration(DAY),
      overlayConfidence: fraction(0.5),
      overlayBaseline: fraction(0.45),
      overlayGatePassed: true,
      maskedFeeds: [],
      modelId,
      calibratedOn: 'recorded',
    }
  },
  ...over,
})

/** A desk with a champion and a challenger on record. */
async function open(
  t: Cleanup,
  { forecaster, market }: { forecaster?: Forecaster; market?: MarketState } = {},
): Promise<TestDesk> {
  const desk = await openDesk(t, { models: modelFiles(), forecaster: forecaster ?? saying(CHAMPION, 0.1), market })
  for (const id of [CHAMPION, CHALLENGER]) await desk.store.models.register(aModel(id), later(START, -100 * DAY))
  await desk.store.models.promote({ modelId: CHAMPION, over: undefined, at: START, by: 'ben', reason: 'a test' })
  return desk
}

/** Ninety days of what a model said a day ahead, up to now, with what came of it up to yesterday. */
async function remember(desk: TestDesk, modelId: string, world: World): Promise<void> {
  const shift = START - 90 * DAY - WORLD_START
  const said = forecastsOf({ every: 1, ...world, days: 90 }).map((one) => {
    const at = timestamp(one.at + shift)
    return { forecast: { ...one, modelId, at, dueAt: later(at, DAY) } as ModelForecast, outcome: one.happened }
  })
  const due = said.filter(({ forecast }) => forecast.dueAt <= START)
  await desk.store.modelForecasts.save(said.map(({ forecast }) => forecast))
  await desk.store.modelForecasts.resolve(due.map(({ forecast, outcome }) => ({ ...forecast, outcome })))
}

const told = async (desk: TestDesk): Promise<readonly string[]> => {
  await desk.app.deliverMessages()
  return desk.channel.posts.map(({ versions }) => versions.at(-1)!.title)
}

const judged = async (desk: TestDesk, modelId: string): Promise<MeasuredHealth> => {
  const all = await desk.app.measureModelHealth({ at: START })
  return all.find((one) => one.modelId === modelId)!
}

const verdictOf = async (desk: TestDesk, modelId: string): Promise<string | undefined> =>
  (await desk.store.modelHealth.latest(modelId))?.verdict

suite('what models say', () => {
  test('is kept of champion and challengers, seven targets an asset with the baseline beside each; of those not on record nothing', async (t) => {
    const shadow = [saying(CHALLENGER, 0.2), saying('stranger', 0.3)]
    const desk = await open(t, { forecaster: saying(CHAMPION, 0.1, { shadow }) })
    const assets = Object.keys(desk.ports.settings.book.exposures)
    assert.equal(await desk.app.recordModelForecasts({ at: START }), 2 * 7 * assets.length)
    assert.equal(await desk.app.recordModelForecasts({ at: START }), 0, 'the first stands')
    const rows = await desk.store.modelForecasts.between({
      modelId: CHALLENGER,
      from: START,
      to: START,
      asset: assets[0]!,
    })
    assert.deepEqual(
      rows.map(({ target, probability, baseline, dueAt }) => [target, probability, baseline, (dueAt - START) / HOUR]),
      [
        ['cascade-down-24h', 0.2, 0.05, 24],
        ['cascade-down-4h', 0.2, 0.05, 4],
        ['cascade-down-72h', 0.2, 0.05, 72],
        ['cascade-up-24h', 0.1, 0.04, 24],
        ['cascade-up-4h', 0.1, 0.04, 4],
        ['cascade-up-72h', 0.1, 0.04, 72],
        ['overlay-pays-24h', 0.5, 0.45, 24],
      ],
    )
  })

  test('of one that fails is said aloud, and what the others said is kept', async (t) => {
    const broken = saying(CHALLENGER, 0.2, { predict: async () => Promise.reject(new Error('no such tensor')) })
    const desk = await open(t, { forecaster: saying(CHAMPION, 0.1, { shadow: [broken] }) })
    await assert.rejects(desk.app.recordModelForecasts({ at: START }), (error: AggregateError) =>
      error.errors.some((one: Error) => one.message === 'no such tensor'),
    )
    assert.ok((await desk.store.modelForecasts.shadow(CHAMPION)).forecasts > 0)
  })
})

suite('the daily judgement', () => {
  test('finds a model that says the truth good, tells nobody, and gives rail 10 its facts', async (t) => {
    const desk = await open(t)
    for (const id of [CHAMPION, CHALLENGER]) await remember(desk, id, { seed: 3 })
    const first = await judged(desk, CHAMPION)
    assert.equal(first.report.verdict, 'healthy', JSON.stringify(first.report.findings))
    assert.deepEqual(await told(desk), [])
    assert.equal(await verdictOf(desk, CHAMPION), 'good')
    const { facts, days } = first.report
    assert.equal(facts.calibrationGatePassed, true)
    assert.equal(facts.pageHinkleyAlarm, false)
    assert.ok(facts.averagePrecisionLift! > 1)
    assert.ok(days.length >= 88 && days.every(({ baselineLogLoss }) => baselineLogLoss !== undefined))
    await desk.app.watchRisk()
    const rail = (await desk.store.rails.read())?.states.find((state) => state.rail === 'model-health')
    assert.equal(rail?.level, 'normal')
  })

  test('takes a champion out of force that says three times too much, tells it once, and rail 10 sets the model aside', async (t) => {
    const desk = await open(t)
    await remember(desk, CHAMPION, { seed: 4, shift: 1.4 })
    await remember(desk, CHALLENGER, { seed: 3 })
    const measured = await desk.app.measureModelHealth({ at: START })
    assert.deepEqual(
      measured
        .map(({ modelId, changed, demoted }) => ({ modelId, changed, demoted }))
        .sort((a, b) => a.modelId.localeCompare(b.modelId)),
      [
        { modelId: CHAMPION, changed: true, demoted: true },
        { modelId: CHALLENGER, changed: false, demoted: false },
      ],
    )
    assert.equal(await desk.store.models.champion('recorded'), undefined)
    assert.equal((await desk.store.models.find(CHAMPION))?.state, 'challenger')
    assert.match((await desk.store.models.find(CHAMPION))!.reason!, /^calibration error 0\.\d+ \(limit 0\.\d+\)/)
    assert.deepEqual(await told(desk), [`Model ${CHAMPION} is out of force`])
    await desk.app.measureModelHealth({ at: later(START, HOUR) })
    assert.deepEqual(await told(desk), [`Model ${CHAMPION} is out of force`], 'said once')
    await desk.app.watchRisk()
    const rail = (await desk.store.rails.read())?.states.find((state) => state.rail === 'model-health')
    assert.deepEqual([rail?.level, rail?.variant], ['degraded', 'calibration'])
  })

  test('tells of a challenger whose verdict changes, each time it does', async (t) => {
    const desk = await open(t)
    await remember(desk, CHAMPION, { seed: 3 })
    await remember(desk, CHALLENGER, { seed: 4, shift: 1.4 })
    await desk.app.measureModelHealth({ at: START })
    assert.deepEqual(await told(desk), [`Model ${CHALLENGER} (challenger): failed`])
    assert.equal((await desk.store.models.champion('recorded'))?.modelId, CHAMPION)
    const row = (await desk.store.modelHealth.latest(CHALLENGER))!
    await desk.store.modelHealth.save({ ...row, report: { ...row.report, verdict: 'healthy' }, verdict: 'good' })
    await desk.pass(HOUR)
    await desk.app.measureModelHealth({ at: later(START, HOUR) })
    assert.equal((await told(desk)).length, 2)
    assert.equal(await desk.store.audit.count('model.judged'), 2)
  })

  test('without a record of models does nothing', async (t) => {
    const desk = await openDesk(t, { forecaster: saying(CHAMPION, 0.1) })
    assert.deepEqual(await desk.app.measureModelHealth({ at: START }), [])
  })
})

suite('outcomes', () => {
  /** Prices of ETH by the hour, swinging by 1 %, with a fall to `low` in one hour. */
  const marketOf = (low: number, { until }: { until: TimestampMs }): MarketState => {
    const market = createMarketState()
    market.feeds = [{ feed: 'bar', venue: 'binance', asset: 'ETH', cadence: HOUR }]
    for (let at = later(START, -300 * HOUR); at <= until; at = later(at, HOUR)) {
      const close = (at / HOUR) % 2 === 0 ? 3000 : 3030
      market.panel.apply({
        type: 'bar',
        series: 'mark',
        venue: 'binance',
        asset: 'ETH',
        interval: HOUR,
        eventAt: at,
        receivedAt: at,
        openPrice: price(close),
        highPrice: price(close),
        lowPrice: price(at === later(START, 10 * HOUR) ? low : close),
        closePrice: price(close),
      } as never)
    }
    return market
  }

  test('are written down once their horizon has passed and the market has been followed to its end, and given up a week later', async (t) => {
    const market = marketOf(2500, { until: later(START, 30 * HOUR) })
    const desk = await open(t, { market })
    await desk.app.recordModelForecasts({ at: START })
    const outcomes = async (asset = 'ETH') =>
      Object.fromEntries(
        (await desk.store.modelForecasts.between({ modelId: CHAMPION, from: START, to: START, asset })).map(
          ({ target, outcome }) => [target, outcome],
        ),
      )
    await desk.app.measureModelHealth({ at: later(START, 30 * HOUR) })
    assert.deepEqual(await outcomes(), {
      'cascade-down-24h': true,
      'cascade-down-4h': false,
      'cascade-down-72h': undefined,
      'cascade-up-24h': false,
      'cascade-up-4h': false,
      'cascade-up-72h': undefined,
      'overlay-pays-24h': false,
    })
    assert.equal(
      (await desk.store.modelForecasts.pending({ before: later(START, 100 * DAY), limit: 99 })).length > 0,
      true,
    )
    await desk.app.measureModelHealth({ at: later(START, 11 * DAY) })
    assert.deepEqual(await desk.store.modelForecasts.pending({ before: later(START, 100 * DAY), limit: 99 }), [])
  })
})

suite('what hedges are sized by', () => {
  test('is asked too whether it comes as often as said, and one that promises too much is to be calibrated anew', async (t) => {
    const desk = await open(t)
    await remember(desk, CHAMPION, { seed: 3 })
    const random = createRandom(5)
    const said = Array.from({ length: 85 }, (_, day): ModelForecast & { outcome: boolean } => {
      const at = later(START, -(day + 2) * DAY)
      const of = { modelId: CHAMPION, asset: 'ETH', target: 'overlay-pays-24h', probability: 0.6, baseline: 0.45 }
      return { ...of, at, dueAt: later(at, DAY), outcome: random() < 0.15 }
    })
    await desk.store.modelForecasts.save(said)
    await desk.store.modelForecasts.resolve(said)
    const { report } = await judged(desk, CHAMPION)
    const finding = report.findings.find(({ check }) => check === 'calibration-drift')!
    assert.equal(finding.level, 'recalibrate')
    assert.match(
      finding.text,
      /^overlay-pays-24h came \d+ times where 51\.0 were expected in 85 forecasts: ratio 0\.[123]/,
    )
  })
})

suite('what a model reads', () => {
  const gauss = createGaussian(createRandom(1))
  const trained = Array.from({ length: 3_000 }, () => [gauss(), gauss()])
  const drift: DriftReference = {
    features: NAMES.map((name, f) => ({
      name,
      bins: binReference(trained.map((row) => row[f]!))!,
      known: 1,
      limits: { warn: 0.1, act: 0.25 },
    })),
    scores: {},
    distance: distanceReference(trained),
    distanceLimits: { warn: 0.05, act: 0.2 },
    months: 4,
    rows: 3_000,
  }
  const month = (): MarketState => {
    const market = createMarketState()
    market.feeds = [{ feed: 'bar', venue: 'binance', asset: 'ETH', cadence: HOUR }]
    market.panel.apply({
      type: 'bar',
      series: 'mark',
      venue: 'binance',
      asset: 'ETH',
      interval: HOUR,
      eventAt: later(START, -60 * DAY),
      receivedAt: later(START, -60 * DAY),
      openPrice: price(3000),
      highPrice: price(3000),
      lowPrice: price(3000),
      closePrice: price(3000),
    } as never)
    return market
  }
  const reading = (value: (at: number, f: number) => number): Forecaster =>
    saying(CHAMPION, 0.1, {
      drift,
      lastRow: (_panel, _asset, at) => ({ names: NAMES, values: NAMES.map((_, f) => value(at, f)) }),
    })
  const noise = (at: number, f: number): number => createGaussian(createRandom(at / HOUR + 7_919 * f))()

  test('as in training is fine; moved by a spread and a half it fails, with index and limit', async (t) => {
    const calm = await open(t, { forecaster: reading(noise), market: month() })
    await remember(calm, CHAMPION, { seed: 3 })
    const fine = await judged(calm, CHAMPION)
    const levels = Object.fromEntries(fine.report.findings.map(({ check, level }) => [check, level]))
    assert.deepEqual(
      [levels['feature-drift'], levels['out-of-distribution'], levels.coverage, levels['score-drift']],
      ['fine', 'fine', 'fine', 'unknown'],
    )
    const moved = await open(t, { forecaster: reading((at, f) => noise(at, f) + (f === 1 ? 1.5 : 0)), market: month() })
    await remember(moved, CHAMPION, { seed: 3 })
    const measured = await judged(moved, CHAMPION)
    const finding = measured.report.findings.find(({ check }) => check === 'feature-drift')!
    assert.equal(finding.level, 'failed')
    assert.match(finding.text, /of wild on ETH \(limits 0\.10 and 0\.25\)/)
    assert.ok(measured.report.facts.psi! > 0.25)
    assert.equal(measured.demoted, true)
  })

  test('that is known no more is found by its coverage', async (t) => {
    const desk = await open(t, {
      forecaster: reading((at, f) => (f === 1 ? Number.NaN : noise(at, f))),
      market: month(),
    })
    const first = await judged(desk, CHAMPION)
    const unasked = first.report.findings.find(({ check }) => check === 'coverage')!
    assert.equal(unasked.level, 'unknown', 'what was fetched as history is not held against it')
    await remember(desk, CHAMPION, { seed: 3 })
    const measured = await judged(desk, CHAMPION)
    const finding = measured.report.findings.find(({ check }) => check === 'coverage')!
    assert.equal(finding.level, 'warn')
    assert.match(finding.text, /^50 % of what it knew in training is known of ETH .*gone: wild$/)
  })
})

suite('/model health', () => {
  test('says the verdict first, then every number with its limit, and draws it', async (t) => {
    const desk = await open(t)
    assert.match((await desk.say('vera', '/model health')).title, /^Model lstm-1 \(champion\): not judged yet$/)
    await remember(desk, CHALLENGER, { seed: 4, shift: 1.4 })
    await desk.app.measureModelHealth({ at: START })
    const card = await desk.say('vera', `/model health ${CHALLENGER}`)
    assert.deepEqual([card.tone, card.title], ['critical', `Model ${CHALLENGER} (challenger): failed`])
    assert.match(card.text!, /^Calibration, 90 days: calibration error .* Volatility alone is used instead\./)
    assert.deepEqual(card.fields!.map(({ name }) => name).slice(0, 2), [
      'Calibration, 90 days: failed',
      'Ranking, 90 days: fine',
    ])
    assert.equal(card.fields!.length, 11)
    const { picture } = card
    assert.ok(picture?.kind === 'model-health')
    assert.ok(picture.days.length >= 88 && picture.reliability.length === 2)
    assert.match((await desk.say('vera', '/model health nobody')).title, /^There is no model nobody$/)
  })

  test('is refused where no record of models is kept', async (t) => {
    const desk = await openDesk(t)
    assert.equal((await desk.say('vera', '/model health')).tone, 'refused')
  })
})

test('the market wakes the judgement once a day at twenty past midnight, and the record of what models say once an hour', async (t) => {
  const market = createMarketState()
  const desk = await open(t, { market })
  const settings = testSettings()
  assert.ok(settings.forecasts.every > 0)
  const names: string[] = []
  const { queue } = desk.ports
  const add = queue.add.bind(queue)
  queue.add = async (request) => {
    names.push(`${request.name} ${request.jobId.split('-').at(-1)}`)
    await add(request)
  }
  const at = (hours: number, minutes: number): TimestampMs =>
    timestamp(Math.floor(START / DAY) * DAY + DAY + hours * HOUR + minutes * MINUTE)
  market.feeds = [{ feed: 'bar', venue: 'binance', asset: 'ETH', cadence: HOUR }]
  market.panel.apply({
    type: 'bar',
    series: 'mark',
    venue: 'binance',
    asset: 'ETH',
    interval: HOUR,
    eventAt: START,
    receivedAt: START,
    openPrice: price(3000),
    highPrice: price(3000),
    lowPrice: price(3000),
    closePrice: price(3000),
  } as never)
  for (const instant of [at(0, 5), at(0, 15), at(0, 20), at(0, 35), at(1, 0), at(23, 0), at(24, 10), at(24, 25)])
    await desk.app.refreshForecasts({ at: instant })
  const of = (name: string) => names.filter((one) => one.startsWith(name)).map((one) => Number(one.split(' ')[1]))
  // The first is that of the start: what was missed while the desk was down.
  assert.deepEqual(of('measure-model-health'), [at(0, 5), at(0, 20), at(24, 25)])
  assert.deepEqual(of('record-model-forecasts'), [at(0, 5), at(1, 0), at(23, 0), at(24, 10)])
})
