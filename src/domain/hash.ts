import { createHash } from 'node:crypto'
import type { ClientOrderId } from './execution/order.ts'
import type { ProposalId, ProposalTerms } from './proposal.ts'

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** JSON with sorted keys and no undefined, so that equal values hash alike. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`
  if (value !== null && typeof value === 'object') {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined)
    return `{${entries
      .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
      .map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`)
      .join(',')}}`
  }
  return JSON.stringify(value)
}

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

export const termsHashOf = (terms: ProposalTerms): string => sha256(canonicalJson(terms))

/** Crockford base32 of the first `bits` of a SHA-256; `bits` a multiple of 5 or padded up to one. */
export function base32Hash(text: string, bits: number): string {
  let value = BigInt(`0x${sha256(text)}`) >> BigInt(256 - bits)
  let out = ''
  for (let i = 0; i < Math.ceil(bits / 5); i++) {
    out = CROCKFORD[Number(value & 31n)] + out
    value >>= 5n
  }
  return out
}

/**
 * The client order id of one slice of one proposal: 26 base32 characters over 128 bits.
 *
 * Derived, so that the same intent is the same order however often it is sent.
 */
export const clientOrderIdFor = (
  proposalId: ProposalId,
  at: { leg: number; slice: number; attempt: number },
): ClientOrderId => base32Hash(`${proposalId}/${at.leg}/${at.slice}/${at.attempt}`, 128) as ClientOrderId

/** A 32-bit seed from text, for plans that must be the same after a restart. */
export const seedFrom = (text: string): number => Number.parseInt(sha256(text).slice(0, 8), 16)
