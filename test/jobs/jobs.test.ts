import assert from 'node:assert/strict'
import { test } from 'node:test'
import { handlersFor, jobs } from '../../jobs/index.ts'
import { createApp } from '../../src/app/app.ts'
import { createMarketState } from '../../src/app/market-state.ts'
import { fraction, HOUR, later, MINUTE } from '../../src/domain/units.ts'
import { createLog } from '../../src/log.ts'
import type { JobName } from '../../src/ports.ts'
import { createQueue } from '../../src/queue/queue.ts'
import { member, openDesk } from '../support/desk.ts'

/** Every job there is, with the process that runs it: the compiler holds this list to the port's. */
const EXPECTED: Record<JobName, 'bot' | 'worker'> = {
  'refresh-forecasts': 'worker',
  'propose-hedges': 'worker',
  'execute-proposal': 'worker',
  'expire-proposal': 'worker',
  'remind-approvers': 'worker',
  'deliver-messages': 'bot',
  reconcile: 'worker',
  'apply-retention': 'worker',
  'refresh-margin-tiers': 'worker',
  'judge-clusters': 'worker',
  'record-model-forecasts': 'worker',
  'measure-model-health': 'worker',
  'escalate-alert': 'worker',
  'send-digests': 'worker',
  'check-reach': 'bot',
  'watch-risk': 'worker',
  'tend-stops': 'worker',
  'expire-request': 'worker',
  'retrain-models': 'worker',
  'tend-training': 'worker',
}

test('every job of the port is listed once, with the process that runs it and limits', () => {
  assert.deepEqual(Object.fromEntries(jobs.map(({ name, role }) => [name, role])), EXPECTED)
  assert.equal(jobs.length, Object.keys(EXPECTED).length)
  for (const { name, attempts, timeout } of jobs) {
    assert.ok(Number.isInteger(attempts) && attempts >= 1 && attempts <= 5, name)
    assert.ok(timeout >= MINUTE && timeout <= HOUR, name)
  }
})

test('what moves money is never retried by the queue', () => {
  assert.equal(jobs.find(({ name }) => name === 'execute-proposal')!.attempts, 1)
})

test('a process takes the jobs of its roles and leaves the others', async (t) => {
  const { app } = await openDesk(t)
  const of = (role: string) => Object.values(EXPECTED).filter((one) => one === role).length
  assert.deepEqual(Object.keys(handlersFor(['bot'], app)), ['deliver-messages', 'check-reach'])
  assert.equal(Object.keys(handlersFor(['worker'], app)).length, of('worker'))
  assert.equal(Object.keys(handlersFor(['bot', 'worker'], app)).length, jobs.length)
})

test('each job runs on an empty desk', async (t) => {
  const desk = await openDesk(t)
  const at = desk.clock.now()
  const proposalId = desk.ports.ids.proposalId()
  await desk.queue.add({ name: 'refresh-forecasts', data: { at }, jobId: 'a' })
  await desk.queue.add({ name: 'propose-hedges', data: { at }, jobId: 'b' })
  await desk.queue.add({ name: 'execute-proposal', data: { proposalId, lease: 0 }, jobId: 'c' })
  await desk.queue.add({ name: 'expire-proposal', data: { proposalId }, jobId: 'd' })
  await desk.queue.add({ name: 'remind-approvers', data: { proposalId }, jobId: 'e' })
  await desk.queue.add({ name: 'deliver-messages', data: {}, jobId: 'f' })
  await desk.queue.add({ name: 'reconcile', data: {}, jobId: 'g' })
  await desk.queue.add({ name: 'apply-retention', data: {}, jobId: 'h' })
  await desk.queue.add({ name: 'refresh-margin-tiers', data: {}, jobId: 'm' })
  await desk.queue.add({ name: 'judge-clusters', data: { at }, jobId: 'i' })
  await desk.queue.add({ name: 'escalate-alert', data: { alertId: 'none', step: 1 }, jobId: 'j' })
  await desk.queue.add({ name: 'send-digests', data: {}, jobId: 'k' })
  await desk.queue.add({ name: 'check-reach', data: {}, jobId: 'l' })
  await desk.queue.add({ name: 'retrain-models', data: {}, jobId: 'n' })
  await desk.queue.add({ name: 'tend-training', data: {}, jobId: 'o' })
  await desk.settle()
  assert.deepEqual(desk.queue.waiting(), [])
  assert.equal(desk.channel.posts.length, 0)
})

test('on the real queue a proposal goes from approval to its last fill by wake-ups alone', async (t) => {
  const desk = await openDesk(t)
  const { clock } = desk
  const queue = await createQueue({
    backend: { kind: 'postgres', connectionString: desk.database.connectionString },
    clock,
    log: createLog('silent'),
  })
  t.after(() => queue.close())
  const app = createApp({ ...desk.ports, queue }, { market: createMarketState(), notifiers: () => [desk.channel] })
  await queue.start(handlersFor(['bot', 'worker'], app))
  const pass = async (ms: number): Promise<void> => {
    const until = later(clock.now(), ms)
    await queue.settled()
    for (let due = queue.nextDueAt(); due !== undefined && due <= until; due = queue.nextDueAt()) {
      clock.advanceTo(due)
      await queue.releaseDue()
      await queue.settled()
    }
    clock.advanceTo(until)
  }

  await desk.forecast()
  const outcome = await app.proposeHedge({ asset: 'ETH', proposedBy: 'tom' })
  assert.ok(outcome.kind === 'proposed')
  const { proposal } = outcome
  await app.approveProposal({ proposalId: proposal.proposalId, approver: member('ben') })
  await pass(HOUR)
  assert.equal((await desk.find(proposal)).state, 'executed')
  const fills = await desk.store.orders.fills(proposal.proposalId)
  assert.equal(Number(fills.reduce((sum, { quantity }) => sum + quantity, 0).toFixed(9)), proposal.quantity)
  assert.match(desk.channel.posts[0]!.versions.at(-1)!.title, /^Hedge executed/)

  await desk.forecast()
  const second = await app.proposeHedge({ asset: 'ETH', requestedRatio: fraction(0.9), proposedBy: 'tom' })
  assert.ok(second.kind === 'proposed')
  await pass(HOUR)
  assert.equal((await desk.find(second.proposal)).state, 'expired')
})
