/** A write under a fencing number that is no longer the proposal's: another process has taken over the execution. */
export class StaleLeaseError extends Error {
  override readonly name = 'StaleLeaseError'
}

/** The database did not answer for as long as we are willing to wait. Nothing that was stored is lost. */
export class DatabaseUnavailableError extends Error {
  override readonly name = 'DatabaseUnavailableError'
}

const LOST_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  '08000', // connection exceptions
  '08001',
  '08003',
  '08006',
  '57P01', // server is shutting down
  '57P02', // server is recovering from a crash
  '57P03', // server is starting up
])
const LOST_MESSAGE =
  /connection terminated|connection ended|timeout exceeded when trying to connect|encountered a connection error|not queryable/i

/** Whether an error of `pg` says that the connection is gone, as opposed to that the statement is wrong. */
export function isConnectionLost(error: unknown): error is Error {
  if (!(error instanceof Error) || error instanceof DatabaseUnavailableError) return false
  if (error instanceof AggregateError && error.errors.some(isConnectionLost)) return true
  return LOST_CODES.has((error as { code?: string }).code ?? '') || LOST_MESSAGE.test(error.message)
}

export const sqlState = (error: unknown): string | undefined =>
  error instanceof Error ? (error as { code?: string }).code : undefined

export const UNIQUE_VIOLATION = '23505'
export const INSUFFICIENT_PRIVILEGE = '42501'
