import type { Selectable } from 'kysely'
import type { AdminRequest, Store } from '../ports.ts'
import { atomically, type StoreContext } from './context.ts'
import { sqlState, UNIQUE_VIOLATION } from './errors.ts'
import { jsonb, present, storable } from './json.ts'
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
      const row = await db
        .selectFrom('admin_requests')
        .selectAll()
        .where('request_id', '=', requestId)
        .executeTakeFirst()
      return row && toRequest(row)
    },

    async list({ state, limit }) {
      const rows = await db
        .selectFrom('admin_requests')
        .selectAll()
        .$if(state !== undefined, (query) => query.where('state', '=', state!))
        .orderBy('seq', 'desc')
        .limit(limit)
        .execute()
      return rows.map(toRequest)
    },

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
          .returningAll()
          .executeTakeFirst()
        if (decided) return { changed: true, request: toRequest(decided) }
        const stands = await tx
          .selectFrom('admin_requests')
          .selectAll()
          .where('request_id', '=', requestId)
          .executeTakeFirst()
        if (!stands) throw new RangeError(`Expected a stored request, was ${requestId}, which does not exist`)
        return { changed: false, request: toRequest(stands) }
      }),
  }
}

const toRequest = (row: Selectable<Tables['admin_requests']>): AdminRequest =>
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
  } as { [K in keyof AdminRequest]: AdminRequest[K] | null })
