import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { base32Hash, canonicalJson, clientOrderIdFor, seedFrom, sha256 } from '../../src/domain/hash.ts'
import { PROPOSAL_ID, toProposalId } from '../../src/domain/proposal.ts'

test('equal values have equal text whatever the order of their keys', () => {
  const text = canonicalJson({ b: [1, { d: 2, c: undefined }], a: 'x' })
  assert.equal(text, '{"a":"x","b":[1,{"d":2}]}')
  assert.equal(text, canonicalJson({ a: 'x', b: [1, { d: 2 }] }))
})

test('canonical text is JSON that reads back as the same value', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      assert.deepEqual(JSON.parse(canonicalJson(value)), JSON.parse(JSON.stringify(value)))
    }),
  )
})

test('lists keep their order and their holes count', () => {
  assert.notEqual(canonicalJson([1, 2]), canonicalJson([2, 1]))
  assert.equal(canonicalJson([undefined, null]), '[null,null]')
})

test('the digest is the well-known one', () => {
  assert.equal(sha256('abc'), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
})

test('base32 holds the leading bits in Crockford’s alphabet', () => {
  // ba7816bf8f… = 10111 01001 11100 00001 01101 01111 11100 01111 1…
  assert.equal(base32Hash('abc', 40), 'Q9W1DFWF')
  assert.match(base32Hash('abc', 50), PROPOSAL_ID)
  assert.equal(base32Hash('abc', 128).length, 26)
})

test('client order ids differ by proposal, leg, slice and attempt, and are the same for the same', () => {
  const proposalId = toProposalId('7K3M9QX2TB')
  const other = toProposalId('7K3M9QX2TC')
  const at = { leg: 0, slice: 1, attempt: 2 }
  const ids = [
    clientOrderIdFor(proposalId, at),
    clientOrderIdFor(other, at),
    clientOrderIdFor(proposalId, { ...at, leg: 1 }),
    clientOrderIdFor(proposalId, { ...at, slice: 12 }),
    clientOrderIdFor(proposalId, { ...at, attempt: 0 }),
    clientOrderIdFor(proposalId, { leg: 0, slice: 11, attempt: 0 }),
    clientOrderIdFor(proposalId, { leg: 0, slice: 1, attempt: 10 }),
  ]
  assert.equal(new Set(ids).size, ids.length)
  assert.equal(clientOrderIdFor(proposalId, { ...at }), ids[0])
  // 26 characters of 0–9 and A–Z: within the 32 of OKX and the 36 of Binance and Bybit.
  for (const id of ids) assert.match(id, /^[0-9A-HJKMNP-TV-Z]{26}$/)
})

test('seeds are whole numbers of 32 bits', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const seed = seedFrom(text)
      assert.ok(Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32)
      assert.equal(seedFrom(text), seed)
    }),
  )
})
