import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { codeHashOf, toCode } from '../../src/domain/one-time-code.ts'

const LETTERS = [...'0123456789abcdefghjkmnpqrstvwxyz']
const random = fc
  .array(fc.constantFrom(...LETTERS), { minLength: 16, maxLength: 16 })
  .map((letters) => letters.join(''))

test('a code is shown in groups of four', () => {
  assert.equal(toCode('7k3m9qx2tb0ahhvz'), '7K3M-9QX2-TB0A-HHVZ')
  assert.equal(toCode('7k3m9qx2tb0ah'), '7K3M-9QX2-TB0A-H')
})

test('fewer letters than nobody can guess are no code, nor are others', () => {
  for (const letters of ['', '7k3m9qx2tb0a', '7k3m9qx2tb0ahhvu', '7'.repeat(27)])
    assert.throws(() => toCode(letters), RangeError)
  for (const typed of ['', 'ABCD', '7K3M-9QX2-TB0A', '7K3M-9QX2-TB0A-HHVU', '7K3M_9QX2_TB0A_HHVZ', '7'.repeat(27)])
    assert.equal(codeHashOf(typed), undefined, typed)
})

test('a code is the same however it is typed', () => {
  const typed = fc.tuple(
    random,
    fc.infiniteStream(fc.constantFrom('', '', '-', ' ', '--')),
    fc.infiniteStream(fc.boolean()),
  )
  fc.assert(
    fc.property(typed, ([letters, gaps, cases]) => {
      const said = [...letters]
        .map((letter) => letter.replace('0', 'o'))
        .map((letter) => (cases.next().value ? letter.toUpperCase() : letter) + gaps.next().value)
        .join('')
      return codeHashOf(said) === codeHashOf(toCode(letters))
    }),
  )
  assert.equal(codeHashOf('I1L1-0000-0000-0'), codeHashOf('1111-OOOO-0o00-0'))
})

test('what is kept of a code is neither the code nor that of another', () => {
  fc.assert(
    fc.property(random, random, (one, other) => {
      const hash = codeHashOf(one)!
      return /^[0-9a-f]{64}$/.test(hash) && !hash.includes(one) && (one === other || hash !== codeHashOf(other))
    }),
  )
})
