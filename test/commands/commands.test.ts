import assert from 'node:assert/strict'
import { test } from 'node:test'
import { commands } from '../../commands/index.ts'
import { createMarketState } from '../../src/app/market-state.ts'
import { createRaiseAlerts } from '../../src/app/raise-alerts.ts'
import type { Card } from '../../src/domain/card.ts'
import type { CascadeForecast, Prediction } from '../../src/domain/forecast.ts'
import { DAY, fraction, HOUR, MINUTE, price } from '../../src/domain/units.ts'
import type { ModelCardFacts } from '../../src/ports.ts'
import { aCluster } from '../conformance/store-samples.ts'
import type { Cleanup } from '../support/database.ts'
import { type DeskOptions, openDesk, type Person, type TestDesk } from '../support/desk.ts'

/** Probability and that of volatility alone, down and up. */
function cascade([down, downAlone]: [number, number], [up, upAlone]: [number, number]): CascadeForecast {
  return {
    pCascadeDown: fraction(down),
    pCascadeUp: fraction(up),
    baseline: { pCascadeDown: fraction(downAlone), pCascadeUp: fraction(upAlone) },
    gatePassed: { down: true, up: true },
  }
}

const ESTIMATED: Prediction = {
  kind: 'estimated',
  modelId: 'tcn-1',
  calibratedOn: 'simulated',
  cascades: {
    '4h': cascade([0.008, 0.009], [0.012, 0.013]),
    '24h': cascade([0.021, 0.012], [0.004, 0.011]),
    '72h': { ...cascade([0.03, 0.029], [0.02, 0.021]), gatePassed: { down: false, up: true } },
  },
  overlayHorizon: DAY,
  overlayConfidence: fraction(0.55),
  overlayGatePassed: true,
  maskedFeeds: ['book-depth'],
}
const MODEL: ModelCardFacts = {
  modelId: 'tcn-1',
  calibratedOn: 'simulated',
  architecture: 'tcn',
  engine: 'wasm',
  trainedAt: '2026-01-01',
  trainedOn: 'simulated',
  metrics: {
    'cascade-down-4h.averagePrecision': { model: 0.1, baseline: 0.05, base: 0.025 },
    'cascade-down-4h.brierSkill': { model: 0.02, baseline: 0.01, base: 0 },
    'cascade-down-24h.brierSkill': { model: 0.04, baseline: 0.03, base: 0 },
    'cascade-down-72h.brierSkill': { model: -0.01, baseline: 0.002, base: 0 },
    'overlay-pays-24h.lift': { model: 1.16, baseline: 1.06, base: 1 },
  },
  gates: { 'cascade-down-4h': true, 'cascade-down-24h': true, 'cascade-down-72h': false },
}
const WITH_MODEL: DeskOptions = { forecaster: { model: MODEL, predict: async () => ESTIMATED } }
const PEOPLE: readonly Person[] = ['vera', 'tom', 'ben', 'ana']

/** What to type after a command so that it has everything it must have. */
const argumentsFor = (name: string, proposalId = '0000000000') =>
  name === 'approve' || name === 'decline' ? proposalId : name === 'liq explain' ? 'ETH-sell' : ''

test('every command can be a slash command: names, descriptions and their lengths', () => {
  for (const { name, description, role } of commands) {
    assert.match(name, /^[a-z]{1,32}( [a-z]{1,32})?$/)
    assert.ok(description.length > 0 && description.length <= 100, `${name}: ${description.length} characters`)
    assert.ok(['anyone', 'viewer', 'trader', 'approver', 'admin'].includes(role))
  }
  assert.equal(new Set(commands.map(({ name }) => name)).size, commands.length, 'each name once')
  const groups = new Set(commands.filter(({ name }) => name.includes(' ')).map(({ name }) => name.split(' ')[0]))
  assert.ok(
    commands.every(({ name }) => !groups.has(name)),
    'no name is both a command and a group',
  )
})

test('every command answers everyone on an empty desk', async (t) => {
  const desk = await openDesk(t)
  for (const person of PEOPLE) {
    for (const { name } of commands) {
      assertReadable(await desk.say(person, `/${name}`), `${person} /${name}`)
      assertReadable(await desk.say(person, `/${name} ${argumentsFor(name)}`), `${person} /${name}`)
    }
  }
})

test('every command answers everyone on a desk in the middle of its work', async (t) => {
  const desk = await busyDesk(t)
  for (const person of PEOPLE) {
    for (const { name } of commands) {
      const [latest] = await desk.store.proposals.list({ limit: 1 })
      const card = await desk.say(person, `/${name} ${argumentsFor(name, latest!.proposalId)}`)
      assertReadable(card, `${person} /${name}`)
    }
  }
  await desk.pass(HOUR)
  for (const post of desk.channel.posts) for (const card of post.versions) assertReadable(card, card.title)
})

test('status shows exposure, hedge, each horizon’s probabilities with their calibration, feeds and what is open', async (t) => {
  const desk = await busyDesk(t)
  await desk.propose(0.7)
  const { title, fields, footer } = await desk.say('vera', '/hedge status')
  const said = Object.fromEntries(fields!.map(({ name, value }) => [name, value]))
  assert.equal(title, 'Book main: trading active')
  assert.equal(said['ETH position'], '10 ETH spot, 4 ETH short = 40.0 % hedged\nnet $18.0 k')
  assert.match(said['ETH hedge P&L']!, /^−\$\d\.\d\d after \$[56]\.\d\d fees$/)
  assert.equal(said['ETH market'], '3,000.00 (0 s old)\nvolatility 70 % a year, funding 1.0 bps per 8 h')
  assert.deepEqual(said['ETH forecast']!.split('\n'), [
    'cascade down 4h 0.8 % (0.9 %), 24h 2.1 % (1.2 %), 72h 3.0 % gate failed (2.9 %)',
    'cascade up 4h 1.2 % (1.3 %), 24h 0.4 % (1.1 %), 72h 2.0 % (2.1 %)',
    'hedge overlay pays 55 %',
    '(volatility alone); calibrated on simulated data only; without book-depth',
  ])
  assert.equal(said['ETH feeds'], 'bar 0 s\nmissing: open-interest')
  assert.match(said['ETH proposal']!, /pending: sell 3 ETH$/)
  assert.match(said['ETH alert']!, /^cluster at 2,750\.50 since /)
  assert.match(footer!, /paper money/)
})

test('history tells what became of each proposal, newest first', async (t) => {
  const desk = await busyDesk(t)
  const { proposalId } = await desk.propose(0.7)
  await desk.say('ben', `/decline ${proposalId} too dear`)
  const { fields } = await desk.say('vera', '/hedge history')
  assert.deepEqual(
    fields!.map(({ name }) => name.split(' ')[1]),
    ['declined', 'executed'],
  )
  assert.match(
    fields![0]!.value,
    /^sell 3 ETH \(\$9000\.00\), 40\.0 % → 70\.0 %\n2026-01-05 13:00 UTC, by ben\ntoo dear$/,
  )
  assert.equal((await desk.say('vera', '/hedge history 1')).fields!.length, 1)
})

test('alerts are listed with what they were raised on and their length', async (t) => {
  const desk = await busyDesk(t)
  const alerts = await desk.say('vera', '/alerts')
  assert.equal(alerts.tone, 'warning')
  assert.deepEqual(alerts.fields!.at(-1), {
    name: 'ETH, last 7 days',
    value: '1 raised (0, 0, 0, 0, 0, 0, 1 by day, oldest first), under alert 0.0 % of the time',
  })
  assert.match(alerts.fields![0]!.value, /^open for 0 s, raised, critical; raised at 61\.0 %/)
})

test('help lists what a role may say, and one command in full', async (t) => {
  const desk = await openDesk(t)
  const names = async (person: Person, text = '/help') => (await desk.say(person, text)).fields!.map(({ name }) => name)
  const listed = async (person: Person) =>
    (await desk.say(person, '/help')).fields!.flatMap(({ value }) =>
      value.split('\n').map((line) => line.split(/[:<[]/)[0]!.trim()),
    )
  assert.deepEqual((await listed('ana')).sort(), commands.map(({ name }) => `/${name}`).sort())
  assert.ok(!(await listed('vera')).some((name) => /approve|halt|propose|invite/.test(name)))
  for (const text of ['/help hedge propose', '/help /hedge propose', '/help hedge_propose', '/help Hedge Propose']) {
    assert.deepEqual(await names('vera', text), ['/hedge propose [symbol] [target]'])
  }
  assert.equal((await names('vera', '/help hedge')).length, 8)
  const { fields } = await desk.say('vera', '/help decline')
  assert.equal(fields![0]!.name, '/decline <proposal> [reason]')
  assert.match(fields![0]!.value, /needs approver\nproposal: The id on the proposal card\nreason: /)
  assert.deepEqual((await desk.say('vera', '/help dance')).title, 'There is no command dance')
})

test('the model is described with what it beats; without one that is said', async (t) => {
  const without = await openDesk(t)
  assert.equal((await without.say('vera', '/model status')).title, 'No model is loaded')
  const desk = await openDesk(t, WITH_MODEL)
  const { title, fields } = await desk.say('vera', '/model status')
  assert.equal(title, 'Model tcn-1')
  assert.deepEqual(fields!.slice(3), [
    {
      name: 'Cascade down',
      value:
        'came in 4h 2.5 %\nBrier skill 4h 2.0 % (1.0 %), 24h 4.0 % (3.0 %), 72h -1.0 % (0.2 %)\ncalibration gate 4h passed, 24h passed, 72h failed',
    },
    { name: 'Hedge overlay pays', value: 'lift 24h 1.16 (1.06)' },
  ])
})

test('every way a proposal can go has its own answer', async (t) => {
  const desk = await openDesk(t)
  const titles = async (...said: readonly (readonly [Person, string])[]) => {
    const answers: string[] = []
    for (const [person, text] of said) answers.push((await desk.say(person, text)).title)
    return answers
  }
  assert.deepEqual(
    await titles(['tom', '/hedge propose'], ['tom', '/hedge propose DOGE'], ['ben', '/approve 0000000000']),
    ['No forecast yet', 'The book holds no DOGE', 'There is no proposal 0000000000'],
  )
  await desk.forecast()
  assert.deepEqual(await titles(['tom', '/hedge propose ETH 1.2'], ['tom', '/hedge propose ETH 0.0001']), [
    'Denied by the risk engine',
    'Nothing to do',
  ])
  const { proposalId: declined } = await desk.propose(0.5)
  assert.deepEqual(await titles(['ben', `/decline ${declined}`], ['cleo', `/approve ${declined}`]), [
    `Declined ${declined}`,
    `${declined} is already declined`,
  ])
  await desk.say('ben', '/hedge propose ETH 0.5')
  const [own] = await desk.store.proposals.list({ limit: 1 })
  assert.deepEqual(await titles(['ben', `/approve ${own!.proposalId}`], ['cleo', `/approve ${own!.proposalId}`]), [
    'Someone else has to approve this',
    `Approved ${own!.proposalId}`,
  ])
  assert.deepEqual(await titles(['tom', '/hedge propose']), [`Proposal ${own!.proposalId} is approved`])
  await desk.pass(HOUR)
  await desk.forecast()
  const { proposalId: expired } = await desk.propose(0.8)
  await desk.pass(10 * MINUTE)
  assert.deepEqual(await titles(['ben', `/approve ${expired}`]), [`${expired} expired`])
})

/** A hedge of 40 % executed, an alert open, two clusters known, a fresh forecast. */
async function busyDesk(t: Cleanup): Promise<TestDesk> {
  const desk = await openDesk(t, WITH_MODEL)
  await desk.forecast()
  const { proposalId } = await desk.propose(0.4)
  await desk.say('ben', `/approve ${proposalId}`)
  await desk.pass(HOUR)
  const near = { ...aCluster({ clusterId: 'near' }), peakPrice: price(2900), distance: 333 } as ReturnType<
    typeof aCluster
  >
  await desk.forecast({ prediction: ESTIMATED, clusters: [aCluster(), near], fundingRate: 0.0001 })
  await createRaiseAlerts(
    desk.ports,
    createMarketState(),
  )({
    asset: 'ETH',
    clusters: [aCluster()],
    price: price(3000),
    at: desk.clock.now(),
  })
  await desk.settle()
  return desk
}

function assertReadable(card: Card, about: string): void {
  const text = JSON.stringify(card)
  assert.doesNotMatch(text, /undefined|NaN|Infinity|\[object|null|1970/, `${about}: ${text}`)
  assert.ok(card.title.trim() !== '', about)
  for (const { name, value } of card.fields ?? []) assert.ok(name !== '' && value !== '', `${about}: ${name}`)
  for (const button of card.buttons ?? []) assert.ok(Buffer.byteLength(button.command) <= 64, button.command)
  assert.doesNotMatch(text, /That failed/, about)
}
