import { sql } from 'kysely'
import { canonicalJson, sha256 } from '../domain/hash.ts'
import { timestamp } from '../domain/units.ts'
import type { AuditEntry, AuditVerdict, Store } from '../ports.ts'
import { atomically, type StoreContext } from './context.ts'
import { jsonb, storable, storableJson } from './json.ts'
import type { Db } from './pool.ts'

const GENESIS = '0'.repeat(64)
const ROWS_PER_READ = 1_000

/**
 * The append-only log. Row n carries SHA-256(hash of row n−1 + canonical JSON of row n), so that changing, removing or
 * inserting a row breaks the chain from there on; the head keeps the newest hash, so that a cut-off end shows too.
 *
 * @param deferred - inside a transaction: where entries wait for its end, so that the writers' lock is held for a moment
 *   and always taken last
 */
export function createAudit(context: StoreContext, deferred?: AuditEntry[]): Store['audit'] {
  const { db } = context
  const flush = async () => {
    if (deferred && deferred.length > 0) await writeAudit(db, deferred.splice(0))
  }
  return {
    async append(entry) {
      if (deferred) deferred.push(entry)
      else await atomically(context, (tx) => writeAudit(tx, [entry]))
    },

    async verify() {
      await flush()
      return verify(db)
    },

    async count(action) {
      await flush()
      const row = await db
        .selectFrom('audit_log')
        .select((eb) => eb.fn.countAll<number>().as('rows'))
        .where('action', '=', action)
        .executeTakeFirstOrThrow()
      return row.rows
    },

    async recent(limit, { actor, action } = {}) {
      await flush()
      const rows = await db
        .selectFrom('audit_log')
        .selectAll()
        .$if(actor !== undefined, (query) => query.where('actor', '=', storable(actor!)))
        // `like` would read `_` and `%` in the prefix as wildcards.
        .$if(action !== undefined, (query) => query.where(sql<boolean>`starts_with(action, ${storable(action!)})`))
        .orderBy('seq', 'desc')
        .limit(limit)
        .execute()
      return rows.map((row) => ({
        at: timestamp(row.happened_at),
        actor: row.actor,
        action: row.action,
        subject: row.subject,
        details: row.details,
      }))
    },
  }
}

/**
 * Writes entries to the end of the chain; needs a transaction. The head's row is the writers' lock: who holds it writes the next
 * row, and lets go of it when the transaction ends.
 */
export async function writeAudit(tx: Db, entries: readonly AuditEntry[]): Promise<void> {
  let head = await tx.selectFrom('audit_head').select(['seq', 'hash']).forUpdate().executeTakeFirstOrThrow()
  const rows = entries.map((entry) => {
    const row = {
      seq: head.seq + 1,
      happened_at: entry.at,
      actor: storable(entry.actor),
      action: storable(entry.action),
      subject: storable(entry.subject),
      details: storableJson(entry.details),
    }
    const previousHash = head.hash
    const hash = hashOf(row, previousHash)
    head = { seq: row.seq, hash }
    return { ...row, details: jsonb(row.details), previous_hash: previousHash, hash }
  })
  await tx
    .with('written', (db) => db.insertInto('audit_log').values(rows))
    .updateTable('audit_head')
    .set(head)
    .execute()
}

interface HashedRow {
  readonly seq: number
  readonly happened_at: number
  readonly actor: string
  readonly action: string
  readonly subject: string
  readonly details: Readonly<Record<string, unknown>>
}

const hashOf = (row: HashedRow, previousHash: string): string =>
  sha256(
    previousHash +
      canonicalJson({
        seq: row.seq,
        at: row.happened_at,
        actor: row.actor,
        action: row.action,
        subject: row.subject,
        details: row.details,
      }),
  )

const readHead = (db: Db) => db.selectFrom('audit_head').select(['seq', 'hash']).executeTakeFirstOrThrow()

async function verify(db: Db): Promise<AuditVerdict> {
  const head = await readHead(db)
  let [rows, last] = [0, { seq: 0, hash: GENESIS }]
  const broken = (brokenAt: number, why: string): AuditVerdict => ({ kind: 'broken', rows, brokenAt, why })

  while (last.seq < head.seq) {
    const chunk = await db
      .selectFrom('audit_log')
      .selectAll()
      .where('seq', '>', last.seq)
      .where('seq', '<=', head.seq)
      .orderBy('seq')
      .limit(ROWS_PER_READ)
      .execute()
    if (chunk.length === 0) return broken(last.seq + 1, `rows ${last.seq + 1} to ${head.seq} are missing at the end`)
    for (const row of chunk) {
      if (row.seq !== last.seq + 1) return broken(last.seq + 1, `row ${last.seq + 1} is missing`)
      if (row.previous_hash !== last.hash) {
        return broken(row.seq, `row ${row.seq} does not follow from row ${last.seq}: the hash it names is another's`)
      }
      if (row.hash !== hashOf(row, last.hash)) return broken(row.seq, `row ${row.seq} was changed after it was written`)
      last = row
      rows++
    }
  }
  if (last.hash !== head.hash) return broken(last.seq, `row ${last.seq} is not the one that was written last`)
  return { kind: 'intact', rows, lastHash: last.hash }
}
