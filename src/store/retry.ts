import { setTimeout as sleep } from 'node:timers/promises'
import { DatabaseUnavailableError, isConnectionLost } from './errors.ts'

const FIRST_PAUSE_MS = 50
const LONGEST_PAUSE_MS = 1_000

export interface Patience {
  /** How long to go on trying while the database is away. */
  readonly patienceMs: number
  /** Host, port and database name, never the password. */
  readonly where: string
}

/**
 * Repeats `work` with growing pauses while the connection to the database is lost. Any other error passes through.
 *
 * Only for work that may happen twice: reads, connecting, and writes that say the same thing again.
 *
 * @throws {DatabaseUnavailableError} when the database is still away after `patienceMs`
 */
export async function retryWhileAway<T>(work: () => Promise<T>, patience: Patience): Promise<T> {
  const givesUpAt = Date.now() + patience.patienceMs
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    try {
      return await work()
    } catch (error) {
      if (!isConnectionLost(error)) throw error
      if (Date.now() + pause > givesUpAt) throw unavailable(error, patience)
      await sleep(pause)
    }
  }
}

/** The error a person reads when the database has gone. */
export const unavailable = (cause: Error, { where }: Patience): DatabaseUnavailableError =>
  new DatabaseUnavailableError(
    `The database at ${where} does not answer (${shortly(cause)}). ` +
      'Check that it runs and that DATABASE_URL is right, then start again: what was stored is safe.',
    { cause },
  )

const shortly = (error: Error): string => (error as { code?: string }).code ?? error.message
