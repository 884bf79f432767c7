import assert from 'node:assert/strict'
import { test } from 'node:test'
import { finishExecution } from '../../src/app/finish-execution.ts'
import { MINUTE, SECOND } from '../../src/domain/units.ts'
import { member, openDesk } from '../support/desk.ts'

test('a process that was frozen past its lease does not end the execution that another has taken over', async (t) => {
  const desk = await openDesk(t)
  await desk.forecast()
  const { proposalId } = await desk.propose(0.1)
  await desk.app.approveProposal({ proposalId, approver: member('ben') })
  await desk.pass(SECOND)
  const asItWas = await desk.find({ proposalId })
  assert.equal(asItWas.state, 'executing')

  const lease = await desk.store.proposals.takeLease(proposalId, desk.ports.instanceId, MINUTE)
  await assert.rejects(finishExecution(desk.ports, asItWas), /another process has taken over/)
  assert.equal((await desk.find({ proposalId })).state, 'executing')
  assert.equal(await desk.store.audit.count('proposal.executed'), 0)

  await finishExecution(desk.ports, { ...asItWas, lease: lease! })
  assert.notEqual((await desk.find({ proposalId })).state, 'executing')
})
