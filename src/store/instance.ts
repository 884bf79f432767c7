import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Logger } from '../log.ts'
import { INSUFFICIENT_PRIVILEGE, isConnectionLost, sqlState } from './errors.ts'
import {
  type Ask,
  beat,
  endFrozenHolder,
  namedConnection,
  purgeInstances,
  releaseName,
  takeInstanceLock,
  tryName,
} from './instance-sessions.ts'
import { createStanding, type Standing } from './standing.ts'

const FIRST_PAUSE_MS = 200
const LONGEST_PAUSE_MS = 5_000
const CONNECT_TIMEOUT_MS = 5_000

export interface Heartbeat {
  /** How often an instance says that it runs, and how often one that waits for a name looks. */
  readonly everyMs: number
  /** Silent for longer, on the database's clock, it counts as frozen. */
  readonly staleMs: number
}

const HEARTBEAT: Heartbeat = { everyMs: 3_000, staleMs: 12_000 }

export interface HeldName {
  release(): Promise<void>
}

export interface Instance {
  /** Names this process to the others: the holder of its leases. */
  readonly instanceId: string
  /**
   * Takes a name that only one process on this database may have, for as long as this process lives or until released.
   *
   * @returns undefined when another process (or another part of this one) has it
   */
  holdSingleton(name: string): Promise<HeldName | undefined>
  /**
   * The same, but stands by until the name is free: released, or its holder has died or frozen. A frozen holder (stopped,
   * swapped out, cut off from the database) is shut out: its database sessions are ended, and it learns it by `lost`.
   *
   * @param onWaiting - called once, when another process has the name
   * @returns undefined when `signal` ended the wait, or this instance was closed
   */
  awaitSingleton(
    name: string,
    options?: { signal?: AbortSignal; onWaiting?: () => void },
  ): Promise<HeldName | undefined>
  /**
   * Settles with the first name that another process has taken from this one while this one was frozen or cut off. Whatever
   * it did under that name it must do no longer.
   */
  readonly lost: Promise<string>
  /**
   * Whether this process still has every name that it took: at once while its heartbeat is fresh. After a standstill or a break
   * it waits until the database has told, so that nothing is said that another process has said meanwhile.
   */
  standing(): Promise<Standing>
  close(): Promise<void>
}

export interface InstanceOptions {
  readonly connectionString: string
  readonly instanceId: string
  readonly log: Logger
  readonly heartbeat?: Heartbeat | undefined
}

export const newInstanceId = (): string => randomBytes(10).toString('hex')

/**
 * Opens the process's own connection, which holds its instance lock: the database drops the lock the moment the process
 * dies, and so tells the others that its leases are free. Reconnects and takes its locks again when the connection breaks.
 */
export async function createInstance({
  connectionString,
  instanceId,
  log,
  heartbeat: { everyMs, staleMs } = HEARTBEAT,
}: InstanceOptions): Promise<Instance> {
  const names = new Set<string>()
  const lost = Promise.withResolvers<string>()
  // The others wait twice as long before they take a name: what is said meanwhile is still ours to say.
  const standing = createStanding({ freshMs: staleMs / 2, now: () => performance.now() })
  let closed = false
  let timer: NodeJS.Timeout | undefined
  let previousPid: number | undefined
  let { client, ask, beatAt } = await connect()
  standing.held(beatAt)
  await purgeInstances(ask)

  async function connect(): Promise<{ client: pg.Client; ask: Ask; beatAt: number }> {
    const next = new pg.Client({
      ...namedConnection(connectionString, instanceId),
      keepAlive: true,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    })
    // The end event below is what counts; without a listener an error would end the process.
    next.on('error', (error) => log.debug({ reason: error.message }, 'the instance connection broke'))
    await next.connect()
    const asking = oneByOne(next)
    const sentAt = performance.now()
    try {
      await takeInstanceLock(asking, instanceId, { previousPid })
      await beat(asking, instanceId)
    } catch (error) {
      await next.end().catch(() => {})
      throw error
    }
    previousPid = (next as { processID?: number }).processID
    next.once('end', () => {
      clearTimeout(timer)
      standing.broke()
      if (!closed) reconnectAfter(FIRST_PAUSE_MS)
    })
    beatAgain(next, asking)
    return { client: next, ask: asking, beatAt: sentAt }
  }

  /** A beat that is not answered in time is a connection that only seems to be there: it is broken off, and made anew. */
  function beatAgain(on: pg.Client, asking: Ask): void {
    timer = setTimeout(async () => {
      const overdue = setTimeout(() => void on.end().catch(() => {}), staleMs)
      const sentAt = performance.now()
      try {
        await beat(asking, instanceId)
        // Over a new connection nothing is held before its names are.
        if (asking === ask) standing.held(sentAt)
        if (!closed) beatAgain(on, asking)
      } catch (error) {
        log.debug({ reason: (error as Error).message }, 'the heartbeat was not written')
        if (!closed) await on.end().catch(() => {})
      } finally {
        clearTimeout(overdue)
      }
    }, everyMs).unref()
  }

  function reconnectAfter(pauseMs: number): void {
    timer = setTimeout(async () => {
      try {
        const next = await connect()
        if (closed) return void (await next.client.end())
        for (const name of names) {
          if (await tryName(next.ask, name)) continue
          names.delete(name)
          log.error({ name }, 'another process has taken over')
          standing.lost()
          lost.resolve(name)
        }
        ;({ client, ask, beatAt } = next)
        standing.held(beatAt)
        log.info({ instanceId }, 'the instance lock is held again')
      } catch (error) {
        log.warn({ reason: (error as Error).message }, 'the database is away')
        standing.away()
        if (!closed) reconnectAfter(Math.min(pauseMs * 2, LONGEST_PAUSE_MS))
      }
    }, pauseMs).unref()
  }

  async function hold(name: string): Promise<HeldName | undefined> {
    if (names.has(name) || !(await tryName(ask, name))) return undefined
    names.add(name)
    return {
      async release() {
        if (names.delete(name)) await releaseName(ask, name)
      },
    }
  }

  /** Whether the holder was shut out just now. */
  async function shutOut(name: string): Promise<boolean> {
    try {
      const holder = await endFrozenHolder(ask, name, staleMs)
      if (holder !== undefined) log.warn({ name, holder }, 'the holder of the name has frozen: its sessions are ended')
      return holder !== undefined
    } catch (error) {
      if (sqlState(error) !== INSUFFICIENT_PRIVILEGE) throw error
      log.error({ name, reason: (error as Error).message }, 'the holder of the name has frozen and cannot be shut out')
      return false
    }
  }

  return {
    instanceId,
    lost: lost.promise,
    standing: standing.ask,
    holdSingleton: hold,

    async awaitSingleton(name, { signal, onWaiting } = {}) {
      for (let said = false; !signal?.aborted && !closed; ) {
        try {
          const held = await hold(name)
          if (held) return held
          if (!said) onWaiting?.()
          said = true
          if (await shutOut(name)) continue
        } catch (error) {
          if (!isConnectionLost(error)) throw error
        }
        await sleep(everyMs, undefined, { signal }).catch(() => {})
      }
      return undefined
    },

    async close() {
      closed = true
      clearTimeout(timer)
      standing.away()
      await client.end().catch(() => {})
    },
  }
}

/** One statement after the other, as a connection wants them, whoever asks. */
function oneByOne(client: pg.Client): Ask {
  let last: Promise<unknown> = Promise.resolve()
  return <Row extends pg.QueryResultRow>(text: string, values: readonly unknown[]) => {
    const answer = last.then(() => client.query<Row>(text, [...values])).then(({ rows }) => rows)
    last = answer.catch(() => {})
    return answer
  }
}
