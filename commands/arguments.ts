import { z } from 'zod'
import { PROPOSAL_ID, toProposalId } from '../src/domain/proposal.ts'

/** Options that more than one command takes, so that one thing is typed and refused the same way everywhere. */

export const symbol = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9]{1,9}$/, 'Expected an asset such as ETH')
  .transform((value) => value.toUpperCase())
  .default('ETH')

export const proposalId = z
  .string()
  .transform((value) => value.toUpperCase())
  .pipe(z.string().regex(PROPOSAL_ID, 'Expected the ten characters on the proposal card').transform(toProposalId))

export const requestId = z
  .string()
  .transform((value) => value.trim().toLowerCase())
  .pipe(z.string().regex(/^[0-9a-hjkmnp-tv-z]{16}$/, 'Expected the sixteen characters on the card of the request'))

export const modelId = z
  .string()
  .transform((value) => value.trim())
  .pipe(z.string().regex(/^[A-Za-z0-9][\w.-]{0,79}$/, 'Expected the name of a model, as /model list shows it'))
