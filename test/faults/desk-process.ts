/**
 * One process of a desk, as it is killed: the real verbs on the real store, the real queue and the real adapter of Binance,
 * against an exchange that its parent holds. It opens a proposal where there is none, taps its buttons, executes it, and goes on
 * until there is nothing left to do.
 *
 * Argument: an `Assignment` as JSON. It loads only what it needs, for it is started thousands of times.
 */
import { writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import executeJob from '../../jobs/execute-proposal.ts'
import expireJob from '../../jobs/expire-proposal.ts'
import reconcileJob from '../../jobs/reconcile.ts'
import type { App } from '../../src/app/app.ts'
import { createApplyVenueEvent } from '../../src/app/apply-venue-event.ts'
import { readHolding } from '../../src/app/book.ts'
import { createApproveProposal, createDeclineProposal, createExpireProposal } from '../../src/app/decide-proposal.ts'
import { createExecuteProposal } from '../../src/app/execute-proposal.ts'
import type { Ports } from '../../src/app/ports.ts'
import { createProposeHedge } from '../../src/app/propose-hedge.ts'
import { createReconcile } from '../../src/app/reconcile.ts'
import { createSteerExecution } from '../../src/app/steer-execution.ts'
import type { Member } from '../../src/domain/member.ts'
import type { Proposal } from '../../src/domain/proposal.ts'
import { fraction, type Price, type Usd } from '../../src/domain/units.ts'
import { createLog } from '../../src/log.ts'
import { DEMO_MEMBERS } from '../../src/main/demo-members.ts'
import { createRandomIds } from '../../src/main/ids.ts'
import type { JobHandlers, Quote } from '../../src/ports.ts'
import { createQueue } from '../../src/queue/queue.ts'
import { createStore } from '../../src/store/store.ts'
import { createBinance } from '../../src/venues/ccxt/binance.ts'
import { createCcxtVenue } from '../../src/venues/ccxt/ccxt-venue.ts'
import { createWallClock } from '../../src/venues/virtual-clock.ts'
import { BINANCE_KEYS } from '../support/exchange/binance.ts'
import { plant } from './breakages.ts'
import { deskSettings } from './desk-settings.ts'
import { ASSET, marketOf } from './market.ts'
import type { Steering, Step } from './plan.ts'
import { visitStoreSteps, visitVenueSteps } from './steps.ts'
import type { Assignment, Said } from './wire.ts'

const REQUEST_TIMEOUT_MS = 250
const DATABASE_PATIENCE_MS = 10_000
const LOOK_EVERY_MS = 400
const RECONCILE_EVERY_MS = 2500
/** From the start of a process to here on a machine that has nothing else to do. */
const USUAL_START_MS = 700
const SLOWEST = 3
const SETTLE_WITHIN_MS = 12_000
/** Of exposure: less is below the venue's minimum. */
const LEAST_REDUCED = 0.002

const assignment = JSON.parse(process.argv[2]!) as Assignment
const { plan, connectionString, redisUrl, queueName, endpoint, startedAt, ending, breakage } = assignment
const say = (said: Said): void => void writeSync(1, `${JSON.stringify(said)}\n`)

const visits = new Map<Step, number>()
function visit(step: Step): void {
  const nth = (visits.get(step) ?? 0) + 1
  visits.set(step, nth)
  if (ending?.step !== step || ending.nth !== nth) return
  say({ kind: ending.how === 'kill' ? 'dying' : 'freezing', step })
  process.kill(process.pid, ending.how === 'kill' ? 'SIGKILL' : 'SIGSTOP')
}

const lines = createInterface({ input: process.stdin })
lines.on('close', () => process.exit(0))

const log = createLog(process.env.FAULTS_LOG ?? 'warn')
const clock = createWallClock()
const market = marketOf(plan)
const quoteAt = (): Quote => {
  const { bestBid, bestAsk } = market(Date.now() - startedAt)
  return {
    at: clock.now(),
    bestBid: bestBid as Price,
    bestAsk: bestAsk as Price,
    depthNotional: 5_000_000 as Usd,
    dailyVolumeNotional: 1e9 as Usd,
    dailyVolatility: 0.03,
  }
}
const record = await createStore({ connectionString, log, patienceMs: DATABASE_PATIENCE_MS })
const binance = createCcxtVenue({
  exchange: createBinance(),
  keys: BINANCE_KEYS,
  endpoint,
  clock,
  quoteAt,
  log,
  timeoutMs: REQUEST_TIMEOUT_MS,
})
const { store, venue } = plant(breakage, {
  store: visitStoreSteps(record, visit),
  venue: visitVenueSteps(binance, visit),
})
const queue = await createQueue({
  backend: redisUrl === undefined ? { kind: 'postgres', connectionString } : { kind: 'redis', url: redisUrl },
  clock,
  log,
  name: queueName,
})
// On a machine that is busy everything takes longer, and the plan has to last as long.
const pace = Math.min(SLOWEST, Math.max(1, performance.now() / USUAL_START_MS))
const ports: Ports = {
  store,
  queue,
  venues: [venue],
  forecaster: { model: undefined, predict: async () => ({ kind: 'undetermined', reason: 'NO_MODEL', detail: '' }) },
  clock,
  ids: createRandomIds(),
  settings: deskSettings(plan, pace),
  build: { version: '0.1.0', node: process.version, startedAt: clock.now(), databaseVersion: async () => '' },
  instanceId: record.instanceId,
}
const reconcile = createReconcile(ports)
const approve = createApproveProposal(ports)
const decline = createDeclineProposal(ports)
const propose = createProposeHedge(ports)
const steer = createSteerExecution(ports)
const hear = createApplyVenueEvent(ports)

const app = {
  executeProposal: createExecuteProposal(ports),
  expireProposal: createExpireProposal(ports),
  reconcile,
} as unknown as App
const handlers: Partial<JobHandlers> = {
  'execute-proposal': { ...executeJob, run: async (data) => void (await executeJob.run(data, app)) },
  'expire-proposal': { ...expireJob, run: async (data) => void (await expireJob.run(data, app)) },
  reconcile: { ...reconcileJob, run: async (data) => void (await reconcileJob.run(data, app)) },
}

/** What fails is told on stderr and tried again by the next look, as in the product. */
const trying = (what: string, work: Promise<unknown>): Promise<void> =>
  work.then(
    () => undefined,
    (error: unknown) => log.warn({ err: error }, `${what} failed`),
  )

const member = (memberId: string): Member => DEMO_MEMBERS.find((each) => each.memberId === memberId)!
const TAPS = {
  'one tap': ['ben'],
  'double tap': ['ben', 'ben'],
  'two members at once': ['ben', 'cleo', 'cleo'],
  budget: ['ben'],
  'approved and declined at once': ['ben', 'cleo'],
  'approved as it expires': ['ben'],
} as const

async function tap({ proposalId, expiresAt }: Proposal): Promise<void> {
  // A person takes a moment: as long as there is.
  if (plan.approval === 'approved as it expires') await sleep(Math.max(0, expiresAt - Date.now() - 5))
  await Promise.all([
    ...TAPS[plan.approval].map((memberId) => trying('a tap', approve({ proposalId, approver: member(memberId) }))),
    ...(plan.approval === 'approved and declined at once'
      ? [trying('a tap', decline({ proposalId, by: member('ana') }))]
      : []),
  ])
}

async function steerTo(to: Steering): Promise<void> {
  if (to === 'halted' || to === 'active') {
    await store.settings.setTradingState(to, { by: 'ana', at: clock.now(), reason: 'a drill' })
    return
  }
  const proposals = await store.proposals.list({ states: ['approved', 'executing'], limit: 5 })
  for (const { proposalId } of proposals) await steer({ proposalId, to, by: member('ben') })
}

let steered: Promise<void> = Promise.resolve()
/** One after the other, as they are told; done once is said, so that nobody tells it again. */
async function steerOnce(to: Steering): Promise<void> {
  const before = steered
  const done = Promise.withResolvers<void>()
  steered = done.promise
  await before
  try {
    await steerTo(to)
    say({ kind: 'steered', to })
  } catch (error) {
    log.warn({ err: error }, 'steering failed')
    say({ kind: 'steered', to: undefined })
  }
  done.resolve()
}

let isSettling = false
lines.on('line', (line) => {
  const [verb, argument] = line.split(' ')
  if (verb === 'steer') void steerOnce(argument as Steering)
  if (verb === 'settle' && !isSettling) {
    isSettling = true
    void settle()
  }
})

/** Looks at the venue once more, and again while what it shows is still on its way. */
async function settle(): Promise<void> {
  const until = Date.now() + SETTLE_WITHIN_MS
  for (;;) {
    let facts = ''
    let isClean = false
    try {
      const { legs } = await reconcile()
      isClean = legs.every((leg) => leg.kind === 'checked' && leg.verdict === 'clean' && leg.unresolved.length === 0)
      facts = JSON.stringify(legs)
    } catch (error) {
      facts = String(error)
    }
    if (isClean || Date.now() > until) {
      say({ kind: 'settled', isClean, facts, cpuMs: cpuMs() })
      process.exit(0)
    }
    await sleep(600)
  }
}

const cpuMs = (): number => Math.round((process.cpuUsage().user + process.cpuUsage().system) / 1000)
say({ kind: 'ready', pace, cpuMs: cpuMs() })
await queue.start(handlers)
void trying(
  'watching',
  venue.watch((event) => void trying('an event', hear(event)), new AbortController().signal),
)
let isFinished = false
for (let reconciledAt = Number.NEGATIVE_INFINITY; ; await sleep(LOOK_EVERY_MS)) {
  if (isSettling) continue
  if (Date.now() - reconciledAt > RECONCILE_EVERY_MS) {
    await trying('reconciling', reconcile())
    reconciledAt = Date.now()
  }
  await trying('looking', look())
}

async function look(): Promise<void> {
  const proposals = await store.proposals.list({ limit: 20 })
  const open = proposals.filter(({ state }) => state === 'pending' || state === 'approved' || state === 'executing')
  if (open.length === 0) return proposeNext(proposals)
  for (const proposal of open.filter(({ state }) => state === 'pending')) await tap(proposal)
}

/** The hedge, and where the plan says so a part of it off again, once some of it is there. */
async function proposeNext(proposals: readonly Proposal[]): Promise<void> {
  const isHedged = proposals.some(({ state, side }) => state === 'executed' && side === 'sell')
  const isReduced = proposals.some(({ side }) => side === 'buy')
  if (proposals.length === 0) return proposeTo(plan.ratio)
  if (plan.secondRatio !== undefined && isHedged && !isReduced) {
    const { hedgeRatio } = await readHolding(ports, ASSET)
    // What is left of a plan that was cut short may be less already.
    if (hedgeRatio > plan.secondRatio + LEAST_REDUCED) return proposeTo(plan.secondRatio, 'tom')
  }
  if (!isFinished) say({ kind: 'finished' })
  isFinished = true
}

async function proposeTo(ratio: number, proposedBy = plan.approval === 'budget' ? 'system' : 'tom'): Promise<void> {
  const outcome = await propose({ asset: ASSET, requestedRatio: fraction(ratio), proposedBy })
  if (outcome.kind !== 'proposed') throw new Error(`Expected a proposal, was ${JSON.stringify(outcome)}`)
}
