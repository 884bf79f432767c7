import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Card } from '../../src/domain/card.ts'
import type { Cluster } from '../../src/domain/forecast.ts'
import type { MapSnapshot } from '../../src/domain/liquidation/snapshot.ts'
import type { Picture } from '../../src/domain/picture.ts'
import { bps, DAY, fraction, HOUR, later, price, timestamp } from '../../src/domain/units.ts'
import type { ConfidenceReport } from '../../src/ports.ts'
import { aJudgement, aSnapshot } from '../conformance/store-liquidation.ts'
import { aCluster } from '../conformance/store-samples.ts'
import type { Cleanup } from '../support/database.ts'
import { openDesk, START, type TestDesk } from '../support/desk.ts'

const said = (card: Card, name: string): string => {
  const field = card.fields?.find((each) => each.name === name)
  assert.ok(field, `Expected a field ${name}, were ${card.fields?.map((each) => each.name).join(' | ')}`)
  return field.value
}
const pictureOf = <K extends Picture['kind']>(card: Card, kind: K): Extract<Picture, { kind: K }> => {
  assert.equal(card.picture?.kind, kind)
  return card.picture as Extract<Picture, { kind: K }>
}

const LONGS = 'QTX3M9QX2TBAAAAA'
const SHORTS = 'QTX7ZZZZZZZZZZZZ'
const clusters = (): readonly Cluster[] => {
  const sample = aCluster({ clusterId: LONGS })
  const far = { ...sample, firstSeenAt: later(START, -DAY), leverage: sample.leverage.map(openedBefore) }
  const near: Cluster = {
    ...far,
    clusterId: SHORTS,
    side: 'buy',
    lowPrice: price(3090),
    peakPrice: price(3100),
    highPrice: price(3110),
    distance: bps(333),
    confidence: {
      '4h': { kind: 'undetermined', reason: 'STALE_OPEN_INTEREST' },
      '24h': { kind: 'undetermined', reason: 'STALE_OPEN_INTEREST' },
      '72h': { kind: 'undetermined', reason: 'STALE_OPEN_INTEREST' },
    },
  }
  return [far, near]
}
const openedBefore = <T extends { openedAt: unknown }>(one: T) => ({ ...one, openedAt: later(START, -6 * HOUR) })

const snapshotAt = (hours: number): MapSnapshot => aSnapshot({ at: later(START, hours * HOUR) })

/** A desk with a forecast of two clusters now, and hourly maps on record for the hours given, counted from now. */
async function mappedDesk(
  t: Cleanup,
  { hours = [-3, -2, -1, 0] }: { hours?: readonly number[] } = {},
): Promise<TestDesk> {
  const desk = await openDesk(t)
  await desk.forecast({ clusters: clusters() })
  for (const hour of hours) await desk.store.maps.save(snapshotAt(hour))
  return desk
}

test('the map shows the record as a heat map, with the nearest clusters of each side', async (t) => {
  const desk = await mappedDesk(t)
  const card = await desk.say('vera', '/liq map eth')
  assert.equal(card.title, 'ETH liquidation map at 3,000.00')
  assert.equal(
    said(card, 'Longs below'),
    '2,750.50, 8.3 % below, $1.50 B, 24 h 61.0 % (distance and volatility alone 42.0 %), id QTX3M9QX',
  )
  assert.match(
    said(card, 'Shorts above'),
    /^3,100\.00, 3\.3 % above, .*24 h undetermined: .* out of date, id QTX7ZZZZ$/,
  )
  assert.equal(
    said(card, 'Data'),
    'quality good, 90 % of open interest covered, 5 min old; calibrated on simulated data only',
  )
  assert.match(said(card, 'On record'), /^4 hourly maps since 2026-01-05 09:00 UTC$/)
  assert.match(card.footer!, /an estimate from open interest, never a list of real positions/)
  const picture = pictureOf(card, 'liquidation-map')
  assert.deepEqual(picture.snapshots, [-3, -2, -1, 0].map(snapshotAt))
  assert.deepEqual(
    picture.clusters.map(({ clusterId, side, confidence }) => [clusterId, side, confidence]),
    [
      [LONGS, 'sell', 0.61],
      [SHORTS, 'buy', undefined],
    ],
  )
  assert.match(
    picture.alt,
    /^ETH from 2026-01-05 09:00 UTC .* 4 hours on record.*of longs at 2,750\.50, 61\.0 % within 24 h/,
  )
})

test('the map reaches back as many hours as asked, and fewer than two of them are a profile', async (t) => {
  const desk = await mappedDesk(t, { hours: [-100, -6, 0] })
  const reach = async (text: string) => pictureOf(await desk.say('vera', text), 'liquidation-map').snapshots.length
  assert.equal(await reach('/liq map ETH 240'), 3)
  assert.equal(await reach('/liq map ETH 48'), 2)
  const short = await desk.say('vera', '/liq map ETH 5')
  assert.deepEqual(pictureOf(short, 'liquidation-profile').snapshot, snapshotAt(0))
  assert.match(said(short, 'On record'), /^1 hourly map in the last 5 h/)
  for (const hours of ['3', '241', 'many']) {
    const { tone, text } = await desk.say('vera', `/liq map ETH ${hours}`)
    assert.equal(tone, 'refused')
    assert.match(text!, /hours: /)
  }
})

test('a map that nobody renews is shown with its age', async (t) => {
  const desk = await mappedDesk(t, { hours: [-60] })
  const card = await desk.say('vera', '/liq map')
  assert.equal(card.tone, 'warning')
  assert.match(card.text!, /^The newest map is 2 d 12 h old: is a worker running\?$/)
  assert.equal(pictureOf(card, 'liquidation-profile').snapshot.at, later(START, -60 * HOUR))
})

test('without anything on record it says why and what to do', async (t) => {
  const desk = await openDesk(t)
  const nothing = await desk.say('vera', '/liq map SOL')
  assert.deepEqual([nothing.tone, nothing.title], ['refused', 'Nothing known about SOL'])
  assert.match(nothing.text!, /a worker has to run/)
  await desk.forecast()
  for (const command of ['/liq map', '/liq clusters']) {
    assert.match((await desk.say('vera', command)).text!, /No open interest has been received.*\/hedge status/)
  }
})

test('clusters are listed nearest first with everything that is known of each, and a profile', async (t) => {
  const desk = await mappedDesk(t)
  const card = await desk.say('vera', '/liq clusters ETH')
  assert.deepEqual(
    card.fields!.map(({ name }) => name),
    ['shorts 3,100.00, id QTX7ZZZZ', 'longs 2,750.50, id QTX3M9QX', 'Data'],
  )
  assert.deepEqual(card.fields![1]!.value.split('\n'), [
    '2,700.00–2,800.00, 8.3 % below, 2.1 standard deviations of a day',
    '$1.50 B, 12.0 % of open interest, cascade gain 0.40, age 24 h, binance 60 %, okx 40 %',
    'confidence 4h undetermined (too few outcomes to calibrate on), 24h 61.0 % [50.0 %, 70.0 %], 72h 75.0 %',
    'distance and volatility alone 24h 42.0 %, 72h 42.0 %',
  ])
  assert.match(card.fields![0]!.value, /\nconfidence undetermined: more than half of open interest is out of date$/)
  assert.deepEqual(pictureOf(card, 'liquidation-profile').snapshot, snapshotAt(0))
})

test('a chance too small for the digits shown is not called none', async (t) => {
  const desk = await openDesk(t)
  const [cluster] = clusters()
  const tiny = { ...cluster!.confidence['24h'], confidence: 0.0002, low: 0, baseline: 0.0006 } as never
  await desk.forecast({ clusters: [{ ...cluster!, confidence: { ...cluster!.confidence, '24h': tiny } }] })
  const { fields } = await desk.say('vera', '/liq clusters')
  assert.match(fields![0]!.value, /24h under 0\.1 % \[0\.0 %, 70\.0 %\]/)
  assert.match(fields![0]!.value, /alone 24h 0\.1 %/)
})

test('only the nearest eight are listed, and it says how many there are', async (t) => {
  const desk = await openDesk(t)
  const many = Array.from({ length: 11 }, (_, i) => ({
    ...aCluster({ clusterId: `MANY${i}` }),
    distance: bps(1_000 - 50 * i),
  }))
  await desk.forecast({ clusters: many })
  const card = await desk.say('vera', '/liq clusters')
  assert.equal(card.fields!.filter(({ name }) => name.startsWith('longs')).length, 8)
  assert.match(card.fields![0]!.value, /, 5\.0 % below,/)
  assert.match(said(card, 'Farther away'), /^3 more/)
})

test('a cluster is explained down to leverage, entry prices and how its confidence is made', async (t) => {
  const desk = await mappedDesk(t)
  for (const id of [LONGS, 'qtx3', 'Qtx3m9qx']) {
    const card = await desk.say('vera', `/liq explain ${id}`)
    assert.equal(card.title, 'ETH: longs that would be liquidated at 2,750.50')
    assert.match(card.footer!, new RegExp(`^Cluster ${LONGS}, forecast 0 s old; an estimate`))
  }
  const card = await desk.say('vera', '/liq explain QTX3')
  assert.equal(said(card, 'Venues'), 'binance 60 %, okx 40 %')
  assert.deepEqual(said(card, 'Leverage').split('\n'), [
    '10x 70 %: entered at 3,000.00–3,080.00, opened 6 h before on average',
    '25x 30 %: entered at 2,830.00–2,860.00, opened 6 h before on average',
  ])
  assert.match(said(card, 'Cascade gain'), /^0\.40: .*from 1 on it feeds itself$/)
  assert.match(said(card, 'Age'), /first seen 2026-01-04 12:00 UTC$/)
  assert.match(said(card, 'What is asked'), /^price trades at 2,750\.50, and within 2 h/)
  assert.equal(
    said(card, 'Within 24h'),
    'touch 70.0 % × event when touched 87.0 % = 60.9 %, calibrated 61.0 % [50.0 %, 70.0 %]; distance and volatility alone 42.0 %',
  )
  assert.match(said(card, 'Within 4h'), /^undetermined: too few outcomes to calibrate on$/)
})

test('an id that is unknown, or the beginning of several, is told with those that are meant', async (t) => {
  const desk = await mappedDesk(t)
  const several = await desk.say('vera', '/liq explain QTX')
  assert.equal(several.tone, 'refused')
  assert.match(several.text!, /its first four characters or more/)
  const both = await desk.store.forecasts.findClusters('QTX', timestamp(0))
  assert.equal(both.length, 2)
  const unknown = await desk.say('vera', '/liq explain ZZZZ')
  assert.equal(unknown.title, 'There is no cluster ZZZZ')
  assert.deepEqual(
    unknown.fields!.map(({ name }) => name),
    ['QTX7ZZZZ', 'QTX3M9QX'],
  )
  const [first] = clusters()
  await desk.forecast({ clusters: [first!, { ...first!, clusterId: `${LONGS.slice(0, 6)}ZZ` }] })
  const ambiguous = await desk.say('vera', `/liq explain ${LONGS.slice(0, 5)}`)
  assert.equal(ambiguous.title, 'QTX3M is the beginning of 2 ids')
  const whole = await desk.say('vera', `/liq explain ${LONGS}`)
  assert.equal(whole.tone, 'info')
})

test('a cluster that has vanished is explained as it last stood, and whether price has been there', async (t) => {
  const desk = await mappedDesk(t)
  await desk.pass(2 * HOUR)
  await desk.forecast({ clusters: [] })
  const gone = await desk.say('vera', '/liq explain QTX3')
  assert.equal(gone.tone, 'warning')
  assert.match(
    gone.text!,
    /^No longer on the map: last seen 2026-01-05 12:00 UTC, 2 h ago; price has not been at its peak since/,
  )
  await desk.store.maps.save({ ...snapshotAt(2), lowPrice: price(2700) })
  assert.match((await desk.say('vera', '/liq explain QTX3')).text!, /price has been at its peak since/)
  assert.match((await desk.say('vera', '/liq explain QTX7')).text!, /price has not been at its peak since/)
  await desk.pass(8 * DAY)
  await desk.forecast({ clusters: [] })
  const forgotten = await desk.say('vera', '/liq explain QTX3')
  assert.match(forgotten.text!, /^None of the last 7 days has an id that begins so\. None stands now\.$/)
})

const SHIPPED: ConfidenceReport = {
  '24h': {
    samples: 12_000,
    days: 700,
    events: 400,
    episodes: 120,
    ece: 0.012,
    brierSkill: 0.21,
    baselineBrierSkill: 0.14,
    skillOverBaseline: { value: 0.081, low: 0.02, high: 0.13 },
    reliability: [{ meanProbability: 0.02, rate: 0.03, low: 0.01, high: 0.05, count: 6_000 }],
    calibratedOn: 'simulated',
    trainedOn: 'simulated market, 40 seeds',
  },
}

test('before anything has been judged, calibration shows what ships and says so', async (t) => {
  const bare = await openDesk(t)
  const nothing = await bare.say('vera', '/liq calibration')
  assert.match(nothing.title, /no record of confidence yet/)
  const desk = await openDesk(t, { confidenceReport: SHIPPED })
  const card = await desk.say('vera', '/liq calibration')
  assert.match(card.text!, /^Nothing has been judged on this desk yet/)
  assert.equal(
    said(card, 'Held out'),
    '12000 cluster-days on 700 days, 400 events in 120 episodes; ECE 0.012, Brier skill +0.210 over climatology (distance and volatility alone +0.140); +0.081 [+0.020, +0.130] over distance and volatility alone',
  )
  assert.equal(said(card, 'Calibration'), 'calibrated on simulated data only: simulated market, 40 seeds')
  const picture = pictureOf(card, 'reliability')
  assert.match(picture.subtitle, /^held-out data, no live record yet: 12000 cluster-days/)
  assert.deepEqual(picture.curves[0]!.bins, SHIPPED['24h']!.reliability)
  assert.match((await desk.say('vera', '/liq calibration all 4h')).title, /4h: no record of confidence yet$/)
})

test('calibration shows the live record as a diagram beside what ships, by asset and horizon', async (t) => {
  const desk = await openDesk(t, { confidenceReport: SHIPPED })
  await desk.store.clusterOutcomes.save([
    ...Array.from({ length: 60 }, (_, i) =>
      aJudgement({
        clusterId: `c${i}`,
        day: START + i * DAY,
        confidence: i % 2 ? 0.8 : 0.1,
        baseline: 0.3,
        event: i % 2 === 1,
      }),
    ),
    aJudgement({ clusterId: 'other', asset: 'BTC', day: START }),
    aJudgement({ clusterId: 'short', horizon: '4h', day: START }),
  ])
  const card = await desk.say('vera', '/liq calibration eth')
  assert.equal(card.title, 'Confidence of clusters within 24h, ETH')
  assert.match(said(card, 'Live record'), /^60 cluster-days on 60 days, 2026-01-05 to 2026-03-05$/)
  assert.match(said(card, 'What came'), /^60 touched, 30 events in 30 episodes/)
  assert.match(
    said(card, 'Score'),
    /^ECE 0\.\d{3} .*Brier skill \+0\.9\d\d over climatology \(−0\.160\), \+0\.9\d\d over/,
  )
  assert.match(said(card, 'Held out'), /^12000 cluster-days/)
  const { curves, subtitle, alt } = pictureOf(card, 'reliability')
  assert.deepEqual(
    curves.map(({ name, bins }) => [name, bins.map(({ count }) => count)]),
    [
      ['confidence', [20, 20, 20]],
      ['distance and volatility alone', [20, 20, 20]],
    ],
  )
  assert.match(subtitle, /^live record, ETH: 60 cluster-days on 60 days, 30 events; calibrated on simulated data only$/)
  assert.match(alt, /^Reliability in 3 bins of at least 20 samples: said 10\.0 %, came 0\.0 % \[0\.0 %,/)
  assert.match(said(await desk.say('vera', '/liq calibration'), 'Live record'), /^61 cluster-days/)
  const short = await desk.say('vera', '/liq calibration all 4h')
  assert.match(said(short, 'Score'), /^too few to say: 0 of the 30 events it takes$/)
  assert.equal(short.picture, undefined)
  assert.equal((await desk.say('vera', '/liq calibration eth 5h')).tone, 'refused')
})

test('every probability on these cards can be read: no number is missing its value', async (t) => {
  const desk = await mappedDesk(t)
  await desk.store.forecasts.save((await desk.store.forecasts.latest('ETH'))!.forecast, [
    { ...clusters()[0]!, gain: undefined as never, leverage: [], venueShares: {}, shareOfOpenInterest: fraction(0) },
  ])
  for (const text of ['/liq map', '/liq clusters', '/liq explain QTX3', '/liq calibration']) {
    const card = await desk.say('vera', text)
    assert.doesNotMatch(JSON.stringify(card), /undefined|NaN|Infinity|\[object|1970/, text)
    for (const { name, value } of card.fields ?? []) assert.ok(name !== '' && value.trim() !== '', `${text} ${name}`)
  }
})
