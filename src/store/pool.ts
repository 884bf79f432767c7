import { Kysely, PostgresDialect, type PostgresPool } from 'kysely'
import pg from 'pg'
import type { Logger } from '../log.ts'
import { type Patience, retryWhileAway } from './retry.ts'
import type { Tables } from './tables.ts'

const INT8 = 20
const NUMERIC = 1700
const MAX_CONNECTIONS = 10 // an idle connection costs the server some 5 MB
const CONNECT_TIMEOUT_MS = 5_000

export type Db = Kysely<Tables>

/**
 * PostgreSQL's bigint and numeric as numbers, for our connections only.
 *
 * Ours are milliseconds, counts, prices and quantities that came from numbers, so nothing is lost on the way back.
 */
export const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    oid === INT8 || oid === NUMERIC
      ? (text: string) => Number(text)
      : pg.types.getTypeParser(oid, format as 'text')) as typeof pg.types.getTypeParser,
}

/** Where a connection string leads, without user and password: `127.0.0.1:5432/breakwater`. */
export function whereOf(connectionString: string): string {
  try {
    const url = new URL(connectionString)
    return `${url.hostname}:${url.port || 5432}${url.pathname}`
  } catch {
    return 'an unreadable address'
  }
}

/**
 * Opens the connection pool behind Kysely. Connecting is retried while the database is away; a connection that breaks
 * while idle is logged and replaced.
 */
export function createDb(connection: pg.ClientConfig, log: Logger, patience: Patience): Db {
  const pool = new pg.Pool({
    ...connection,
    types,
    max: MAX_CONNECTIONS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
  })
  pool.on('error', (error) => log.warn({ reason: error.message }, 'an idle database connection broke'))
  // A connection that breaks while it is checked out says so on itself too; the query's own error is the one that counts.
  pool.on('connect', (client) => client.on('error', () => {}))

  const patientPool = {
    options: pool.options,
    connect: () => retryWhileAway(() => pool.connect(), patience),
    end: () => pool.end(),
  } as unknown as PostgresPool
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool: patientPool }) })
}
