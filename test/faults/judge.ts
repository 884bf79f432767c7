import pg from 'pg'
import { formatQuantity } from '../../src/domain/format.ts'
import { clientOrderIdFor } from '../../src/domain/hash.ts'
import { toProposalId } from '../../src/domain/proposal.ts'
import { baseQty } from '../../src/domain/units.ts'
import type { CoreFill, CoreOrder, ExchangeCore } from '../support/exchange/core.ts'
import { ASSET } from './market.ts'

/** What must be zero. Each is counted from what the venue has in its own books. */
export const VIOLATIONS = [
  'duplicateOrders',
  'lostFills',
  'doubledFills',
  'unapprovedOrders',
  'stuckProposals',
  'positionErrors',
] as const
export type Violation = (typeof VIOLATIONS)[number]

export interface Verdict {
  readonly counts: Readonly<Record<Violation, number>>
  /** One line for each thing counted. */
  readonly findings: readonly string[]
  readonly explainedByDenial: number
  /** Every proposal that was executed was filled whole. */
  readonly isWhole: boolean
  readonly orders: number
  readonly fills: number
}

interface ProposalRow {
  readonly proposal_id: string
  readonly state: string
  readonly control: string
  readonly side: 'buy' | 'sell'
  readonly quantity: number
  readonly decided_at: number | null
  readonly reason: string | null
}
interface OrderRow {
  readonly client_order_id: string
  readonly proposal_id: string
  readonly leg: number
  readonly slice: number
  readonly attempt: number
  readonly state: string
  readonly reason: string | null
}
interface FillRow {
  readonly trade_id: string
  readonly client_order_id: string
  readonly quantity: number
}

export interface Books {
  readonly proposals: readonly ProposalRow[]
  readonly orders: readonly OrderRow[]
  readonly fills: readonly FillRow[]
}

const LEGS = 1
const SLICES = 64
const ATTEMPTS = 12
const HALF_A_LOT = 0.0005
const UNFINISHED = new Set(['pending', 'approved', 'executing'])
const LET_THROUGH = new Set(['approved', 'executing', 'executed', 'failed'])

/** Our books, read with nothing of the product in between. */
export async function readBooks(connectionString: string): Promise<Books> {
  const client = new pg.Client({ connectionString })
  await client.connect()
  try {
    const rows = async <Row extends object>(text: string): Promise<readonly Row[]> =>
      (await client.query<Row>(text)).rows
    return {
      proposals: await rows<ProposalRow>(
        `select proposal_id, state, control, terms->>'side' as side, (terms->>'quantity')::float8 as quantity, decided_at::float8 as decided_at, reason
         from proposals`,
      ),
      orders: await rows<OrderRow>(
        'select client_order_id, proposal_id, leg, slice, attempt, state, reason from orders order by seq',
      ),
      fills: await rows<FillRow>('select trade_id, client_order_id, quantity_base::float8 as quantity from fills'),
    }
  } finally {
    await client.end()
  }
}

/**
 * Holds the venue's ledger against our books.
 *
 * @param acceptedAt - wall clock, when the venue took an order, by the venue's id of it
 * @param unsettled - what the last reconciliation still found, if it did not come out clean
 */
export function judge({
  core,
  books,
  acceptedAt,
  unsettled,
}: {
  core: ExchangeCore
  books: Books
  acceptedAt: ReadonlyMap<number, number>
  unsettled: string | undefined
}): Verdict {
  const findings: string[] = []
  const counts = Object.fromEntries(VIOLATIONS.map((name) => [name, 0])) as Record<Violation, number>
  const find = (violation: Violation, what: string): void => {
    counts[violation]++
    findings.push(`${violation}: ${what}`)
  }
  const orders = core.orders().filter(({ owner }) => owner === 'client')
  const fills = core.fills().filter(({ cause }) => cause === 'order')
  const origins = originsOf(books)

  findDuplicates(orders, books, find)
  findUnapproved(orders, { books, origins, acceptedAt, find })
  findWrongFills(fills, books, find)
  for (const { proposal_id, state } of books.proposals)
    if (UNFINISHED.has(state)) find('stuckProposals', `${proposal_id} is ${state}`)
  if (books.proposals.length === 0) find('stuckProposals', 'nothing was ever proposed')
  const { explainedByDenial, isWhole } = findWrongPositions(core, { books, orders, origins, find })
  for (const order of orders)
    if (order.state === 'open')
      find('positionErrors', `${order.clientId} rests on at the venue: ${order.quantity - order.filled} left`)
  if (unsettled !== undefined) find('positionErrors', `the last reconciliation is not clean: ${unsettled}`)
  return { counts, findings, explainedByDenial, isWhole, orders: orders.length, fills: fills.length }
}

type Find = (violation: Violation, what: string) => void

/** Every id that our proposals can have made, and whose it is. */
function originsOf({ proposals }: Books): ReadonlyMap<string, ProposalRow> {
  const origins = new Map<string, ProposalRow>()
  for (const proposal of proposals)
    for (let leg = 0; leg < LEGS; leg++)
      for (let slice = 0; slice < SLICES; slice++)
        for (let attempt = 0; attempt < ATTEMPTS; attempt++)
          origins.set(clientOrderIdFor(toProposalId(proposal.proposal_id), { leg, slice, attempt }), proposal)
  return origins
}

function findDuplicates(orders: readonly CoreOrder[], books: Books, find: Find): void {
  for (const [clientId, alike] of Map.groupBy(orders, (order) => order.clientId))
    if (alike.length > 1) find('duplicateOrders', `${clientId} was accepted ${alike.length} times`)
  const rows = new Map(books.orders.map((row) => [row.client_order_id, row]))
  const known = [...new Set(orders.map(({ clientId }) => clientId))].flatMap((id) => rows.get(id ?? '') ?? [])
  const places = Map.groupBy(
    known,
    (row) => `${row.proposal_id} leg ${row.leg} slice ${row.slice} attempt ${row.attempt}`,
  )
  for (const [place, alike] of places)
    if (alike.length > 1)
      find('duplicateOrders', `${place} went out as ${alike.map((row) => row.client_order_id).join(' and ')}`)
}

function findUnapproved(
  orders: readonly CoreOrder[],
  {
    books,
    origins,
    acceptedAt,
    find,
  }: {
    books: Books
    origins: ReadonlyMap<string, ProposalRow>
    acceptedAt: ReadonlyMap<number, number>
    find: Find
  },
): void {
  const rows = new Set(books.orders.map((row) => row.client_order_id))
  for (const order of orders) {
    const proposal = origins.get(order.clientId ?? '')
    const id = `order ${order.clientId}`
    if (!proposal) find('unapprovedOrders', `${id} follows from no proposal on record`)
    else if (!LET_THROUGH.has(proposal.state) || proposal.decided_at === null)
      find('unapprovedOrders', `${id} is of ${proposal.proposal_id}, which is ${proposal.state}`)
    else if (proposal.decided_at > acceptedAt.get(order.orderId)!)
      find('unapprovedOrders', `${id} was accepted before ${proposal.proposal_id} was decided`)
    else if (proposal.side !== order.side)
      find('unapprovedOrders', `${id} is to ${order.side}, approved to ${proposal.side}`)
    if (!rows.has(order.clientId ?? '')) find('lostFills', `${id} is not in our books`)
  }
}

function findWrongFills(fills: readonly CoreFill[], books: Books, find: Find): void {
  const booked = Map.groupBy(books.fills, ({ trade_id }) => trade_id)
  const theirs = new Map(fills.map((fill) => [String(fill.tradeId), fill]))
  for (const [tradeId, fill] of theirs) {
    const [ours, ...more] = booked.get(tradeId) ?? []
    if (!ours) find('lostFills', `trade ${tradeId} of ${fill.clientId}, ${fill.quantity}`)
    else if (ours.client_order_id !== fill.clientId || Math.abs(ours.quantity - fill.quantity) > 1e-9)
      find(
        'lostFills',
        `trade ${tradeId}: ${fill.quantity} of ${fill.clientId}, booked ${ours.quantity} of ${ours.client_order_id}`,
      )
    if (more.length > 0) find('doubledFills', `trade ${tradeId} is booked ${more.length + 1} times`)
  }
  for (const { trade_id, client_order_id } of books.fills)
    if (!theirs.has(trade_id)) find('doubledFills', `trade ${trade_id} of ${client_order_id} never was`)
}

/** What was approved is what was filled, or the record says why not; and the position is the sum of it. */
function findWrongPositions(
  core: ExchangeCore,
  {
    books,
    orders,
    origins,
    find,
  }: { books: Books; orders: readonly CoreOrder[]; origins: ReadonlyMap<string, ProposalRow>; find: Find },
): { explainedByDenial: number; isWhole: boolean } {
  let explainedByDenial = 0
  let isWhole = books.proposals.some(({ state }) => state === 'executed')
  let sum = 0
  for (const proposal of books.proposals) {
    const filled = orders
      .filter((order) => origins.get(order.clientId ?? '') === proposal)
      .reduce((total, order) => total + order.filled, 0)
    sum += proposal.side === 'sell' ? filled : -filled
    const left = proposal.quantity - filled
    if (!LET_THROUGH.has(proposal.state) || Math.abs(left) < HALF_A_LOT) continue
    isWhole = false
    const says = proposal.reason ?? ''
    const explains =
      left > 0 &&
      (says.includes(`left ${formatQuantity(baseQty(left), ASSET)} unfilled`) ||
        (filled === 0 && says.includes('nothing could be filled')))
    if (explains) explainedByDenial++
    else
      find(
        'positionErrors',
        `${proposal.proposal_id}: ${filled} filled of ${proposal.quantity}, the record says "${says}"`,
      )
  }
  const position = core.position(ASSET)
  if (Math.abs(position + sum) > HALF_A_LOT)
    find('positionErrors', `the venue holds ${position}, our proposals make ${-sum}`)
  return { explainedByDenial, isWhole }
}
