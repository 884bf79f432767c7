import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readLimits } from '../../src/app/risk-in-force.ts'
import { fraction, later, MINUTE } from '../../src/domain/units.ts'
import { member, openDesk, type TestDesk } from '../support/desk.ts'

/** Ben is an admin too, as Ana is. */
async function deskOfTwo(t: Parameters<typeof openDesk>[0]): Promise<TestDesk> {
  const desk = await openDesk(t)
  await desk.store.members.put({ ...member('ben'), role: 'admin' })
  return desk
}

const inForce = (desk: TestDesk) => readLimits(desk.ports)

async function ask(desk: TestDesk, limit: string, value: string): Promise<string> {
  const asked = await desk.app.askForLimit({ limit, value, by: member('ana') })
  assert.equal(asked.kind, 'asked', JSON.stringify(asked))
  return asked.kind === 'asked' ? asked.request.requestId : ''
}

test('a limit changes when another admin approves, not before, and both names are on record', async (t) => {
  const desk = await deskOfTwo(t)
  const requestId = await ask(desk, 'max-leverage', '2.5')
  assert.equal((await inForce(desk)).maxLeverage, 3)
  const decided = await desk.app.approveLimit({ requestId, by: member('ben') })
  assert.equal(decided.kind, 'approved')
  assert.equal((await inForce(desk)).maxLeverage, 2.5)
  const [entry] = await desk.store.audit.recent(1, { action: 'limit.changed' })
  assert.deepEqual(
    [entry?.actor, entry?.subject, entry?.details],
    [
      'ben',
      'max-leverage',
      { before: 3, after: 2.5, change: 'stricter', requestedBy: 'ana', approvedBy: 'ben', requestId },
    ],
  )
  const limit = (await desk.app.listLimits()).find(({ key }) => key === 'maxLeverage')
  assert.deepEqual([limit?.configured, limit?.decided?.requestedBy, limit?.decided?.approvedBy], [3, 'ana', 'ben'])
})

test('the card says before, after, which way and the hard bounds, and ends with who decided', async (t) => {
  const desk = await deskOfTwo(t)
  const requestId = await ask(desk, 'hard-daily-loss', '6%')
  await desk.settle()
  const [post] = desk.channel.posts
  assert.equal(post!.versions[0]!.title, 'Asked for: hard-daily-loss 5.0 % → 6.0 %')
  assert.deepEqual(
    post!.versions[0]!.fields!.slice(1, 4).map(({ value }) => value),
    ['5.0 %', '6.0 %, looser', '0.1 % to 100.0 %'],
  )
  await desk.app.approveLimit({ requestId, by: member('ben') })
  await desk.settle()
  const last = post!.versions.at(-1)!
  assert.equal(last.title, 'Approved: hard-daily-loss 5.0 % → 6.0 %')
  assert.match(last.fields!.at(-1)!.value, /^Ben, /)
  assert.equal(last.buttons, undefined)
})

test('nobody approves what they asked for, and a trader approves nothing', async (t) => {
  const desk = await deskOfTwo(t)
  const requestId = await ask(desk, 'max-leverage', '2.5')
  assert.equal((await desk.app.approveLimit({ requestId, by: member('ana') })).kind, 'self-approval')
  assert.equal((await desk.app.approveLimit({ requestId, by: member('tom') })).kind, 'forbidden')
  assert.equal((await inForce(desk)).maxLeverage, 3)
  assert.equal((await desk.store.requests.find(requestId))!.state, 'pending')
  assert.equal((await desk.store.members.find('tom'))!.role, 'trader')
})

test('of all who approve at one moment exactly one has effect', async (t) => {
  const desk = await deskOfTwo(t)
  await desk.store.members.put({ ...member('cleo'), role: 'admin' })
  const requestId = await ask(desk, 'max-leverage', '2.5')
  const outcomes = await Promise.all(
    (['ben', 'cleo', 'ben', 'cleo'] as const).map((who) => desk.app.approveLimit({ requestId, by: member(who) })),
  )
  assert.equal(outcomes.filter(({ kind }) => kind === 'approved').length, 1)
  assert.equal(outcomes.filter(({ kind }) => kind === 'already-decided').length, 3)
  assert.equal(await desk.store.audit.count('limit.changed'), 1)
})

test('approving and declining at one moment is one or the other', async (t) => {
  const desk = await deskOfTwo(t)
  const requestId = await ask(desk, 'max-leverage', '2.5')
  const kinds = await Promise.all([
    desk.app.approveLimit({ requestId, by: member('ben') }),
    desk.app.declineRequest({ requestId, by: member('ana'), reason: 'second thoughts' }),
  ]).then((both) => both.map(({ kind }) => kind).sort())
  assert.equal(kinds[0], 'already-decided')
  const { state } = (await desk.store.requests.find(requestId))!
  assert.equal((await inForce(desk)).maxLeverage, state === 'approved' ? 2.5 : 3)
})

test('a role that was taken meanwhile does not count, on either side', async (t) => {
  const desk = await deskOfTwo(t)
  const [first, second] = [await ask(desk, 'max-leverage', '2.5'), await ask(desk, 'max-slippage', '20bps')]
  await desk.store.members.put({ ...member('ben'), role: 'viewer' })
  assert.equal((await desk.app.approveLimit({ requestId: first, by: member('ben') })).kind, 'forbidden')
  await desk.store.members.put({ ...member('ben'), role: 'admin' })
  await desk.store.members.put({ ...member('ana'), role: 'trader' })
  assert.equal((await desk.app.approveLimit({ requestId: second, by: member('ben') })).kind, 'asker-lost-role')
  const { maxLeverage, maxSlippage } = await inForce(desk)
  assert.deepEqual([maxLeverage, maxSlippage], [3, 30])
})

test('a request runs out after half an hour by itself, and cannot be approved then', async (t) => {
  const desk = await deskOfTwo(t)
  const requestId = await ask(desk, 'max-leverage', '2.5')
  await desk.pass(31 * MINUTE)
  assert.equal((await desk.store.requests.find(requestId))!.state, 'expired')
  assert.equal((await desk.app.approveLimit({ requestId, by: member('ben') })).kind, 'already-decided')
  assert.equal((await inForce(desk)).maxLeverage, 3)
  assert.equal(await desk.store.audit.count('request.expired'), 1)
})

test('an approval after its time expires the request even where the wake-up was lost', async (t) => {
  const desk = await deskOfTwo(t)
  const requestId = await ask(desk, 'max-leverage', '2.5')
  desk.clock.advanceTo(later(desk.clock.now(), 31 * MINUTE))
  assert.equal((await desk.app.approveLimit({ requestId, by: member('ben') })).kind, 'expired')
})

test('an approval binds to the value that was shown', async (t) => {
  const desk = await deskOfTwo(t)
  const [first, second] = [await ask(desk, 'max-leverage', '2.5'), await ask(desk, 'max-leverage', '2')]
  assert.equal((await desk.app.approveLimit({ requestId: first, by: member('ben') })).kind, 'approved')
  const late = await desk.app.approveLimit({ requestId: second, by: member('ben') })
  assert.equal(late.kind, 'overtaken')
  assert.equal((await desk.store.requests.find(second))!.state, 'pending', 'taken back with the rest')
  assert.equal((await inForce(desk)).maxLeverage, 2.5)
})

test('a changed limit holds for the next proposal', async (t) => {
  const desk = await deskOfTwo(t)
  await desk.forecast()
  const requestId = await ask(desk, 'max-proposal-notional', '$1k')
  await desk.app.approveLimit({ requestId, by: member('ben') })
  const outcome = await desk.app.proposeHedge({ asset: 'ETH', requestedRatio: fraction(0.1), proposedBy: 'tom' })
  assert.equal(outcome.kind, 'denied')
  assert.deepEqual(outcome.kind === 'denied' && outcome.denials.map(({ code }) => code), [
    'NOTIONAL_EXCEEDS_MAX_PER_PROPOSAL',
  ])
})
