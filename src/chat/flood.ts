import { URGENCIES, type Urgency } from '../domain/delivery.ts'

/** At most `max` in any stretch of `perMs`; `reserved` of them are kept for what is urgent, `reservedFromLow` for what is not low. */
export interface Limit {
  readonly max: number
  readonly perMs: number
  readonly reserved?: number
  /** As `reserved` where absent. */
  readonly reservedFromLow?: number
}

export interface FloodGate {
  /** ms until the limits let something this urgent through, behind what waits for the same chat already; 0 = now. */
  readyIn(chat: string, urgency: Urgency): number
  /**
   * Does the work when it is its turn. Work of one chat and urgency is done one after the other, in the order asked for.
   *
   * @throws what the work throws, and {FloodGateClosedError} when the gate closes first
   */
  pass<T>(chat: string, urgency: Urgency, work: () => Promise<T>): Promise<T>
  /** Lets nothing more through to a chat, or to any when undefined: what a platform asks for with `retry_after`. */
  pause(chat: string | undefined, ms: number): void
  counts(): FloodCounts
}

export interface FloodCounts {
  /** Chats remembered: those with something waiting, under way, or recent enough to count. */
  readonly chats: number
  readonly waiting: Readonly<Record<Urgency, number>>
  readonly underway: number
  readonly passed: number
  readonly pauses: number
}

/** The gate was closed before it was this one's turn: nothing was sent. */
export class FloodGateClosedError extends Error {
  override readonly name = 'FloodGateClosedError'
}

interface Waiting {
  readonly number: number
  readonly run: () => Promise<void>
  readonly refuse: (reason: Error) => void
}

interface Chat {
  readonly usage: Usage
  readonly waiting: Readonly<Record<Urgency, Waiting[]>>
  readonly busy: Set<Urgency>
}

/**
 * Keeps what is sent under a platform's limits, in a chat and over all: urgent before normal before low, and among equals
 * first come, first served. A chat that has to wait holds up no other.
 *
 * A message counts from the moment it is sent until `perMs` after its answer came, because the platform counted it at some
 * moment in between: however long a call takes, the platform never sees more than `max`.
 *
 * @param limitsOf - limits of one chat, asked once while the chat is remembered
 * @param now - ms on a clock that never goes back
 * @param sleep - rejects when its signal aborts
 * @param signal - closes the gate: what waits is refused, what is under way ends by itself
 */
export function createFloodGate({
  limitsOf,
  global,
  now,
  sleep,
  signal,
}: {
  limitsOf: (chat: string) => readonly Limit[]
  global: readonly Limit[]
  now: () => number
  sleep: (ms: number, signal: AbortSignal) => Promise<unknown>
  signal: AbortSignal
}): FloodGate {
  const overall = createUsage(global)
  const chats = new Map<string, Chat>()
  let [arrived, passed, pauses] = [0, 0, 0]
  let alarm: { readonly at: number; readonly off: AbortController } | undefined

  const chatOf = (name: string): Chat => {
    const known = chats.get(name)
    if (known) return known
    const chat = {
      usage: createUsage(limitsOf(name)),
      waiting: { urgent: [], normal: [], low: [] },
      busy: new Set<Urgency>(),
    }
    chats.set(name, chat)
    return chat
  }

  /** What may go next in a chat, were there no limits. Nothing goes while something more urgent waits. */
  const nextIn = ({ waiting, busy }: Chat): { urgency: Urgency; number: number } | undefined => {
    const urgency = URGENCIES.find((one) => waiting[one].length > 0)
    if (urgency === undefined || busy.has(urgency)) return undefined
    return { urgency, number: waiting[urgency][0]!.number }
  }

  const begin = (chat: Chat, urgency: Urgency): void => {
    const { run } = chat.waiting[urgency].shift()!
    const ends = [chat.usage.begin(urgency), overall.begin(urgency)]
    chat.busy.add(urgency)
    passed++
    void run().then(() => {
      for (const end of ends) end(now())
      chat.busy.delete(urgency)
      pump()
    })
  }

  const forgetIdle = (at: number): void => {
    for (const [name, chat] of chats) if (isIdle(chat, at)) chats.delete(name)
  }

  const wakeAt = (at: number): void => {
    if (alarm && alarm.at <= at) return
    alarm?.off.abort()
    const set = { at, off: new AbortController() }
    alarm = set
    sleep(Math.max(1, Math.ceil(at - now())), set.off.signal).then(
      () => {
        if (alarm === set) alarm = undefined
        pump()
      },
      (reason) => {
        if (!set.off.signal.aborted) throw reason
      },
    )
  }

  /** What each chat would send next, and when its own limits let it. */
  const candidates = (at: number) =>
    [...chats.values()].flatMap((chat) => {
      const next = nextIn(chat)
      return next ? [{ chat, ...next, readyAt: chat.usage.readyAt(next.urgency, at) }] : []
    })

  /** Lets through what may go now, the most urgent first, and sets the alarm for the rest. */
  const pump = (): void => {
    const at = now()
    forgetIdle(at)
    for (;;) {
      const [first] = candidates(at)
        .filter((one) => one.readyAt <= at)
        .sort(byUrgency)
      if (!first || overall.readyAt(first.urgency, at) > at) break
      begin(first.chat, first.urgency)
    }
    const soonest = Math.min(...candidates(at).map((one) => Math.max(one.readyAt, overall.readyAt(one.urgency, at))))
    if (Number.isFinite(soonest)) wakeAt(soonest)
  }

  const close = (): void => {
    alarm?.off.abort()
    for (const { waiting } of chats.values()) {
      for (const urgency of URGENCIES) for (const one of waiting[urgency].splice(0)) one.refuse(closed())
    }
  }
  signal.addEventListener('abort', close, { once: true })

  return {
    readyIn(name, urgency) {
      const at = now()
      const chat = chats.get(name)
      const usage = chat?.usage ?? createUsage(limitsOf(name))
      const ahead = URGENCIES.slice(0, URGENCIES.indexOf(urgency) + 1).flatMap((one) =>
        (chat?.waiting[one] ?? []).map(() => one),
      )
      return Math.max(usage.forecast([...ahead, urgency], at), overall.forecast([urgency], at)) - at
    },

    pass: (name, urgency, work) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) {
          reject(closed())
          return
        }
        const run = async (): Promise<void> => {
          try {
            resolve(await work())
          } catch (thrown) {
            reject(thrown)
          }
        }
        chatOf(name).waiting[urgency].push({ number: arrived++, run, refuse: reject })
        pump()
      }),

    pause(name, ms) {
      if (!(ms >= 0)) throw new RangeError(`Expected a pause of 0 ms or more, was ${ms}`)
      pauses++
      const usage = name === undefined ? overall : chatOf(name).usage
      usage.pauseUntil(now() + ms)
    },

    counts() {
      forgetIdle(now())
      const all = [...chats.values()]
      const waiting = (urgency: Urgency) => all.reduce((sum, chat) => sum + chat.waiting[urgency].length, 0)
      return {
        chats: all.length,
        waiting: { urgent: waiting('urgent'), normal: waiting('normal'), low: waiting('low') },
        underway: all.reduce((sum, { busy }) => sum + busy.size, 0),
        passed,
        pauses,
      }
    },
  }
}

const closed = () => new FloodGateClosedError('Closed before this could be sent')

const byUrgency = (a: { urgency: Urgency; number: number }, b: { urgency: Urgency; number: number }): number =>
  URGENCIES.indexOf(a.urgency) - URGENCIES.indexOf(b.urgency) || a.number - b.number

const isIdle = ({ waiting, busy, usage }: Chat, at: number): boolean =>
  busy.size === 0 && URGENCIES.every((urgency) => waiting[urgency].length === 0) && usage.isForgotten(at)

interface Used {
  /** What ended lately, oldest first. */
  readonly ended: readonly { readonly at: number; readonly urgency: Urgency }[]
  readonly underway: Readonly<Record<Urgency, number>>
  readonly pausedUntil: number
}

const NOTHING: Used['underway'] = { urgent: 0, normal: 0, low: 0 }

/** When the limits let through one more; never, as far as is known, while what is under way fills them. */
function readyAt(
  limits: readonly Limit[],
  { ended, underway, pausedUntil }: Used,
  urgency: Urgency,
  at: number,
): number {
  const of = (counted: readonly Urgency[]) => ({
    times: ended.filter((one) => counted.includes(one.urgency)).map((one) => one.at),
    open: counted.reduce((sum, one) => sum + underway[one], 0),
  })
  const [all, notUrgent, low] = [of(URGENCIES), of(['normal', 'low']), of(['low'])]
  return limits.reduce(
    (latest, { max, perMs, reserved = 0, reservedFromLow = reserved }) =>
      Math.max(
        latest,
        roomAt(all, max, perMs, at),
        urgency === 'urgent' ? at : roomAt(notUrgent, max - reserved, perMs, at),
        urgency === 'low' ? roomAt(low, max - reservedFromLow, perMs, at) : at,
      ),
    Math.max(at, pausedUntil),
  )
}

function roomAt(
  { times, open }: { times: readonly number[]; open: number },
  max: number,
  perMs: number,
  at: number,
): number {
  const counted = times.filter((time) => time + perMs > at)
  const excess = counted.length + open - max
  if (excess < 0) return at
  return excess < counted.length ? counted[excess]! + perMs : Number.POSITIVE_INFINITY
}

type Usage = ReturnType<typeof createUsage>

/** What went through lately under these limits, and when more may. */
function createUsage(limits: readonly Limit[]) {
  for (const { max, perMs, reserved = 0, reservedFromLow = reserved } of limits) {
    if (!(max >= 1 && perMs > 0 && reserved >= 0 && reserved <= reservedFromLow && reservedFromLow < max)) {
      throw new RangeError(
        `Expected a limit with room for everyone, was ${max} per ${perMs} ms, ${reserved} reserved, ${reservedFromLow} from what is low`,
      )
    }
  }
  const longest = Math.max(0, ...limits.map(({ perMs }) => perMs))
  let used: Used = { ended: [], underway: NOTHING, pausedUntil: Number.NEGATIVE_INFINITY }

  const forget = (at: number): void => {
    used = { ...used, ended: used.ended.filter((one) => one.at + longest > at) }
  }
  const count = (urgency: Urgency, change: 1 | -1): void => {
    used = { ...used, underway: { ...used.underway, [urgency]: used.underway[urgency] + change } }
  }

  return {
    readyAt(urgency: Urgency, at: number): number {
      forget(at)
      return readyAt(limits, used, urgency, at)
    },

    /** When the last of these would go, each the moment it may and what is under way ending now. */
    forecast(queue: readonly Urgency[], at: number): number {
      const { underway, pausedUntil } = used
      const ended = [
        ...used.ended,
        ...URGENCIES.flatMap((urgency) => Array.from({ length: underway[urgency] }, () => ({ at, urgency }))),
      ]
      return queue.reduce((last, urgency) => {
        const next = readyAt(limits, { ended, underway: NOTHING, pausedUntil }, urgency, last)
        ended.push({ at: next, urgency })
        return next
      }, at)
    },

    /** The caller says when it ended. */
    begin(urgency: Urgency): (at: number) => void {
      count(urgency, 1)
      return (at) => {
        count(urgency, -1)
        used = { ...used, ended: [...used.ended, { at, urgency }] }
      }
    },

    pauseUntil(at: number): void {
      used = { ...used, pausedUntil: Math.max(used.pausedUntil, at) }
    },

    isForgotten(at: number): boolean {
      forget(at)
      return used.ended.length === 0 && used.pausedUntil <= at
    },
  }
}
