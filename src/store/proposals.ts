import { type Selectable, sql } from 'kysely'
import type { Proposal, ProposalId, ProposalTerms } from '../domain/proposal.ts'
import type { TimestampMs, Usd } from '../domain/units.ts'
import type { ProposalPatch, Store, Transition } from '../ports.ts'
import { atomically, type StoreContext } from './context.ts'
import { sqlState, UNIQUE_VIOLATION } from './errors.ts'
import { jsonb, present, storable } from './json.ts'
import { releaseLease, takeLease } from './leases.ts'
import type { Db } from './pool.ts'
import type { Tables } from './tables.ts'

const TERMS: { readonly [K in keyof ProposalTerms]-?: true } = {
  book: true,
  asset: true,
  instrumentId: true,
  side: true,
  quantity: true,
  notional: true,
  referencePrice: true,
  hedgeRatioBefore: true,
  hedgeRatioAfter: true,
  exposure: true,
  expectedCost: true,
  policy: true,
  steps: true,
  proposedBy: true,
  proposedAt: true,
  expiresAt: true,
  maxPriceDrift: true,
  quorum: true,
  selfApprovalAllowed: true,
  schedule: true,
  replaces: true,
  emergency: true,
}

export function createProposals(context: StoreContext): Store['proposals'] {
  const { db } = context
  return {
    open: (proposal) =>
      atomically(context, async (tx) => {
        // Two proposals for one book and asset at once: the second waits and then supersedes the first.
        await sql`select pg_advisory_xact_lock(hashtextextended(${`${proposal.book}/${proposal.asset}`}, 0))`.execute(
          tx,
        )
        const superseded = await tx
          .updateTable('proposals')
          .set({
            state: 'superseded',
            reason: `superseded by ${proposal.proposalId}`,
            finished_at: proposal.proposedAt,
          })
          .where('book', '=', proposal.book)
          .where('asset', '=', proposal.asset)
          .where('state', '=', 'pending')
          .returning('proposal_id')
          .execute()
        await insert(tx, proposal)
        if (superseded.length === 0) return []
        return read(tx, (query) =>
          query
            .where(
              'proposals.proposal_id',
              'in',
              superseded.map((row) => row.proposal_id),
            )
            .orderBy('proposals.seq'),
        )
      }),

    async find(proposalId) {
      return (await read(db, (query) => query.where('proposals.proposal_id', '=', proposalId)))[0]
    },

    list: ({ book, asset, states, limit }) =>
      read(db, (query) =>
        query
          .$if(book !== undefined, (q) => q.where('proposals.book', '=', book!))
          .$if(asset !== undefined, (q) => q.where('proposals.asset', '=', asset!))
          .$if(states !== undefined, (q) => q.where('proposals.state', '=', anyOf(states!)))
          .orderBy('proposals.proposed_at', 'desc')
          .orderBy('proposals.seq', 'desc')
          .limit(limit),
      ),

    async countSince(since, { book, states }) {
      const { count } = await db
        .selectFrom('proposals')
        .select((eb) => eb.fn.countAll<number>().as('count'))
        .where('proposed_at', '>=', since)
        .where('state', '=', anyOf(states))
        .$if(book !== undefined, (q) => q.where('book', '=', book!))
        .executeTakeFirstOrThrow()
      return count
    },

    addApproval: (proposalId, memberId, at) =>
      atomically(context, async (tx) => {
        const pending = await tx
          .selectFrom('proposals')
          .select('proposal_id')
          .where('proposal_id', '=', proposalId)
          .where('state', '=', 'pending')
          .forUpdate()
          .execute()
        const added = pending.length > 0 && (await insertApproval(tx, { proposalId, memberId, at }))
        return transition(tx, proposalId, added)
      }),

    move: (proposalId, from, to, patch) =>
      atomically(context, async (tx) => {
        const moved = await tx
          .updateTable('proposals')
          .set({ state: to, ...toColumns(patch) })
          .where('proposal_id', '=', proposalId)
          .where('state', '=', anyOf(from))
          .returningAll()
          .returning(APPROVALS)
          .executeTakeFirst()
        return moved ? { changed: true, proposal: toProposal(moved) } : transition(tx, proposalId, false)
      }),

    async decidedSince(by, since) {
      const rows = await db
        .selectFrom('proposals')
        .select(['decided_at', 'notional_usd'])
        .where('decided_by', '=', by)
        .where('decided_at', '>=', since)
        .where('state', 'in', ['approved', 'executing', 'executed', 'failed'])
        .orderBy('decided_at')
        .orderBy('seq')
        .execute()
      return rows.map((row) => ({ decidedAt: row.decided_at as TimestampMs, notional: row.notional_usd as Usd }))
    },

    takeLease: (proposalId, holder, ttl) => takeLease(db, proposalId, { holder, ttl }),
    releaseLease: (proposalId, lease) => releaseLease(db, proposalId, lease),

    steer: (proposalId, from, to, by) =>
      atomically(context, async (tx) => {
        const steered = await tx
          .updateTable('proposals')
          .set({ control: to, controlled_by: by.memberId, controlled_at: by.at })
          .where('proposal_id', '=', proposalId)
          .where('state', 'in', ['approved', 'executing'])
          .where('control', '=', anyOf(from))
          .returningAll()
          .returning(APPROVALS)
          .executeTakeFirst()
        return steered ? { changed: true, proposal: toProposal(steered) } : transition(tx, proposalId, false)
      }),
  }
}

async function insert(tx: Db, proposal: Proposal): Promise<void> {
  const terms = Object.fromEntries(
    Object.keys(TERMS).map((key) => [key, proposal[key as keyof ProposalTerms]]),
  ) as unknown as ProposalTerms
  try {
    await tx
      .insertInto('proposals')
      .values({
        proposal_id: proposal.proposalId,
        book: proposal.book,
        asset: proposal.asset,
        state: 'pending',
        terms: jsonb(terms),
        terms_hash: proposal.termsHash,
        notional_usd: proposal.notional,
        proposed_at: proposal.proposedAt,
        expires_at: proposal.expiresAt,
      })
      .execute()
  } catch (error) {
    if (sqlState(error) !== UNIQUE_VIOLATION) throw error
    throw new Error(`Expected a new proposal id, was ${proposal.proposalId}, which is taken`, { cause: error })
  }
  for (const approval of proposal.approvals) {
    await insertApproval(tx, { proposalId: proposal.proposalId, ...approval })
  }
}

async function insertApproval(
  tx: Db,
  approval: { proposalId: ProposalId; memberId: string; at: number },
): Promise<boolean> {
  const rows = await tx
    .insertInto('proposal_approvals')
    .values({ proposal_id: approval.proposalId, member_id: approval.memberId, approved_at: approval.at })
    .onConflict((oc) => oc.doNothing())
    .returning('member_id')
    .execute()
  return rows.length > 0
}

async function transition(tx: Db, proposalId: ProposalId, changed: boolean): Promise<Transition> {
  const [proposal] = await read(tx, (query) => query.where('proposals.proposal_id', '=', proposalId))
  if (!proposal) throw new RangeError(`Expected a stored proposal, was ${proposalId}, which does not exist`)
  return { changed, proposal }
}

/** Like `in`, but an empty list is allowed and matches nothing. */
const anyOf = (states: readonly string[]) => sql<string>`any(${[...states]}::text[])`

const toColumns = (patch: ProposalPatch) => ({
  ...(patch.decidedBy !== undefined && { decided_by: patch.decidedBy }),
  ...(patch.decidedAt !== undefined && { decided_at: patch.decidedAt }),
  ...(patch.reason !== undefined && { reason: storable(patch.reason) }),
  ...(patch.executionStartedAt !== undefined && { execution_started_at: patch.executionStartedAt }),
  ...(patch.executionEndsAt !== undefined && { execution_ends_at: patch.executionEndsAt }),
  ...(patch.finishedAt !== undefined && { finished_at: patch.finishedAt }),
})

const APPROVALS = sql<Proposal['approvals']>`coalesce(
  (select jsonb_agg(jsonb_build_object('memberId', member_id, 'at', approved_at) order by seq)
   from proposal_approvals where proposal_approvals.proposal_id = proposals.proposal_id), '[]')`.as('approvals')

const selectProposals = (db: Db) => db.selectFrom('proposals').selectAll().select(APPROVALS)

async function read(
  db: Db,
  narrow: (query: ReturnType<typeof selectProposals>) => ReturnType<typeof selectProposals>,
): Promise<Proposal[]> {
  return (await narrow(selectProposals(db)).execute()).map(toProposal)
}

const toProposal = (row: Selectable<Tables['proposals']> & { approvals: Proposal['approvals'] }): Proposal => ({
  ...row.terms,
  ...present({
    proposalId: row.proposal_id,
    termsHash: row.terms_hash,
    state: row.state,
    approvals: row.approvals,
    decidedBy: row.decided_by,
    decidedAt: row.decided_at,
    reason: row.reason,
    lease: row.lease,
    control: row.control,
    controlledBy: row.controlled_by,
    executionStartedAt: row.execution_started_at,
    executionEndsAt: row.execution_ends_at,
    finishedAt: row.finished_at,
  } as { [K in keyof Omit<Proposal, keyof ProposalTerms>]: Proposal[K] | null }),
})
