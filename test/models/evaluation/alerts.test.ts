import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { alertFigures, type Decision, UNIT_COST, valueScore } from '../../../models/evaluation/alerts.ts'
import { episodesOf, marketEpisodesOf } from '../../../models/evaluation/episodes.ts'
import { HOUR } from '../../../src/domain/units.ts'

const START = Date.UTC(2024, 0, 1)
const hour = (n: number): number => START + n * HOUR

/** Ten days, a decision every four hours; loud and positive at the hours named. */
function decisions(loud: readonly number[], positive: readonly number[], asset = 'ETH'): Decision[] {
  return Array.from({ length: 60 }, (_, i) => ({
    asset,
    at: hour(4 * i),
    probability: loud.includes(4 * i) ? 0.5 : 0.01,
    threshold: 0.5,
    label: positive.includes(4 * i) ? 1 : 0,
  }))
}

suite('episodes', () => {
  test('positive hours no more than a day apart are one, of each asset and of the market', () => {
    const positives = [
      ...[0, 4, 28, 60].map((n) => ({ asset: 'ETH', at: hour(n) })),
      ...[8, 90].map((n) => ({ asset: 'BTC', at: hour(n) })),
    ]
    assert.deepEqual(
      episodesOf(positives).map(({ from, to, assets }) => [(from - START) / HOUR, (to - START) / HOUR, ...assets]),
      [
        [0, 28, 'ETH'],
        [8, 8, 'BTC'],
        [60, 60, 'ETH'],
        [90, 90, 'BTC'],
      ],
    )
    assert.deepEqual(
      marketEpisodesOf(positives).map(({ from, to, assets }) => [
        (from - START) / HOUR,
        (to - START) / HOUR,
        ...assets,
      ]),
      [
        [0, 28, 'ETH', 'BTC'],
        [60, 60, 'ETH'],
        [90, 90, 'BTC'],
      ],
    )
  })
})

suite('alerts', () => {
  test('an asset is silent for six hours after one', () => {
    const { alerts, precision } = alertFigures(decisions([40, 44, 48], [44]), { seed: 1 })
    // At 44 it is still silent, so the one positive hour is missed.
    assert.equal(alerts, 2)
    assert.equal(precision, 0)
  })

  test('lead time runs from the first alert within three days to the first positive hour', () => {
    const figures = alertFigures(decisions([0, 60, 100, 104], [100, 104]), { seed: 1 })
    assert.deepEqual(figures.leadHours, [40])
    assert.deepEqual([figures.episodes, figures.recall, figures.alerts], [1, 1, 3])
    assert.equal(figures.precision, 1 / 3)
    assert.equal(figures.falseAlertsPerDay, 2 / 10)
    assert.equal(figures.lead?.median, 40)
  })

  test('an episode with an alert before it alone is not caught', () => {
    const { recall, leadHours } = alertFigures(decisions([60], [100]), { seed: 1 })
    assert.equal(recall, 0)
    assert.deepEqual(leadHours, [40])
  })

  test('one asset does not alert for another', () => {
    const both = [...decisions([100], []), ...decisions([], [100], 'BTC')].sort((a, b) => a.at - b.at)
    const { recall, leadHours } = alertFigures(both, { seed: 1 })
    assert.equal(recall, 0)
    assert.deepEqual(leadHours, [])
  })

  test('shares of episodes by lead fall with the hours, and chance stands beside them', () => {
    const { leadShares, byChance } = alertFigures(decisions([12, 60, 140], [100, 200]), { seed: 1 })
    // Forty hours before the one, sixty before the other.
    assert.deepEqual(leadShares, [0, 0, 0.5, 0.5, 0.5, 0.5, 1, 1, 1, 1, 1, 1, 1])
    assert.ok(byChance.leadShares.every((share, k) => share >= (byChance.leadShares[k - 1] ?? 0)))
    assert.ok(byChance.leadShares.at(-1)! > 0.3 && byChance.leadShares.at(-1)! < 1)
    assert.ok(byChance.precision < 0.2)
  })
})

suite('the value of alerts', () => {
  test('is one for who knows the future and nothing for who never alerts', () => {
    assert.equal(valueScore(decisions([100, 200], [100, 200]))!.score, 1)
    assert.equal(valueScore(decisions([], [100, 200]))!.score, 0)
  })

  test('where returns are not at hand, a needless hedge costs a stated share of a loss', () => {
    const found = valueScore(decisions([40, 100], [100, 200]))!
    assert.equal(found.basis, 'unit losses')
    assert.ok(Math.abs(found.model - (1 - 2 * UNIT_COST)) < 1e-12)
    assert.ok(Math.abs(found.perfect - 2 * (1 - UNIT_COST)) < 1e-12)
    assert.ok(Math.abs(found.score - 0.8 / 1.8) < 1e-12)
  })

  test('counts what was lost and gained, both sides of cost and the funding', () => {
    const paid = decisions([40, 100], [100]).map((decision) => ({
      ...decision,
      move: decision.label === 1 ? 0.05 : -0.01,
      carry: 0.0003,
    }))
    const found = valueScore(paid)!
    assert.equal(found.basis, 'returns')
    assert.ok(Math.abs(found.perfect - (0.05 - 0.0012 + 0.0003)) < 1e-12)
    assert.ok(Math.abs(found.model - (found.perfect - 0.01 - 0.0012 + 0.0003)) < 1e-12)
    assert.equal(found.climatology, 0)
  })

  test('is not said where knowing the future was worth nothing', () =>
    assert.equal(valueScore(decisions([100], [])), undefined))
})
