import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgeKeyRights } from '../../../src/domain/execution/key-rights.ts'
import type { KeyRights } from '../../../src/ports.ts'

const [REAL, SANDBOX] = [{ sandbox: false }, { sandbox: true }]
const codes = (rights: KeyRights, where: { sandbox: boolean }): readonly string[] => {
  const judged = judgeKeyRights(rights, where)
  return [judged.kind, ...(judged.kind === 'fit' ? judged.warnings : judged.findings).map(({ code }) => code)]
}

test('a key that trades, cannot withdraw and is bound to addresses is fit without a word', () => {
  assert.deepEqual(codes({ canTrade: true, canWithdraw: false, boundToAddresses: true }, REAL), ['fit'])
})

test('a key that can withdraw is refused with real money, whatever else it has', () => {
  assert.deepEqual(codes({ canTrade: true, canWithdraw: true, boundToAddresses: true }, REAL), [
    'refused',
    'KEY_CAN_WITHDRAW',
  ])
  assert.deepEqual(codes({ canTrade: false, canWithdraw: true }, REAL), [
    'refused',
    'KEY_CAN_WITHDRAW',
    'KEY_CANNOT_TRADE',
  ])
})

test('on a test network a key that can withdraw is a warning; one that cannot trade is refused there as well', () => {
  assert.deepEqual(codes({ canTrade: true, canWithdraw: true }, SANDBOX), ['fit', 'KEY_CAN_WITHDRAW'])
  assert.deepEqual(codes({ canTrade: false, canWithdraw: false }, SANDBOX), ['refused', 'KEY_CANNOT_TRADE'])
})

test('what a venue does not tell is a warning, and so is a key that works from anywhere', () => {
  assert.deepEqual(codes({ canTrade: true }, REAL), ['fit', 'KEY_RIGHTS_UNTOLD'])
  assert.deepEqual(codes({ canTrade: true, canWithdraw: false, boundToAddresses: false }, REAL), [
    'fit',
    'KEY_NOT_BOUND',
  ])
  assert.deepEqual(codes({ canTrade: true, boundToAddresses: false }, REAL), [
    'fit',
    'KEY_RIGHTS_UNTOLD',
    'KEY_NOT_BOUND',
  ])
})
