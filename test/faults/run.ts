import { setTimeout as sleep } from 'node:timers/promises'
import { seedFrom } from '../../src/domain/hash.ts'
import { createRandom } from '../../src/domain/random.ts'
import { createBinanceFormat } from '../support/exchange/binance.ts'
import { createExchangeCore, type ExchangeCore } from '../support/exchange/core.ts'
import { createFaultPlan, type Fault, type Faults, type RequestKind } from '../support/exchange/faults.ts'
import { type ExchangeServer, startExchangeServer } from '../support/exchange/server.ts'
import type { Program } from './bundle.ts'
import { type Books, judge, readBooks, type Verdict } from './judge.ts'
import { ASSET, marketOf } from './market.ts'
import type { Breakage, Ending, RunPlan, Step } from './plan.ts'
import { type DeskProcess, startProcess } from './process.ts'
import type { DatabaseServer, RedisServer } from './servers.ts'
import type { Assignment } from './wire.ts'

export interface Servers {
  readonly program: Program
  readonly steady: DatabaseServer
  /** The one that is restarted now and then; one run at a time. */
  readonly shaken: DatabaseServer
  readonly redis: RedisServer | undefined
  readonly shakenRedis: RedisServer | undefined
}

export interface RunResult {
  readonly plan: RunPlan
  readonly verdict: Verdict
  readonly books: Books
  /** By step, and `at a random moment`. */
  readonly kills: Readonly<Record<string, number>>
  readonly freezes: number
  readonly processes: number
  /** Processes that ended by themselves, with their last words. */
  readonly crashes: readonly string[]
  readonly faults: Readonly<Record<string, number>>
  readonly partialFills: number
  readonly wallMs: number
  /** CPU, ms, of each start of a process until it was ready, and of the last one in all. */
  readonly cpu: { readonly starts: readonly number[]; readonly last: number }
  /** What the processes wrote. */
  readonly log: string
}

const QUOTE_EVERY_MS = 25
/** Five seconds and a little past its validity an order that the venue does not know is given up. */
const FORGOTTEN_MS = 7_500
const LOOK_EVERY_MS = 20
/** Beyond the schedule: a lost request is given up after six seconds, and starts and frozen processes take their time. */
const FINISH_WITHIN_MS = 30_000
/** A schedule and its slices that catch up take at most so many times its duration. */
const LONGEST = 2
const SETTLE_WITHIN_MS = 20_000
/** A process that cannot start is no run: a database that is away costs a few. */
const MOST_CRASHES = 20
const AFTER_THE_LAST_MS = 300

/** One run, from an empty record to the verdict; undefined when it was given up. */
export async function executeRun(
  plan: RunPlan,
  servers: Servers,
  { breakage, signal }: { breakage?: Breakage | undefined; signal: AbortSignal },
): Promise<RunResult | undefined> {
  const began = performance.now()
  const isShaken = plan.restart?.what === 'database'
  const database = isShaken ? servers.shaken : servers.steady
  const redis = plan.restart?.what === 'redis' ? servers.shakenRedis : servers.redis
  const name = `faults_${process.pid}_${plan.run}`
  const connectionString = await database.createDatabase(name)
  const venue = await openVenue(plan)
  const stage = createStage(plan, venue, servers.program.file, {
    plan,
    connectionString,
    redisUrl: plan.queue === 'redis' ? redis!.url : undefined,
    queueName: name.replaceAll('_', '-'),
    endpoint: venue.server.endpoint,
    startedAt: venue.startedAt,
    breakage,
  })
  try {
    stage.begin(async () => {
      if (plan.restart?.what === 'database') await servers.shaken.restart(plan.restart.how)
      if (plan.restart?.what === 'redis') await servers.shakenRedis!.restart!()
    })
    await stage.finished(signal)
    if (signal.aborted) return undefined
    venue.calm()
    const unsettled = await stage.settle(SETTLE_WITHIN_MS)
    const books = await readBooks(connectionString)
    const verdict = judge({ core: venue.core, books, acceptedAt: venue.acceptedAt, unsettled })
    return {
      plan,
      verdict,
      books,
      ...stage.account(),
      faults: venue.faults(),
      partialFills: venue.partialFills(),
      wallMs: performance.now() - began,
    }
  } finally {
    await stage.end()
    await venue.close()
    await database.dropDatabase(name)
    if (plan.queue === 'redis') await redis!.forget(name.replaceAll('_', '-'))
  }
}

interface VenueOfRun {
  readonly core: ExchangeCore
  readonly server: ExchangeServer
  readonly startedAt: number
  readonly acceptedAt: ReadonlyMap<number, number>
  /** Called inside the exchange: a request has come in, or an order was taken and nobody knows it yet. */
  onStep: (step: 'sent' | 'accepted') => void
  /** Its clock goes off by so much. */
  skew(ms: number): void
  /** Cuts what it pushes on. */
  drop(): void
  /** No more faults. */
  calm(): void
  faults(): Readonly<Record<string, number>>
  partialFills(): number
  close(): Promise<void>
}

async function openVenue(plan: RunPlan): Promise<VenueOfRun> {
  const startedAt = Date.now()
  const core = createExchangeCore({ now: () => Date.now() })
  const market = marketOf(plan)
  const follow = (): void => core.setQuote(ASSET, market(Date.now() - startedAt))
  follow()
  const acceptedAt = new Map<number, number>()
  let isCalm = false
  const counts: Record<string, number> = {}
  const drawn = createFaultPlan(createRandom(seedFrom(`${plan.seed}/wire`)), plan.faults)
  const count = (what: string): void => tally(counts, what)
  const delays = createRandom(seedFrom(`${plan.seed}/delays`))
  /** Up to a little past what an order is valid for; now and then so long that it was given up meanwhile. */
  function delay(kind: RequestKind): Fault | undefined {
    if ((kind !== 'submit' && kind !== 'cancel') || delays() >= plan.delayed) return undefined
    const isForgotten = kind === 'submit' && plan.losesRequests && delays() < 0.2
    return { kind: 'delayed', ms: isForgotten ? FORGOTTEN_MS : Math.round(delays() * 1.5 * plan.orderValidityMs) }
  }
  const faults: Faults = {
    counts,
    next(kind) {
      if (isCalm) return undefined
      const next = drawn.next(kind)
      const isSpared = next?.kind === 'lose-request' && kind === 'submit' && !plan.losesRequests
      const fault: Fault | undefined = isSpared ? { kind: 'lose-answer', how: next.how } : (next ?? delay(kind))
      if (fault) count(`${fault.kind}${'taken' in fault && fault.taken ? ', taken' : ''} on ${kind}`)
      return fault
    },
    push() {
      const push = isCalm ? { times: 1, isSwapped: false } : drawn.push()
      if (push.times > 1) count('event duplicated')
      if (push.isSwapped) count('event reordered')
      return push
    },
  }
  const format = createBinanceFormat({ core })
  const server = await startExchangeServer({
    core,
    faults,
    format: {
      ...format,
      answer(asked) {
        if (format.kindOf(asked) !== 'submit') return format.answer(asked)
        venue.onStep('sent')
        const orders = core.orders().length
        const reply = format.answer(asked)
        if (core.orders().length > orders) venue.onStep('accepted')
        return reply
      },
    },
  })
  let partialFills = 0
  core.on((event) => {
    if (event.kind === 'order' && event.change === 'new') acceptedAt.set(event.order.orderId, Date.now())
    if (event.kind === 'fill' && event.order.filled < event.order.quantity) partialFills++
  })
  const timer = setInterval(follow, QUOTE_EVERY_MS)
  const venue: VenueOfRun = {
    core,
    server,
    startedAt,
    acceptedAt,
    onStep: () => undefined,
    skew(ms) {
      count('clock skew')
      core.skew(ms)
    },
    drop() {
      count('sockets dropped')
      server.dropSockets()
    },
    calm() {
      isCalm = true
      core.skew(0)
    },
    faults: () => counts,
    partialFills: () => partialFills,
    async close() {
      clearInterval(timer)
      const strange = server.unanswered.filter((what) => !/aborted|ECONNRESET/.test(what))
      await server.stop().catch((error: unknown) => {
        if (strange.length > 0) throw error // the rest are requests whose sender was killed while it spoke
      })
    },
  }
  return venue
}

function tally(counts: Record<string, number>, what: string): void {
  counts[what] = (counts[what] ?? 0) + 1
}

/** The processes of one run, and what happens to them. */
function createStage(plan: RunPlan, venue: VenueOfRun, program: string, common: Omit<Assignment, 'ending'>) {
  const processes: DeskProcess[] = []
  const kills: Record<string, number> = {}
  const crashes: string[] = []
  const timers: NodeJS.Timeout[] = []
  const tallies = new Map<Step, number>()
  let freezes = 0
  let frozen = 0
  let next = 0
  let awaited: Ending | undefined
  let isEnding = false
  let pace: number | undefined
  let onUp: (pace: number) => void = () => undefined
  const starts: number[] = []
  let failure: unknown

  const alive = (): DeskProcess[] => processes.filter((each) => each.isAlive())
  const after = (ms: number, work: () => void): void => void timers.push(setTimeout(work, ms))
  const noteKill = (how: string): void => tally(kills, how)

  function launch(ending: Ending | undefined): DeskProcess {
    const isOwn = ending && ending.kind !== 'kill-at' && ending.step !== 'sent' && ending.step !== 'accepted'
    const child = startProcess(program, { ...common, ending: isOwn ? { ...ending, how: ending.kind } : undefined })
    processes.push(child)
    child.onSaid = (said) => {
      switch (said.kind) {
        case 'ready':
          starts.push(said.cpuMs)
          if (pace === undefined) onUp(said.pace)
          pace ??= said.pace
          if (ending?.kind === 'kill-at') after(ending.ms * said.pace, () => endAtRandom(child))
          break
        case 'dying':
          noteKill(said.step)
          break
        case 'freezing':
          if (ending?.kind === 'freeze') thawLater(child, ending.ms * (pace ?? 1))
          break
        case 'steered':
        case 'finished':
        case 'settled':
          break
      }
    }
    return child
  }

  function endAtRandom(child: DeskProcess): void {
    if (!child.isAlive() || isEnding) return
    noteKill('a random moment')
    child.kill('SIGKILL')
  }

  /** Another one takes its place at once; when it wakes it goes on beside it. */
  function thawLater(child: DeskProcess, ms: number): void {
    freezes++
    frozen++
    after(ms, () => {
      child.kill('SIGCONT')
      after(AFTER_THE_LAST_MS, () => frozen--)
    })
    launchNext()
  }

  function launchNext(): void {
    if (isEnding) return
    const ending = plan.endings[next++]
    awaited =
      ending && ending.kind !== 'kill-at' && (ending.step === 'sent' || ending.step === 'accepted') ? ending : undefined
    tallies.clear()
    const main = launch(ending)
    main.onExit = (how) => {
      if (how !== undefined) crashes.push(how)
      if (crashes.length > MOST_CRASHES) failure = new Error(`Expected processes that run, was one that ${how}`)
      else after(how === undefined ? 0 : 100, launchNext)
    }
  }

  venue.onStep = (step) => {
    const nth = (tallies.get(step) ?? 0) + 1
    tallies.set(step, nth)
    if (!awaited || awaited.kind === 'kill-at' || awaited.step !== step || awaited.nth !== nth || isEnding) return
    const ending = awaited
    awaited = undefined
    // Which of two has sent it nobody can tell: both go.
    const there = alive()
    if (ending.kind === 'kill') {
      noteKill(step)
      for (const child of there) child.kill('SIGKILL')
    } else {
      const [child] = there
      if (!child) return
      child.kill('SIGSTOP')
      thawLater(child, ending.ms * (pace ?? 1))
    }
  }

  function begin(restart: () => Promise<void>): void {
    onUp = (by) => {
      for (const { atMs, ms } of plan.skews) after(atMs * by, () => venue.skew(ms))
      for (const atMs of plan.drops) after(atMs * by, () => venue.drop())
      if (plan.steering.length > 0) void steerInTurn(by)
      if (plan.restart) after(plan.restart.atMs * by, () => void restarting())
    }
    const restarting = async (): Promise<void> => {
      frozen++ // nothing is finished before it is back
      await restart().catch((error: unknown) => {
        failure = error
      })
      frozen--
    }
    launchNext()
    if (plan.isDoubled) {
      const companion = launch(undefined)
      companion.onExit = (how) => void (how !== undefined && crashes.push(how))
    }
  }

  /** One after the other, each told again until a process says that it is done. */
  async function steerInTurn(by: number): Promise<void> {
    const beganAt = Date.now()
    for (const { atMs, to } of plan.steering) {
      await sleep(Math.max(0, beganAt + atMs * by - Date.now()))
      for (let isDone = false; !isDone && !isEnding; ) {
        const there = processes.find((each) => each.isReady() && each.isAlive())
        isDone = (await there?.steer(to)) ?? false
        if (!isDone) await sleep(LOOK_EVERY_MS)
      }
    }
  }

  const isDone = (): boolean => frozen === 0 && processes.some((each) => each.isAlive() && each.hasFinished())

  return {
    begin,
    /** Until a process says that nothing is left to do, or the time is over. */
    async finished(signal: AbortSignal): Promise<void> {
      const beganAt = Date.now()
      const executions = plan.secondRatio === undefined ? 1 : 2
      const frozenMs = plan.endings.reduce((sum, ending) => sum + (ending.kind === 'freeze' ? ending.ms : 0), 0)
      const isOver = (): boolean =>
        Date.now() > beganAt + (FINISH_WITHIN_MS + frozenMs + LONGEST * executions * plan.durationMs) * (pace ?? 1)
      while (!isDone() && !isOver() && !failure && !signal.aborted) await sleep(LOOK_EVERY_MS)
      if (failure) throw failure
      isEnding = true
    },
    /** The last look of a process that is left alone with a venue that behaves; what it found amiss, if anything. */
    async settle(withinMs: number): Promise<string | undefined> {
      const there = alive()
      const last = there.find((each) => each.hasFinished()) ?? there.at(-1) ?? launch(undefined)
      for (const child of there) if (child !== last) child.kill('SIGKILL')
      const until = Date.now() + withinMs
      while (!last.isReady() && last.isAlive() && Date.now() < until) await sleep(LOOK_EVERY_MS)
      last.tell('settle')
      while (!last.settled() && last.isAlive() && Date.now() < until) await sleep(LOOK_EVERY_MS)
      const settled = last.settled()
      if (settled === undefined) return `it gave no answer: ${last.lastWords()}`
      return settled.isClean ? undefined : settled.facts
    },
    account: () => ({
      kills,
      freezes,
      processes: processes.length,
      crashes,
      cpu: { starts, last: processes.map((each) => each.settled()?.cpuMs ?? 0).reduce((a, b) => a + b, 0) },
      log: processes.map((each, i) => `--- process ${i + 1}\n${each.log()}`).join('\n'),
    }),
    async end(): Promise<void> {
      isEnding = true
      for (const timer of timers) clearTimeout(timer)
      for (const child of processes) child.kill('SIGKILL')
      await Promise.all(processes.map((each) => each.ended))
    },
  }
}
