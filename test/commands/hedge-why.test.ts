import assert from 'node:assert/strict'
import { test } from 'node:test'
import pg from 'pg'
import type { Card } from '../../src/domain/card.ts'
import { formatUsd } from '../../src/domain/format.ts'
import { DAY, fraction, usd } from '../../src/domain/units.ts'
import { member, openDesk } from '../support/desk.ts'
import { testSettings } from '../support/desk-settings.ts'

const { approvals, limits } = testSettings()

const fieldOf = ({ fields }: Card, name: string): readonly string[] | undefined =>
  fields?.find((field) => field.name === name)?.value.split('\n')

test('/hedge why tells the size step by step, the forecast, cost, checks and who may approve', async (t) => {
  const desk = await openDesk(t, { settings: { approvals: { ...approvals, quorum: 2 } } })
  await desk.forecast({ fundingRate: 0.0001 })
  const outcome = await desk.app.proposeHedge({ asset: 'ETH', proposedBy: 'system' })
  assert.ok(outcome.kind === 'proposed')
  const { proposal } = outcome
  await desk.app.approveProposal({ proposalId: proposal.proposalId, approver: member('ben') })
  await desk.pass(45_000)
  await desk.forecast({ price: 3006 })
  await desk.pass(15_000)
  const card = await desk.say('vera', `/hedge why ${proposal.proposalId}`)

  assert.equal(card.title, `Why ${proposal.proposalId}, pending`)
  assert.equal(card.ephemeral, true)
  const steps = fieldOf(card, 'Size, step by step')!
  assert.deepEqual(
    steps.map((line) => line.slice(0, line.indexOf(':'))),
    proposal.steps.map(({ name }) => name),
  )
  assert.equal(steps[0], 'exposure: 10 coins held')
  assert.equal(steps[2], 'base: 50.0 % (5 ETH), static: too little history to time by volatility')
  assert.deepEqual(fieldOf(card, 'Forecast'), [
    'of 2026-01-05 12:00 UTC',
    'undetermined (NO_MODEL): no model is loaded',
  ])
  const cost = fieldOf(card, 'Expected cost')!
  assert.deepEqual(cost.slice(1, 3), ['fee 5.0 bps', 'half the spread 1.0 bps'])
  assert.equal(cost[3], `impact ${(proposal.expectedCost - 6).toFixed(1)} bps`)
  const notional = formatUsd(proposal.quantity * 3006)
  assert.deepEqual(fieldOf(card, 'Risk checks now'), [
    'ok: trading state active',
    `ok: |net delta| $30.1 k → $${((10 - proposal.quantity) * 3.006).toFixed(1)} k`,
    'ok: price 15 s old, at most 2 min',
    'ok: price moved 20.0 bps, at most 50.0 bps',
    `ok: ratio ${(proposal.quantity * 10).toFixed(1)} %, at most 100.0 %`,
    `ok: ${notional} now, at most $5.00 M`,
    'ok: $0.00 traded today, at most $20.00 M',
    `ok: all hedges ${notional}, at most $20.00 M`,
    'ok: leverage paper 0.00×, at most 3×',
    'ok: venues: paper',
    'ok: moved 0.0 % in the last hour, at most 15.0 %',
  ])
  assert.deepEqual(fieldOf(card, 'Approvals'), [
    '1 of 2, 1 approval missing',
    'Ben (approver), 2026-01-05 12:00 UTC',
    'May approve: Ana, Cleo',
  ])
})

test('a check that stands against it is marked, and so is an approval that does not count', async (t) => {
  const desk = await openDesk(t, {
    settings: { approvals: { ...approvals, quorum: 3 }, limits: { ...limits, maxProposalNotional: usd(15_100) } },
  })
  await desk.forecast()
  const { proposalId } = await desk.propose(0.5)
  await desk.app.approveProposal({ proposalId, approver: member('ben') })
  await desk.store.members.setRole('ben', 'viewer')
  await desk.forecast({ price: 3060 })
  await desk.app.changeTradingState({ to: 'halted', by: member('ana'), reason: 'drill' })
  const card = await desk.say('vera', `/hedge why ${proposalId}`)
  assert.deepEqual(
    fieldOf(card, 'Risk checks now')!.filter((line) => line.startsWith('denied')),
    [
      'denied: trading state halted',
      'denied: price moved 200.0 bps, at most 50.0 bps',
      'denied: $15.3 k now, at most $15.1 k',
    ],
  )
  assert.deepEqual(fieldOf(card, 'Approvals'), [
    '0 of 3, 3 approvals missing',
    'Ben (viewer): does not count, role taken since',
    'Too few may approve it: an admin has to make someone approver. Now: Ana, Cleo',
    'Not Tom, who proposed it: too large for that',
  ])
})

test('a decided proposal is explained without checks and approvals, and one that nobody knows is not', async (t) => {
  const desk = await openDesk(t)
  await desk.forecast()
  const { proposalId } = await desk.propose(0.5)
  await desk.say('ben', `/decline ${proposalId} not today`)
  const card = await desk.say('vera', `/hedge why ${proposalId}`)
  assert.deepEqual(
    card.fields?.map(({ name }) => name),
    ['Order', 'Size, step by step', 'Forecast', 'Expected cost', 'Reason'],
  )
  assert.equal((await desk.say('vera', '/hedge why 0000000000')).title, 'There is no proposal 0000000000')
})

test('a forecast is told with that of volatility alone, and one that is no longer on record is said to be so', async (t) => {
  const desk = await openDesk(t)
  const cascade = { pCascadeDown: fraction(0.06), pCascadeUp: fraction(0.02) }
  const baseline = { pCascadeDown: fraction(0.03), pCascadeUp: fraction(0.01) }
  await desk.forecast({
    prediction: {
      kind: 'estimated',
      cascades: { '24h': { ...cascade, baseline, gatePassed: {} } },
      overlayConfidence: fraction(0.6),
      overlayBaseline: fraction(0.47),
      overlayHorizon: DAY,
      overlayGatePassed: true,
      maskedFeeds: [],
      modelId: 'm1',
      calibratedOn: 'recorded',
    },
  })
  const { proposalId } = await desk.propose(0.5)
  const told = fieldOf(await desk.say('vera', `/hedge why ${proposalId}`), 'Forecast')!
  assert.equal(told[1], 'cascade down 24h 6.0 % (3.0 %)')
  assert.deepEqual(told.slice(3, 5), [
    'hedge overlay pays 60 % (47 %)',
    '(volatility alone); calibrated on recorded data',
  ])
  assert.equal(told.at(-1), 'Not used: the ratio was given.')

  const client = new pg.Client({ connectionString: desk.database.connectionString })
  await client.connect()
  await client.query('delete from forecasts')
  await client.end()
  const card = await desk.say('vera', `/hedge why ${proposalId}`)
  assert.deepEqual(fieldOf(card, 'Forecast'), ['no longer on record'])
  assert.deepEqual(fieldOf(card, 'Risk checks now'), ['denied: no price on record'])
})
