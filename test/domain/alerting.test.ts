import assert from 'node:assert/strict'
import { test } from 'node:test'
import { baseQty, duration, fraction, HOUR, MINUTE, price, usd } from '../../src/domain/units.ts'
import { cluster, play, START, type Step, shorts } from './alert-path.ts'

const seen = (confidence: number | undefined, over: Partial<Step> = {}): Step => ({
  clusters: [cluster(confidence)],
  ...over,
})
const reasons = (steps: readonly Step[], options?: Parameters<typeof play>[1]) =>
  play(steps, options).alerts.map(({ endReason }) => endReason)
const stagesOf = (steps: readonly Step[], options?: Parameters<typeof play>[1]) =>
  play(steps, options).alerts.map(({ stageTimes }) => Object.keys(stageTimes))

test('one alert is raised at the threshold and stays one while confidence moves inside the band', () => {
  const { alerts } = play([seen(0.39), seen(0.4), seen(0.31), seen(0.45), seen(0.33), seen(0.41)])
  assert.equal(alerts.length, 1)
  const [{ raisedAt, raisedPrice, peakConfidence, stage, stageTimes, endedAt, horizon }] = alerts as [
    (typeof alerts)[0],
  ]
  assert.deepEqual(
    { raisedAt, raisedPrice, peakConfidence, stage, stageTimes, endedAt, horizon },
    {
      raisedAt: START + 60_000,
      raisedPrice: 3000,
      peakConfidence: 0.45,
      stage: 'raised',
      stageTimes: { raised: START + 60_000 },
      endedAt: undefined,
      horizon: '24h',
    },
  )
})

test('the horizon of the rules is the one that is asked, and its alert is followed by it', () => {
  assert.equal(play([seen(undefined)], { rules: { horizon: '72h' } }).alerts.length, 1)
  assert.deepEqual(play([seen(0.9)], { rules: { horizon: '4h' } }).alerts, [])
})

test('below the band the episode is over, and the cooldown holds the next one back, saying so', () => {
  const steps = [seen(0.5), seen(0.29), seen(0.5), seen(0.5, { afterMs: 5 * HOUR }), seen(0.5, { afterMs: 2 * HOUR })]
  const { alerts, decisions } = play(steps)
  assert.deepEqual(
    alerts.map((alert) => alert.endReason),
    ['faded', undefined],
  )
  assert.deepEqual(
    decisions.map(({ decision }) => decision.held.map(({ reason }) => reason)),
    [[], [], ['cooldown'], ['cooldown'], []],
  )
})

test('an alert that stands untouched too long ends by itself, and is not told again while its cluster stands', () => {
  const steps = [
    seen(0.5),
    seen(0.5, { afterMs: 12 * HOUR }),
    seen(0.5, { afterMs: 7 * HOUR }),
    seen(0.6, { afterMs: 7 * HOUR }),
  ]
  assert.deepEqual(reasons(steps), ['timed-out'])
})

test('a cluster that is gone from the map ends its alert', () => {
  assert.deepEqual(reasons([seen(0.5), { clusters: [] }]), ['vanished'])
})

test('an undetermined confidence raises nothing and ends nothing', () => {
  const { alerts } = play([seen(undefined), seen(0.5), seen(undefined), seen(0.5)])
  assert.deepEqual(
    alerts.map(({ stage }) => stage),
    ['raised'],
  )
})

test('a price already beyond the peak raises nothing', () => {
  assert.deepEqual(play([seen(0.9, { price: 2840 })]).alerts, [])
})

test('price nears once half of the log distance is gone', () => {
  const halfWay = Math.sqrt(3000 * 2850)
  assert.deepEqual(stagesOf([seen(0.5), seen(0.5, { price: halfWay + 0.01 })]), [['raised']])
  assert.deepEqual(stagesOf([seen(0.5), seen(0.5, { price: halfWay - 0.01 })]), [['raised', 'approaching']])
})

test('price nears within half a standard deviation of four hours, at once where an alert is raised there', () => {
  const within = 2850 * Math.exp(0.5 * Math.log(3000 / 2850) * Math.sqrt(4 / 24))
  assert.deepEqual(stagesOf([seen(0.5, { price: within + 0.01 })]), [['raised']])
  assert.deepEqual(stagesOf([seen(0.5, { price: within - 0.01 })]), [['raised', 'approaching']])
})

test('a wick to the peak is a touch, on the side of the cluster only', () => {
  assert.deepEqual(stagesOf([seen(0.5), seen(0.5, { lowPrice: 2850 })]), [['raised', 'touched']])
  assert.deepEqual(stagesOf([seen(0.5), seen(0.5, { highPrice: 3300 })]), [['raised']])
  const above = { clusters: [shorts(0.5)] }
  assert.deepEqual(stagesOf([above, { ...above, highPrice: 3150 }]), [['raised', 'touched']])
})

test('a bar that closed before the alert was raised is not held against it', () => {
  const old = { eventAt: START, interval: MINUTE, lowPrice: price(2000), highPrice: price(4000) }
  assert.deepEqual(stagesOf([seen(0.5), seen(0.5)], { inputs: { bars: [old] } }), [['raised']])
})

test('a price at the peak is a touch where there are no bars', () => {
  const { alerts } = play([seen(0.5), seen(0.5, { price: 2850 })], { inputs: { bars: [] } })
  assert.deepEqual(alerts[0]!.touch, { from: START + 60_000, at: START + 60_000 })
})

/** Open interest is heard, an alert is raised, a bar of a minute touches; then steps of half an hour at this open interest. */
const touched = (coins: readonly number[], over: Partial<Step> = {}): Step[] => [
  seen(0.5, { openInterest: 1e6 }),
  seen(0.5, { openInterest: 1e6 }),
  seen(0.5, { lowPrice: 2849, openInterest: 1e6, afterMs: MINUTE }),
  ...coins.map((openInterest) => ({ clusters: [], openInterest, afterMs: 30 * MINUTE, ...over })),
]

test('once touched, neither fading nor vanishing nor time ends an alert before two hours and the slowest feed', () => {
  const held = [1e6, 1e6, 1e6, 1e6]
  assert.deepEqual(reasons(touched(held.slice(1))), [undefined])
  assert.deepEqual(reasons([...touched(held), { clusters: [], afterMs: 59_000 }]), [undefined])
  assert.deepEqual(reasons([...touched(held), { clusters: [], afterMs: 60_000 }]), ['held'])
  assert.deepEqual(reasons([...touched(held), { clusters: [], afterMs: 60_000 }], { cadence: HOUR }), [undefined])
  assert.deepEqual(reasons(touched(held), { rules: { maxDuration: HOUR } }), [undefined])
})

test('open interest that falls by one percent and 0.3 of the cluster is a cascade, told once and ended as one', () => {
  // 0.3 of a hundred million at 3,000 is 10,000 coins: both limits are one percent of a million.
  assert.deepEqual(reasons([...touched([990_001, 1e6, 1e6, 1e6]), { clusters: [], afterMs: MINUTE }]), ['held'])
  const { alerts, decisions } = play([...touched([990_000, 1e6, 1e6, 1e6]), { clusters: [], afterMs: MINUTE }])
  const [alert] = alerts
  assert.deepEqual(Object.keys(alert!.stageTimes), ['raised', 'touched', 'cascading', 'over'])
  assert.deepEqual([alert!.endReason, alert!.severity], ['cascaded', 'critical'])
  assert.ok(Math.abs(alert!.openInterestChange! + 0.01) < 1e-12)
  assert.equal(decisions.flatMap(({ decision }) => decision.change.filter(({ told }) => told)).length, 3)
})

test('a larger cluster asks for a larger fall, printed liquidations of a fifth of it need none', () => {
  const large = { clusters: [cluster(0.5, { notional: usd(4e8) })] }
  const path = (over: Partial<Step>): Step[] => [
    { ...large, openInterest: 1e6 },
    { ...large, openInterest: 1e6 },
    { ...large, openInterest: 1e6, lowPrice: 2850 },
    { clusters: [], afterMs: HOUR, ...over },
  ]
  assert.equal(play(path({ openInterest: 970_000 })).alerts[0]!.stage, 'touched')
  assert.equal(play(path({ openInterest: 960_000 })).alerts[0]!.stage, 'cascading')
  assert.equal(play(path({ openInterest: 1e6, longNotional: 7.9e7 })).alerts[0]!.stage, 'touched')
  assert.equal(play(path({ openInterest: 1e6, longNotional: 8e7 })).alerts[0]!.stage, 'cascading')
})

test('a fall in the bar of the touch itself makes a cascade of it in the same decision', () => {
  const steps = [seen(0.5, { openInterest: 1e6 }), seen(0.5, { lowPrice: 2840, openInterest: 950_000 })]
  assert.deepEqual(stagesOf(steps), [['raised', 'touched', 'cascading']])
})

test('a touch around which no open interest was heard ends as unknown, not as held', () => {
  const silent = [seen(0.5), seen(0.5, { lowPrice: 2850 }), { clusters: [], afterMs: 3 * HOUR }]
  assert.deepEqual(reasons(silent), ['unknown'])
  assert.deepEqual(reasons(silent, { inputs: { heardAround: undefined } }), ['unknown'])
})

test('where open interest comes every four hours, one percent within four hours is judged', () => {
  const steps = [
    seen(0.5, { openInterest: 1e6 }),
    seen(0.5, { lowPrice: 2850 }),
    { clusters: [], afterMs: 3.9 * HOUR, openInterest: 989_000 },
    { clusters: [], afterMs: 4.2 * HOUR },
  ]
  assert.deepEqual(reasons(steps, { cadence: 4 * HOUR }), ['cascaded'])
})

test('the budget of a day holds back what is not critical, and frees up as the day passes', () => {
  const rules = { budgetPerDay: 1, cooldown: duration(0) }
  const day = (afterMs: number): Step => ({ clusters: [cluster(0.5, { clusterId: 'next' })], afterMs })
  const first = [seen(0.45), { clusters: [] }]
  const { alerts, decisions } = play([...first, day(HOUR), day(22 * HOUR), day(HOUR)], { rules })
  assert.deepEqual(
    alerts.map(({ clusterId }) => clusterId),
    ['ETH-sell-1', 'next'],
  )
  assert.deepEqual(
    decisions.map(({ decision }) =>
      decision.held.map(({ cluster: { clusterId }, reason }) => `${clusterId} ${reason}`),
    ),
    [[], [], ['next budget'], ['next budget'], []],
  )
  const critical = { clusters: [cluster(0.9, { clusterId: 'next' })], afterMs: HOUR }
  assert.equal(play([...first, critical], { rules }).alerts.length, 2)
})

test('two clusters of one look share what is left of the budget', () => {
  const { alerts, decisions } = play([{ clusters: [shorts(0.5), cluster(0.45)] }], { rules: { budgetPerDay: 1 } })
  assert.deepEqual(
    alerts.map(({ cluster: { side } }) => side),
    ['buy'],
  )
  assert.deepEqual(
    decisions[0]!.decision.held.map(({ cluster: { side }, reason }) => [side, reason]),
    [['sell', 'budget']],
  )
})

test('severity rises within an episode, is told, and never falls', () => {
  const loud = { clusters: [cluster(0.5, { gain: 1.2 })] }
  const { alerts, decisions } = play([seen(0.45), loud, seen(0.45)])
  assert.equal(alerts[0]!.severity, 'warning')
  assert.deepEqual(
    decisions.map(({ decision }) => decision.change.map(({ told }) => told)),
    [[], [true], []],
  )
})

test('what the book would lose makes an alert louder', () => {
  const at = (unhedged: number) =>
    play([seen(0.45)], { inputs: { book: { exposure: baseQty(100), unhedged: baseQty(unhedged) } } }).alerts[0]!
      .severity
  // The far edge is 6.7 % below: all of it, four fifths, and less than three quarters of the book.
  assert.deepEqual([at(100), at(80), at(70), at(-100)], ['warning', 'warning', 'notice', 'notice'])
})

test('nothing to decide costs nothing: the same answer every time', () => {
  const { decisions } = play([seen(0.1), { clusters: [] }, seen(undefined)])
  assert.equal(new Set(decisions.map(({ decision }) => decision)).size, 1)
  assert.deepEqual(decisions[0]!.decision, { raise: [], change: [], held: [] })
})

test('an alert is followed by the threshold that it was raised at, whatever the rules say since', () => {
  const { alerts: open } = play([seen(0.5)])
  const { decisions } = play([seen(0.35)], { rules: { threshold: fraction(0.8) }, inputs: { open } })
  assert.deepEqual(decisions[0]!.decision.change, [])
})

test('the cooldown starts when the episode is over', () => {
  const steps = [
    ...touched([1e6, 1e6, 1e6, 1e6]),
    { clusters: [], afterMs: MINUTE },
    seen(0.5, { afterMs: 5.9 * HOUR }),
  ]
  assert.equal(play(steps).alerts.length, 1)
  assert.equal(play([...steps, seen(0.5, { afterMs: HOUR })]).alerts.length, 2)
})
