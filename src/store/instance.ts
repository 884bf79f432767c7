import { randomBytes } from 'node:crypto'
import pg from 'pg'
import type { Logger } from '../log.ts'
import { INSTANCE_LOCKS } from './leases.ts'

const SINGLETON_LOCKS = 7_270_104
const FIRST_PAUSE_MS = 200
const LONGEST_PAUSE_MS = 5_000

export interface Instance {
  /** Names this process to the others: the holder of its leases. */
  readonly instanceId: string
  /**
   * Takes a name that only one process on this database may have, for as long as this process lives or until released.
   *
   * @returns undefined when another process (or another part of this one) has it
   */
  holdSingleton(name: string): Promise<{ release(): Promise<void> } | undefined>
  close(): Promise<void>
}

/**
 * Opens the process's own connection, which holds its instance lock: the database drops the lock the moment the process
 * dies, and so tells the others that its leases are free. Reconnects and takes its locks again when the connection breaks.
 */
export async function createInstance({
  connectionString,
  log,
}: {
  connectionString: string
  log: Logger
}): Promise<Instance> {
  const instanceId = randomBytes(10).toString('hex')
  const singletons = new Set<string>()
  let closed = false
  let retry: NodeJS.Timeout | undefined
  let client = await connect()

  async function connect(): Promise<pg.Client> {
    const next = new pg.Client({ connectionString, keepAlive: true })
    // The end event below is what counts; without a listener an error would end the process.
    next.on('error', (error) => log.debug({ reason: error.message }, 'the instance connection broke'))
    await next.connect()
    await next.query('select pg_advisory_lock($1, hashtext($2))', [INSTANCE_LOCKS, instanceId])
    next.once('end', () => {
      if (!closed) reconnectAfter(FIRST_PAUSE_MS)
    })
    return next
  }

  function reconnectAfter(pauseMs: number): void {
    retry = setTimeout(async () => {
      try {
        const next = await connect()
        if (closed) return void (await next.end())
        client = next
        for (const name of singletons) {
          if (!(await tryLock(client, name)))
            log.error({ name }, 'another process took over while the database was away')
        }
        log.info({ instanceId }, 'the instance lock is held again')
      } catch (error) {
        log.warn({ reason: (error as Error).message }, 'the database is away')
        reconnectAfter(Math.min(pauseMs * 2, LONGEST_PAUSE_MS))
      }
    }, pauseMs).unref()
  }

  return {
    instanceId,
    async holdSingleton(name) {
      if (singletons.has(name) || !(await tryLock(client, name))) return undefined
      singletons.add(name)
      return {
        async release() {
          if (singletons.delete(name)) {
            await client.query('select pg_advisory_unlock($1, hashtext($2))', [SINGLETON_LOCKS, name])
          }
        },
      }
    },
    async close() {
      closed = true
      clearTimeout(retry)
      await client.end().catch(() => {})
    },
  }
}

async function tryLock(client: pg.Client, name: string): Promise<boolean> {
  const { rows } = await client.query<{ held: boolean }>('select pg_try_advisory_lock($1, hashtext($2)) as held', [
    SINGLETON_LOCKS,
    name,
  ])
  return rows[0]!.held
}
