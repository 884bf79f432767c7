import { type Selectable, sql } from 'kysely'
import type { AdminRequest, Store } from '../ports.ts'
import { atomically, type StoreContext } from './context.ts'
import { sqlState, UNIQUE_VIOLATION } from './errors.ts'
import { jsonb, present, storable } from './json.ts'
import type { Db } from './pool.ts'
import type { Tables } from './tables.ts'

export function createRequests(context: StoreContext): Store['requests'] {
  const { db } = context
  return {
    async open(request) {
      try {
        await db
          .insertInto('admin_requests')
          .values({
            request_id: request.requestId,
            subject: jsonb(request.subject),
            state: 'pending',
            requested_by: request.requestedBy,
            requested_at: request.requestedAt,
            expires_at: request.expiresAt,
          })
          .execute()
      } catch (error) {
        if (sqlState(error) !== UNIQUE_VIOLATION) throw error
        throw new Error(`Expected a new request id, was ${request.requestId}, which is taken`, { cause: error })
      }
    },

    async find(requestId) {
      const row = await read(db, requestId)
      return row && toRequest(row)
    },

    async list({ state, limit }) {
      const rows = await db
        .selectFrom('admin_requests')
        .selectAll()
        .select(APPROVALS)
        .$if(state !== undefined, (query) => query.where('state', '=', state!))
        .orderBy('seq', 'desc')
        .limit(limit)
        .execute()
      return rows.map(toRequest)
    },

    addApproval: (requestId, memberId, at) =>
      atomically(context, async (tx) => {
        const held = await tx
          .selectFrom('admin_requests')
          .select('state')
          .where('request_id', '=', requestId)
          .forUpdate()
          .executeTakeFirst()
        if (!held) throw new RangeError(`Expected a stored request, was ${requestId}, which does not exist`)
        const added =
          held.state === 'pending'
            ? await tx
                .insertInto('request_approvals')
                .values({ request_id: requestId, member_id: memberId, approved_at: at })
                .onConflict((oc) => oc.columns(['request_id', 'member_id']).doNothing())
                .returning('member_id')
                .execute()
            : []
        return { changed: added.length > 0, request: toRequest((await read(tx, requestId))!) }
      }),

    decide: (requestId, to, { by, at, reason }) =>
      atomically(context, async (tx) => {
        const decided = await tx
          .updateTable('admin_requests')
          .set({
            state: to,
            decided_by: by,
            decided_at: at,
            reason: reason === undefined ? null : storable(reason),
          })
          .where('request_id', '=', requestId)
          .where('state', '=', 'pending')
          .returning('request_id')
          .executeTakeFirst()
        const stands = await read(tx, requestId)
        if (!stands) throw new RangeError(`Expected a stored request, was ${requestId}, which does not exist`)
        return { changed: decided !== undefined, request: toRequest(stands) }
      }),
  }
}

type Row = Selectable<Tables['admin_requests']> & { readonly approvals: AdminRequest['approvals'] | null }

const APPROVALS = sql<AdminRequest['approvals'] | null>`(
  select json_agg(json_build_object('memberId', member_id, 'at', approved_at) order by seq)
  from request_approvals where request_approvals.request_id = admin_requests.request_id)`.as('approvals')

const read = (db: Db, requestId: string): Promise<Row | undefined> =>
  db.selectFrom('admin_requests').selectAll().select(APPROVALS).where('request_id', '=', requestId).executeTakeFirst()

const toRequest = (row: Row): AdminRequest =>
  present({
    requestId: row.request_id,
    subject: row.subject,
    state: row.state,
    requestedBy: row.requested_by,
    requestedAt: row.requested_at,
    expiresAt: row.expires_at,
    decidedBy: row.decided_by,
    decidedAt: row.decided_at,
    reason: row.reason,
    approvals: row.approvals,
  } as { [K in keyof AdminRequest]: AdminRequest[K] | null })
