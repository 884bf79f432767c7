import { randomBytes } from 'node:crypto'
import { base32Hash } from '../domain/hash.ts'
import { toProposalId } from '../domain/proposal.ts'
import type { Ids } from '../ports.ts'

/** Unguessable ids for a real desk. */
export const createRandomIds = (): Ids => ({
  proposalId: () => toProposalId(base32Hash(randomBytes(32).toString('hex'), 50)),
  rowId: () => base32Hash(randomBytes(32).toString('hex'), 80).toLowerCase(),
})

/** Ids of an unattended run, the same in every run of the same market and seed. */
export function createSeededIds(seed: string): Ids {
  let [proposals, rows] = [0, 0]
  return {
    proposalId: () => toProposalId(base32Hash(`${seed}/proposal/${proposals++}`, 50)),
    rowId: () => base32Hash(`${seed}/row/${rows++}`, 80).toLowerCase(),
  }
}
