import { base32Hash, clientOrderIdFor } from '../hash.ts'
import type { InstrumentId } from '../instrument.ts'
import type { ProposalId } from '../proposal.ts'
import type { ClientOrderId } from './order.ts'

/** What an order is for, as its id tells whoever knows what ids are made of. */
export type Origin =
  | {
      readonly kind: 'child'
      readonly proposalId: ProposalId
      readonly leg: number
      readonly slice: number
      readonly attempt: number
    }
  | { readonly kind: 'stop'; readonly version: number }

const OURS = /^[0-9A-HJKMNP-TV-Z]{26}$/
const MAX_SLICES = 80
const MAX_ATTEMPTS = 8
const MAX_VERSIONS = 4096

/** The id of one version of the protective stop of an instrument: 26 base32 characters over 128 bits. */
export const stopOrderIdFor = (instrumentId: InstrumentId, version: number): ClientOrderId =>
  base32Hash(`stop/${instrumentId}/${version}`, 128) as ClientOrderId

/**
 * Finds out whether an id is one that we would have made from these records, and for what. Only then is an unknown order ours.
 *
 * @returns a function that answers undefined for an id of any other making
 */
export function originFinder({
  proposalIds,
  legs,
  instrumentId,
}: {
  readonly proposalIds: readonly ProposalId[]
  readonly legs: number
  readonly instrumentId: InstrumentId
}): (clientOrderId: ClientOrderId) => Origin | undefined {
  let origins: ReadonlyMap<ClientOrderId, Origin> | undefined
  return (clientOrderId) => {
    if (!OURS.test(clientOrderId)) return undefined
    origins ??= new Map([
      ...Array.from({ length: MAX_VERSIONS }, (_, version): [ClientOrderId, Origin] => [
        stopOrderIdFor(instrumentId, version),
        { kind: 'stop', version },
      ]),
      ...proposalIds.flatMap((proposalId) => childrenOf(proposalId, legs)),
    ])
    return origins.get(clientOrderId)
  }
}

function childrenOf(proposalId: ProposalId, legs: number): readonly [ClientOrderId, Origin][] {
  const children: [ClientOrderId, Origin][] = []
  for (let leg = 0; leg < legs; leg++)
    for (let slice = 0; slice < MAX_SLICES; slice++)
      for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++)
        children.push([
          clientOrderIdFor(proposalId, { leg, slice, attempt }),
          { kind: 'child', proposalId, leg, slice, attempt },
        ])
  return children
}
