import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { calibrationGate, type Gate } from '../../models/gate.ts'
import { brierSkill, logit, sigmoid } from '../../src/domain/calibration.ts'
import { createRandom, gaussian } from '../../src/domain/random.ts'

const DAYS = 120
const CLUSTERS_A_DAY = 3
const WEEK = 7 * CLUSTERS_A_DAY
const TYPICAL = sigmoid(-1)

/** Says something of every outcome; one a day is taken for the bound, all for the slope. */
function gateOf(seed: number, say: (truth: number) => number): Gate {
  const random = createRandom(seed)
  const truth = Array.from({ length: DAYS * CLUSTERS_A_DAY }, () => sigmoid(-1 + 1.2 * gaussian(random)))
  const labels = truth.map((probability) => (random() < probability ? 1 : 0))
  const probabilities = truth.map(say)
  const oneADay = (values: readonly number[]): number[] => values.filter((_, i) => i % CLUSTERS_A_DAY === 0)
  return calibrationGate(
    { probabilities: oneADay(probabilities), labels: oneADay(labels) },
    { probabilities, labels, blocks: labels.map((_, i) => Math.floor(i / WEEK)) },
    { seed: 1, skill: brierSkill(probabilities, labels) },
  )
}

const gatesOf = (draws: number, say: (truth: number) => number): readonly Gate[] =>
  Array.from({ length: draws }, (_, i) => gateOf(i + 1, say))

suite('the calibration gate', () => {
  test('lets who says the true probability through nearly always', () => {
    const passed = gatesOf(40, (truth) => truth).filter((gate) => gate.passed).length
    assert.ok(passed >= 34, `passed ${passed} of 40`)
  })

  test('stops the overconfident: their calibration slope lies below 1', () => {
    const gates = gatesOf(8, (truth) => sigmoid(1.6 * logit(truth)))
    assert.deepEqual(
      gates.map(({ passed }) => passed),
      gates.map(() => false),
    )
    assert.ok(gates.filter(({ slope }) => slope.high < 1).length >= 6)
    assert.ok(gates.every(({ slope }) => slope.low > 0 && slope.low < 0.7))
  })

  test('stops the underconfident: their slope lies above 1', () => {
    const gates = gatesOf(5, (truth) => sigmoid(logit(TYPICAL) + 0.4 * (logit(truth) - logit(TYPICAL))))
    assert.ok(gates.every(({ passed, slope }) => !passed && slope.low > 1))
  })

  test('stops who is wrong on average by their calibration error', () => {
    const gates = gatesOf(5, (truth) => sigmoid(logit(truth) + 1.5))
    assert.ok(gates.every(({ passed, ece, eceBound }) => !passed && ece > eceBound))
  })

  test('stops a constant that is right on average: it has no skill', () => {
    const random = createRandom(7)
    const labels = Array.from({ length: 400 }, (_, i) => (i % 4 === 0 ? 1 : 0))
    const probabilities = labels.map(() => 0.25)
    const blocks = labels.map(() => Math.floor(20 * random()))
    const skill = brierSkill(probabilities, labels)
    const gate = calibrationGate({ probabilities, labels }, { probabilities, labels, blocks }, { seed: 1, skill })
    assert.equal(gate.brierSkill, 0)
    assert.ok(gate.ece <= gate.eceBound)
    assert.equal(gate.passed, false)
  })

  test('is the same for the same seed', () =>
    assert.deepEqual(
      gateOf(3, (p) => p),
      gateOf(3, (p) => p),
    ))
})
