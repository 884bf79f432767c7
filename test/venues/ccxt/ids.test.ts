import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { ClientOrderId } from '../../../src/domain/execution/order.ts'
import { base32Hash } from '../../../src/domain/hash.ts'
import {
  type ClientIds,
  hexIds,
  isClientOrderId,
  type NumberTable,
  numberedIds,
  plainIds,
} from '../../../src/venues/ccxt/ids.ts'

const ids = fc.string().map((text) => base32Hash(text, 128) as ClientOrderId)
/** A table as a venue with short ids needs one, in memory. */
function createTable(): NumberTable {
  const numbers = new Map<ClientOrderId, number>()
  const names = new Map<number, ClientOrderId>()
  return {
    numberOf(id) {
      const number = numbers.get(id) ?? numbers.size + 4_000_000_000
      numbers.set(id, number)
      names.set(number, id)
      return number
    },
    idOf: (number) => names.get(number),
  }
}

const MAPPINGS: readonly (readonly [name: string, mapping: ClientIds, alphabet: RegExp])[] = [
  // The narrowest of Binance (36 of many), Bybit (36), OKX (32 letters and digits), Deribit (64).
  ['plain', plainIds, /^[A-Za-z0-9]{1,32}$/],
  ['128 bits in hexadecimal', hexIds, /^0x[0-9a-f]{32}$/],
  ['numbers of 32 bits', numberedIds(createTable()), /^\d{1,10}$/],
]
for (const [name, mapping, alphabet] of MAPPINGS) {
  test(`an id as ${name} comes back as it was, and fits the venue`, () => {
    fc.assert(
      fc.property(ids, (id) => {
        const carried = mapping.toVenue(id)
        assert.match(carried, alphabet)
        assert.equal(mapping.fromVenue(carried), id)
      }),
    )
  })

  test(`two ids as ${name} stay two`, () => {
    fc.assert(
      fc.property(fc.uniqueArray(ids, { minLength: 2, maxLength: 50 }), (many) => {
        assert.equal(new Set(many.map(mapping.toVenue)).size, many.length)
      }),
    )
  })

  test(`what we cannot have made is no id of ours as ${name}, and what is none of ours is not carried`, () => {
    for (const foreign of [
      '',
      'web_8000000001',
      'autoclose-1',
      'x-xcKtGhcu123',
      '0x12',
      '99999999999',
      'Z'.repeat(26),
    ]) {
      assert.equal(mapping.fromVenue(foreign), undefined, foreign)
    }
    for (const id of ['', 'two words', 'I'.repeat(26), 'Z'.repeat(26), '0'.repeat(25)]) {
      assert.throws(() => mapping.toVenue(id as ClientOrderId), /Expected a client order id of 26 characters/)
    }
  })
}

test('the largest and the smallest of 128 bits are carried in hexadecimal', () => {
  const [least, most] = ['0'.repeat(26), `7${'Z'.repeat(25)}`]
  assert.ok(isClientOrderId(least) && isClientOrderId(most))
  assert.equal(hexIds.toVenue(least), `0x${'0'.repeat(32)}`)
  assert.equal(hexIds.toVenue(most), `0x${'f'.repeat(32)}`)
})

test('a number that does not fit is a fault of the table', () => {
  const broken = numberedIds({ numberOf: () => 2 ** 32, idOf: () => undefined })
  assert.throws(() => broken.toVenue(base32Hash('a', 128) as ClientOrderId), /Expected a number of 32 bits/)
})
