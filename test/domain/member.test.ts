import assert from 'node:assert/strict'
import { test } from 'node:test'
import { atLeast, PLATFORM_USER_ID, ROLES } from '../../src/domain/member.ts'

test('each role may do what those before it may, and no more', () => {
  for (const [i, role] of ROLES.entries()) {
    assert.deepEqual(
      ROLES.filter((needed) => atLeast(role, needed)),
      ROLES.slice(0, i + 1),
    )
  }
})

test('a user id is the platform’s number and nothing else', () => {
  for (const id of ['1', '0', '123456789012345678', '9'.repeat(20)]) assert.match(id, PLATFORM_USER_ID)
  for (const id of ['', ' 1', '1\n', '-1', '1.5', '1e3', 'ana', '9'.repeat(21), '１２'])
    assert.doesNotMatch(id, PLATFORM_USER_ID, JSON.stringify(id))
})
