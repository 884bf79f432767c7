import type pg from 'pg'
import { applyTrade, type Book, EMPTY_BOOK, type FillRow } from './book.ts'
import { LEDGER_STEPS } from './ledger-schema.ts'

const SCHEMA_LOCK = 7_214_001 // any number of our own: two processes must not create the schema at once

/** Runs the steps that a ledger lacks; the books of one that had none are added up from its fills. */
export async function openSchema(pool: pg.Pool): Promise<void> {
  const client = await pool.connect()
  try {
    // Asked without a lock first: creating what exists would wait for every open order.
    if (await isDone(client, LEDGER_STEPS.length - 1)) return client.release()
    await client.query('begin')
    await client.query('select pg_advisory_xact_lock($1)', [SCHEMA_LOCK])
    for (const [i, { sql }] of LEDGER_STEPS.entries()) if (!(await isDone(client, i))) await client.query(sql)
    await addUpBooks(client)
    await client.query('commit')
    client.release()
  } catch (error) {
    client.release(true)
    throw error
  }
}

async function isDone(client: pg.PoolClient, step: number): Promise<boolean> {
  const { rows } = await client.query<{ done: boolean }>(LEDGER_STEPS[step]!.isDone)
  return rows[0]!.done
}

async function addUpBooks(client: pg.PoolClient): Promise<void> {
  const { rows } = await client.query<FillRow>('select * from venue_ledger.fills order by sequence')
  const books = new Map<string, { readonly fill: FillRow; readonly book: Book }>()
  for (const fill of rows) {
    const key = `${fill.venue_id} ${fill.instrument_id}`
    books.set(key, { fill, book: applyTrade(books.get(key)?.book ?? EMPTY_BOOK, fill) })
  }
  for (const { fill, book } of books.values()) {
    await client.query('insert into venue_ledger.books values ($1, $2, $3) on conflict do nothing', [
      fill.venue_id,
      fill.instrument_id,
      JSON.stringify(book),
    ])
  }
}
