import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Forecast, Prediction } from '../../src/domain/forecast.ts'
import { duration, HOUR, later, MINUTE } from '../../src/domain/units.ts'
import { openDesk } from '../support/desk.ts'

const WHY = [
  {
    target: 'cascade-down-24h',
    base: -4,
    score: -3.2,
    contributions: [
      { feature: 'volatility-ratio-fast', value: 0.4, contribution: 0.6 },
      { feature: 'funding', value: 0.3, contribution: 0.2 },
    ],
    probabilities: { base: 0.018, score: 0.039 },
    method: 'exact Shapley values' as const,
  },
]

test('/model explain says which inputs made the newest forecast of an asset, with a picture', async (t) => {
  const desk = await openDesk(t)
  const forecast = await desk.forecast({})
  const estimated = {
    kind: 'estimated',
    modelId: 'trees-1',
    calibratedOn: 'simulated',
    why: WHY,
  } as unknown as Prediction
  const made: Forecast = { ...forecast, prediction: estimated }
  await desk.store.forecasts.save(made, [])
  const card = await desk.say('vera', '/model explain eth')
  assert.equal(card.title, 'Why trees-1 said this of ETH')
  const [field] = card.fields!
  assert.equal(field!.name, 'cascade down within 24 h: 3.9 %')
  assert.match(field!.value, /^from 1\.8 % in an average hour\n.*: \+0\.60 log odds\n.*: \+0\.20 log odds$/)
  assert.equal(card.picture!.kind, 'waterfall')
  assert.match(card.footer!, /exact Shapley values/)

  // A network is explained once an hour: what was said shortly before stands for it, and the card says when that was.
  const soon = later(made.at, duration(20 * MINUTE))
  const { why: _, ...unexplained } = estimated as Extract<Prediction, { kind: 'estimated' }>
  await desk.store.forecasts.save({ ...made, at: soon, prediction: unexplained }, [])
  assert.match((await desk.say('vera', '/model explain ETH')).text!, /the last before .* that was explained/)
  await desk.store.forecasts.save({ ...made, at: later(made.at, duration(3 * HOUR)), prediction: unexplained }, [])
  const silent = await desk.say('vera', '/model explain ETH')
  assert.equal(silent.tone, 'warning')
  assert.match(silent.text!, /trees-1 kept no explanation/)
})

test('/model explain takes a proposal, and names what it cannot find', async (t) => {
  const desk = await openDesk(t)
  await desk.forecast({ fundingRate: 0.0001 })
  const outcome = await desk.app.proposeHedge({ asset: 'ETH', proposedBy: 'system' })
  assert.ok(outcome.kind === 'proposed')
  const undetermined = await desk.say('vera', `/model explain ${outcome.proposal.proposalId.toLowerCase()}`)
  assert.equal(undetermined.tone, 'warning')
  assert.match(undetermined.text!, /no model is loaded/)
  const unknown = await desk.say('vera', '/model explain DOGE')
  assert.equal(unknown.tone, 'refused')
  assert.match(unknown.text!, /asset of the book \(ETH\)/)
})
