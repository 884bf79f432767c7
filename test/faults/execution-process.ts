/**
 * One process of a desk that executes one approved proposal, and that kills itself with SIGKILL before a given step. A step
 * is any call across a port, any call inside a transaction, and every stage of an order inside the venue.
 *
 * Arguments: connection string, proposal id, step to die before (0 = never), start of its clock in ms, `intact` or `broken`.
 * `broken` stores the intent only after it was sent: the fault that the kill test has to notice.
 */
import { parseArgs } from 'node:util'
import { createExecuteProposal } from '../../src/app/execute-proposal.ts'
import type { Ports } from '../../src/app/ports.ts'
import { createReconcile } from '../../src/app/reconcile.ts'
import { toProposalId } from '../../src/domain/proposal.ts'
import { type Price, timestamp } from '../../src/domain/units.ts'
import { createLog } from '../../src/log.ts'
import type { JobRequest, Queue, Quote, Store, Venue } from '../../src/ports.ts'
import { createStore } from '../../src/store/store.ts'
import { createVenueLedger } from '../../src/venues/paper/ledger.ts'
import { createPaperVenue } from '../../src/venues/paper/paper-venue.ts'
import { createVirtualClock } from '../../src/venues/virtual-clock.ts'
import { testSettings } from '../support/desk-settings.ts'

const [connectionString, proposal, dieBefore, clockStart, mode] = parseArgs({ allowPositionals: true }).positionals
let step = 0
const live = (): void => {
  if (++step === Number(dieBefore)) process.kill(process.pid, 'SIGKILL')
}

const clock = createVirtualClock(timestamp(Number(clockStart)))
const record = await createStore({ connectionString: connectionString!, log: createLog('silent') })
const ledger = await createVenueLedger({ connectionString: connectionString! })
const quote = (): Quote => ({
  at: clock.now(),
  bestBid: 2999.7 as Price,
  bestAsk: 3000.3 as Price,
  dailyVolatility: 0.03,
})
const stage = async (): Promise<void> => live()
const paper = createPaperVenue({
  venueId: 'paper',
  ledger,
  clock,
  quoteAt: quote,
  hooks: { beforeAccept: stage, whileOpen: stage, afterAccept: stage, beforeAnswer: stage },
})

/** Every verb of a port counts as a step before it runs. */
function stepping<T extends object>(port: T): T {
  return new Proxy(port, {
    get(target, name) {
      const member = Reflect.get(target, name)
      if (typeof member === 'function') {
        return (...args: unknown[]) => {
          live()
          if (name !== 'transaction') return member.apply(target, args)
          const [work] = args as [(tx: Store) => Promise<unknown>]
          return member.apply(target, [(tx: Store) => work(stepping(tx))])
        }
      }
      return typeof member === 'object' && member !== null ? stepping(member as object) : member
    },
  })
}

/** The fault planted on purpose: the intent is held back until the venue has answered. */
function sendingBeforeStoring(store: Store, venue: Venue): { store: Store; venue: Venue } {
  const held: (() => Promise<void>)[] = []
  return {
    store: {
      ...store,
      orders: { ...store.orders, save: async (order, lease) => void held.push(() => store.orders.save(order, lease)) },
    },
    venue: {
      ...venue,
      async submit(order) {
        const outcome = await venue.submit(order)
        for (const save of held.splice(0)) await save()
        return outcome
      },
    },
  }
}

const waiting: JobRequest[] = []
const queue: Queue = {
  add: async (request) => void waiting.push(request as JobRequest),
  start: async () => undefined,
  nextDueAt: () => undefined,
  releaseDue: async () => undefined,
  settled: async () => undefined,
  close: async () => undefined,
}

const counted = { store: stepping<Store>(record), venue: stepping(paper) }
const { store, venue } = mode === 'broken' ? sendingBeforeStoring(counted.store, counted.venue) : counted
const ports: Ports = {
  store,
  venue,
  queue: stepping(queue),
  clock,
  forecaster: { model: undefined, predict: async () => ({ kind: 'undetermined', reason: 'NO_MODEL', detail: '' }) },
  ids: { proposalId: () => toProposalId('0000000000'), rowId: () => 'unused' },
  settings: testSettings(),
  build: { version: '0.1.0', node: process.version, startedAt: clock.now(), databaseVersion: async () => '18.4' },
  instanceId: record.instanceId,
}

await createReconcile(ports)()
const execute = createExecuteProposal(ports)
for (let wakes = 0; wakes < 200; wakes++) {
  const next = waiting.findIndex((request) => request.name === 'execute-proposal')
  if (next < 0) break
  const [request] = waiting.splice(next, 1) as [JobRequest<'execute-proposal'>]
  if (request.at !== undefined && request.at > clock.now()) clock.advanceTo(request.at)
  await execute(request.data)
}
const finished = await record.proposals.find(toProposalId(proposal!))
await ledger.close()
await record.close()
process.stdout.write(`${JSON.stringify({ steps: step, state: finished?.state, clock: clock.now() })}\n`)
