import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createChangeRole } from '../../src/app/change-role.ts'
import { member, openDesk, type Person } from '../support/desk.ts'

test('a role is changed, on record and told to the desk in one', async (t) => {
  const desk = await openDesk(t)
  const changeRole = createChangeRole(desk.ports)
  const change = await changeRole({ memberId: 'Ben', to: 'none', by: member('ana') })
  assert.deepEqual(change, {
    kind: 'changed',
    member: { ...member('ben'), role: 'none' },
    from: 'approver',
    to: 'none',
  })
  assert.equal((await changeRole({ memberId: 'ben', to: 'none', by: member('ana') })).kind, 'unchanged')
  assert.equal((await changeRole({ memberId: 'zoe', to: 'none', by: member('ana') })).kind, 'unknown')
  const [entry] = await desk.store.audit.recent(1)
  assert.deepEqual(
    [entry!.actor, entry!.action, entry!.subject, entry!.details],
    ['ana', 'member.role-changed', 'ben', { from: 'approver', to: 'none' }],
  )
  await desk.settle()
  assert.deepEqual(
    desk.channel.posts.map(({ versions }) => [versions[0]!.title, versions[0]!.text]),
    [['Ben has no role any more', 'Ana changed it; it was approver.']],
  )
})

test('the last admin cannot be taken away, not even by themselves, and that it was tried is on record', async (t) => {
  const desk = await openDesk(t)
  const changeRole = createChangeRole(desk.ports)
  assert.equal((await changeRole({ memberId: 'ana', to: 'trader', by: member('ana') })).kind, 'last-admin')
  assert.equal(await desk.store.audit.count('member.role-refused'), 1)
  await changeRole({ memberId: 'ben', to: 'admin', by: member('ana') })
  assert.equal((await changeRole({ memberId: 'ana', to: 'trader', by: member('ana') })).kind, 'changed')
})

test('who is no admin gives no role, not to themselves either', async (t) => {
  const desk = await openDesk(t)
  const changeRole = createChangeRole(desk.ports)
  for (const memberId of ['ben', 'vera', 'ana']) {
    assert.deepEqual(await changeRole({ memberId, to: 'admin', by: member('ben') }), { kind: 'forbidden' })
  }
  assert.deepEqual(
    (await desk.store.members.withRole('admin')).map(({ memberId }) => memberId),
    ['ana'],
  )
  assert.equal((await desk.store.members.find('ben'))?.role, 'approver')
})

test('of admins who demote each other at one instant one stays, and whoever lost the role first changes nothing', async (t) => {
  const desk = await openDesk(t)
  const changeRole = createChangeRole(desk.ports)
  const circle: readonly (readonly [Person, Person])[] = [
    ['ana', 'ben'],
    ['ben', 'cleo'],
    ['cleo', 'ana'],
    ['ben', 'ana'],
  ]
  for (let round = 0; round < 5; round++) {
    for (const person of ['ana', 'ben', 'cleo'] as const)
      await desk.store.members.put({ ...member(person), role: 'admin' })
    const changes = await Promise.all(
      circle.map(([by, memberId]) => changeRole({ memberId, to: 'none', by: member(by) })),
    )
    const left = await desk.store.members.withRole('admin')
    const demoted = changes.filter(({ kind }) => kind === 'changed').length
    assert.ok(left.length >= 1)
    assert.equal(left.length, 3 - demoted, JSON.stringify(changes.map(({ kind }) => kind)))
  }
  assert.equal((await desk.store.audit.verify()).kind, 'intact')
})
