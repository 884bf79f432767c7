import assert from 'node:assert/strict'
import { test } from 'node:test'
import { measureRecovery, WRONG_PRIORS } from '../../src/backtest/recovery.ts'
import { truthfulYear } from '../../src/venues/simulated/truthful.ts'

for (const seed of [1, 2]) {
  test(`the map is recovered from a year of hourly public data (seed ${seed})`, (t) => {
    const report = measureRecovery(truthfulYear(seed), {
      asset: 'ETH',
      maps: { right: {}, wrong: { ...WRONG_PRIORS, learn: false }, learned: WRONG_PRIORS },
    })
    const { right, wrong, learned, largestError } = report
    const say = ({ correlation, recall }: typeof right) => `${correlation.toFixed(3)}/${recall.toFixed(3)}`
    t.diagnostic(
      `correlation/recall: right ${say(right)}, wrong prior ${say(wrong)}, wrong prior learning ${say(learned)}, static ${say(report.static)}; open interest within ${largestError}; ΔR² ${report.learning.right.deltaR2.toFixed(3)}`,
    )
    assert.ok(right.correlation > 0.9 && right.recall > 0.85, `right prior: ${say(right)}`)
    assert.ok(wrong.correlation > 0.7 && wrong.recall > 0.75, `wrong prior: ${say(wrong)}`)
    assert.ok(report.static.correlation < 0.4 && report.static.recall < 0.4, `static: ${say(report.static)}`)
    assert.ok(right.correlation > wrong.correlation, 'the right prior should win')
    assert.ok(learned.correlation > wrong.correlation, 'learning should help where the prior is wrong')
    assert.ok(report.learning.right.deltaR2 > 0, 'what the map sweeps should explain more than the return alone')
    assert.ok(largestError < 0.05, `open interest was ${largestError} off`)
  })
}
