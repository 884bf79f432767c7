import { setTimeout as sleep } from 'node:timers/promises'
import { createRandom } from '../../src/domain/random.ts'
import { type Comparison, compareBooks } from './judge.ts'
import { createTally } from './tally.ts'
import { listen, settle, trade, tradeWith } from './work.ts'
import { ASSETS, openWorld } from './world.ts'

export interface SoakPlan {
  readonly seed: number
  readonly connectionString: string
  /** It goes on for so long, and until there were so many of each; but for no longer than the longest. */
  readonly minutes: number
  readonly longestMinutes: number
  readonly parents: number
  readonly events: number
  /** Market seconds in a second. */
  readonly speed: number
  /** Collects garbage, whole. */
  readonly collect: () => void
  onProgress?(text: string): void
}

export interface SoakReport extends Comparison {
  readonly seed: number
  readonly minutes: number
  readonly parents: number
  readonly events: number
  /** Legs that the last reconciliation does not find as the record has them. */
  readonly dirtyAtEnd: number
  /** Bytes after a collection at a tenth of the run and at its end, while work is under way. */
  readonly heap: { readonly atTenth: number; readonly atEnd: number; readonly growth: number }
  readonly residentMb: number
  readonly unhandledRejections: number
  /** What jobs, events and rounds have thrown, the first of them. */
  readonly errors: readonly string[]
  /** How often what: parents by asset and by how they ended, events by kind and by what they were taken as, faults, verdicts, … */
  readonly counts: Readonly<Record<string, Readonly<Record<string, number>>>>
}

/** Of the machine's time. */
const EVERY_MS = { move: 100, fill: 25, look: 1_000 }
/** Of the market's. */
const EVERY_S = { publish: 40, reconcile: 20, watch: 30, interrupt: 200 }
const TENTH = 0.1
const HEAP_SAMPLES = 12
const HEAP_SAMPLES_APART_MS = 150

/** Many executions in succession on several assets at once, on a venue that goes wrong, and the books held against its ledger. */
export async function runSoak(plan: SoakPlan): Promise<SoakReport> {
  const random = createRandom(plan.seed)
  const world = await openWorld(plan.connectionString, { ...plan, random })
  const tally = createTally()
  const onRejection = (reason: unknown): void => {
    tally.count('unhandled', 'rejection')
    tally.error(reason)
  }
  process.on('unhandledRejection', onRejection)
  const ending = new AbortController()
  let stopped = false
  const hearing = listen(world, tally, ending.signal)
  const began = performance.now()
  const elapsedShare = (): number => (performance.now() - began) / (plan.minutes * 60_000)
  const isEnough = (): boolean => {
    const share = elapsedShare()
    return (
      share >= plan.longestMinutes / plan.minutes ||
      (share >= 1 && tally.sum('parents') >= plan.parents && tally.sum('events') >= plan.events)
    )
  }
  try {
    await world.app.reconcile()
    const every = async (ms: number, work: () => unknown): Promise<void> => {
      while (!stopped) {
        await work()
        await sleep(ms)
      }
    }
    let [atTenth, atEnd]: (number | undefined)[] = []
    const told = (work: () => Promise<unknown>) => () => work().catch(tally.error)
    const background = [
      every(EVERY_MS.move, world.move),
      every((1_000 * EVERY_S.publish) / plan.speed, world.publish),
      every(
        (1_000 * EVERY_S.reconcile) / plan.speed,
        told(async () => tally.verdicts(await world.app.reconcile())),
      ),
      every(
        (1_000 * EVERY_S.watch) / plan.speed,
        told(async () => {
          const { tradingState, because } = (await world.app.watchRisk()).record.effects
          tally.count(
            'rails',
            tradingState === 'active' ? 'active' : `${tradingState}: ${because.join('; ')}`.slice(0, 160),
          )
        }),
      ),
      every((1_000 * EVERY_S.interrupt) / plan.speed, world.venue.acts.interrupt),
      ...ASSETS.map((asset) =>
        every(EVERY_MS.fill, () => tradeWith(world, asset, { random, waiting: hearing.waiting })),
      ),
      every(EVERY_MS.look, async () => {
        if (atTenth === undefined && elapsedShare() >= TENTH) atTenth = await heapAfter(plan.collect)
        // The last parents are still at work.
        if (atEnd === undefined && isEnough()) atEnd = await heapAfter(plan.collect)
        plan.onProgress?.(
          `${Math.round(elapsedShare() * 100)} %, ${tally.sum('parents')} parents, ${tally.sum('events')} events, ${hearing.waiting()} waiting`,
        )
      }),
    ]
    await Promise.all(ASSETS.map((asset) => trade(world, asset, { tally, random, isEnough })))
    atEnd ??= await heapAfter(plan.collect)
    const minutes = (performance.now() - began) / 60_000
    stopped = true
    world.faults.end()
    await Promise.all(background)
    await settle(world, hearing.waiting)
    const last = await world.app.reconcile()
    return {
      seed: plan.seed,
      minutes,
      parents: tally.sum('parents'),
      events: tally.sum('events'),
      ...(await compareBooks(world)),
      dirtyAtEnd: last.legs.filter((leg) => leg.kind !== 'checked' || leg.verdict !== 'clean').length,
      heap: { atTenth: atTenth ?? atEnd, atEnd, growth: atEnd / (atTenth ?? atEnd) - 1 },
      residentMb: Math.round(process.memoryUsage.rss() / 1e6),
      unhandledRejections: tally.sum('unhandled'),
      errors: [...tally.errors, ...world.queue.failures],
      counts: { ...tally.counts, faults: world.faults.counts },
    }
  } finally {
    stopped = true
    ending.abort()
    await world.close()
    process.off('unhandledRejection', onRejection)
  }
}

/** The least of some: what work under way holds for a moment is not kept. */
async function heapAfter(collect: () => void): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  for (let i = 0; i < HEAP_SAMPLES; i++) {
    collect()
    least = Math.min(least, process.memoryUsage().heapUsed)
    await sleep(HEAP_SAMPLES_APART_MS)
  }
  return least
}
