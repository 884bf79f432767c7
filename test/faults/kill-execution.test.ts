import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { base32Hash, clientOrderIdFor, termsHashOf } from '../../src/domain/hash.ts'
import { instrumentIdOf } from '../../src/domain/instrument.ts'
import { type Proposal, type ProposalId, type ProposalTerms, toProposalId } from '../../src/domain/proposal.ts'
import { baseQty, bps, fraction, price, timestamp, usd } from '../../src/domain/units.ts'
import { createVenueLedger, type VenueLedger } from '../../src/venues/paper/ledger.ts'
import { type Cleanup, type TestDatabase, testDatabase } from '../support/database.ts'

const CHILD = fileURLToPath(new URL('./execution-process.ts', import.meta.url))
const QUANTITY = 0.06 // 180 USD at 3,000: four slices, each over the minimum of 20 however they are jittered
const CLOCK_START = Date.UTC(2026, 0, 5)
const AFTER_RESTART_MS = 5 * 60_000
const AT_ONCE = 2

test('kill -9 before any step of an execution loses no fill and accepts no order twice', async (t) => {
  const desk = await openDesk(t)
  const steps = await stepsOfOneExecution(desk, 'intact')
  assert.ok(steps > 40, `Expected an execution of many steps, was ${steps}`)
  const deaths = Array.from({ length: steps }, (_, i) => i + 1)
  const desks = [desk, ...(await Promise.all(Array.from({ length: AT_ONCE - 1 }, () => openDesk(t))))]
  await eachAtOnce(desks, deaths, async (one, dieBefore) => {
    const account = await dieAndResume(one, dieBefore, 'intact')
    assert.ok(account.died, `step ${dieBefore}: expected the first process to be killed`)
    assert.equal(account.state, 'executed', `step ${dieBefore}`)
    assert.equal(account.venueFilled, QUANTITY, `step ${dieBefore}: the venue filled the plan, no more and no less`)
    assert.equal(account.bookedFilled, account.venueFilled, `step ${dieBefore}: every fill is in our books once`)
    assert.equal(account.mostAcceptances, 1, `step ${dieBefore}: no client order id was accepted twice`)
  })
  t.diagnostic(`${steps} kills, each between two steps: every plan filled once`)
})

test('with the intent stored only after sending, the same kills are noticed', async (t) => {
  const desk = await openDesk(t)
  const steps = await stepsOfOneExecution(desk, 'broken')
  const desks = [desk, await openDesk(t)]
  let violations = 0
  const deaths = Array.from({ length: steps }, (_, i) => i + 1)
  await eachAtOnce(desks, deaths, async (one, dieBefore) => {
    if (violations > 0) return
    const account = await dieAndResume(one, dieBefore, 'broken')
    if (account.mostAcceptances > 1 || account.venueFilled !== QUANTITY) violations++
  })
  assert.ok(violations > 0, 'Expected the broken order to be caught by the ledger')
})

interface Account {
  readonly died: boolean
  readonly state: string
  readonly venueFilled: number
  readonly bookedFilled: number
  readonly mostAcceptances: number
}

type Mode = 'intact' | 'broken'

interface TestDesk extends TestDatabase {
  readonly ledger: VenueLedger
}

async function openDesk(t: Cleanup): Promise<TestDesk> {
  const database = await testDatabase(t)
  const ledger = await createVenueLedger({ connectionString: database.connectionString })
  t.after(() => ledger.close())
  return { ...database, ledger }
}

async function stepsOfOneExecution(desk: TestDesk, mode: Mode): Promise<number> {
  const proposalId = await approve(desk, `whole-${mode}`)
  const { output } = await runProcess([desk.connectionString, proposalId, '0', String(CLOCK_START), mode])
  const { state, steps } = JSON.parse(output) as { state: string; steps: number }
  assert.equal(state, 'executed')
  assert.equal(total(await desk.store.orders.fills(proposalId)), QUANTITY)
  return steps
}

async function dieAndResume(desk: TestDesk, dieBefore: number, mode: Mode): Promise<Account> {
  const proposalId = await approve(desk, `${mode}-${dieBefore}`)
  const first = await runProcess([desk.connectionString, proposalId, String(dieBefore), String(CLOCK_START), mode])
  const resumed = await runProcess([
    desk.connectionString,
    proposalId,
    '0',
    String(CLOCK_START + AFTER_RESTART_MS),
    mode,
  ])
  const { state } = JSON.parse(resumed.output) as { state: string }
  // The ledger is asked for every id that our own books could ever derive, not only for those that they hold.
  const ids = Array.from({ length: 12 }, (_, slice) => clientOrderIdFor(proposalId, { leg: 0, slice, attempt: 0 }))
  const acceptances = await desk.ledger.acceptances('paper')
  const venueFills = (await Promise.all(ids.map((id) => desk.ledger.fills('paper', id)))).flat()
  return {
    died: first.signal === 'SIGKILL',
    state,
    venueFilled: total(venueFills),
    bookedFilled: total(await desk.store.orders.fills(proposalId)),
    mostAcceptances: Math.max(...ids.map((id) => acceptances.get(id) ?? 0)),
  }
}

async function approve({ store }: TestDesk, name: string): Promise<ProposalId> {
  const proposal = approvable(toProposalId(base32Hash(name, 50)))
  await store.proposals.open(proposal)
  await store.proposals.move(proposal.proposalId, ['pending'], 'approved', {})
  return proposal.proposalId
}

function runProcess(args: readonly string[]): Promise<{ output: string; signal: NodeJS.Signals | null }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [CHILD, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'breakwater-compile-cache') },
    })
    let [output, errors] = ['', '']
    child.stdout.on('data', (chunk) => {
      output += chunk
    })
    child.stderr.on('data', (chunk) => {
      errors += chunk
    })
    child.on('error', reject)
    child.on('close', (code, signal) => {
      if (signal === 'SIGKILL' || code === 0) resolve({ output, signal })
      else reject(new Error(`The desk process ended with ${code ?? signal}:\n${errors}`))
    })
  })
}

async function eachAtOnce<W, T>(
  workers: readonly W[],
  items: readonly T[],
  work: (worker: W, item: T) => Promise<void>,
): Promise<void> {
  let next = 0
  const run = async (worker: W): Promise<void> => {
    for (let i = next++; i < items.length; i = next++) await work(worker, items[i]!)
  }
  await Promise.all(workers.map(run))
}

const total = (fills: readonly { quantity: number }[]): number =>
  Number(fills.reduce((sum, fill) => sum + fill.quantity, 0).toFixed(9))

function approvable(proposalId: ProposalId): Proposal {
  const terms: ProposalTerms = {
    book: 'main',
    asset: 'ETH',
    instrumentId: instrumentIdOf('ETH', 'paper'),
    side: 'sell',
    quantity: baseQty(QUANTITY),
    notional: usd(QUANTITY * 3000),
    referencePrice: price(3000),
    hedgeRatioBefore: fraction(0),
    hedgeRatioAfter: fraction(0.0022),
    exposure: baseQty(10),
    expectedCost: bps(6),
    policy: 'static',
    steps: [],
    proposedBy: 'system',
    proposedAt: timestamp(CLOCK_START),
    expiresAt: timestamp(CLOCK_START + 600_000),
    maxPriceDrift: bps(50),
    quorum: 1,
    selfApprovalAllowed: false,
  }
  return { ...terms, proposalId, termsHash: termsHashOf(terms), state: 'pending', approvals: [], lease: 0 }
}
