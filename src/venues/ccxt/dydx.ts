import { setTimeout as sleep } from 'node:timers/promises'
import { Decimal } from 'decimal.js'
import { type ContractMarket, marketFrom } from './contracts.ts'
import { addressOf, createChain, venueIdOf } from './dydx-chain.ts'
import { createIndexer } from './dydx-indexer.ts'
import { judgeDydx, noSuchOrder } from './dydx-judge.ts'
import { createNumbers, type NumberRecord } from './dydx-numbers.ts'
import { averageOf, FLAGS, type Flags, isEnded, SUBACCOUNT } from './dydx-shapes.ts'
import { dydxStream } from './dydx-stream.ts'
import type { RawOrder, Session, TradingExchange, WireOrder, WireRef } from './exchange.ts'
import { RequestFailure, reasonOf, UnreadableError } from './failures.ts'
import { decimalText, field, list, optionalDecimal } from './readings.ts'
import { call } from './trading-client.ts'

/** How often the indexer is asked what became of a transaction, over some ten seconds: blocks take about one. */
const MOST_LOOKS = 12
const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE = 4 // times the first
const MOST_REMEMBERED = 10_000

export interface DydxOptions {
  /** Where the number of each order is kept. */
  readonly numbers: NumberRecord
  readonly fillsPerPage?: number
  /** Before the second look at what became of an order; later ones are up to four times as far apart. */
  readonly firstPauseMs?: number
}

/**
 * dYdX v4: a chain of its own. Orders are signed transactions that one node checks and passes on; what came of them is known once
 * an indexer has read it from the blocks, so an order is only called accepted when the indexer shows it.
 *
 * `gtc` is a long-term order, which lives on the chain until it is cancelled (or for 30 days): a short-term one would be gone
 * after 20 blocks, some 20 seconds. `ioc` is a short-term order good for the next few blocks. Both are refused when they arrive
 * after their time: the one by the nonce, which is a time that the chain takes for half a minute, the other by its last block.
 *
 * No protective stops: conditional orders are triggered by trade prices too, not by the oracle's price alone, and become orders
 * that are immediate, with a limit, and gone with whatever that did not reach.
 *
 * @see https://docs.dydx.xyz
 */
export function createDydx({
  numbers: record,
  fillsPerPage = 100,
  firstPauseMs = FIRST_PAUSE_MS,
}: DydxOptions): TradingExchange {
  const numbers = createNumbers(record)
  const indexer = createIndexer({ numbers, fillsPerPage })
  const chain = createChain()
  const stream = dydxStream({ numbers, indexer })
  /** Immediate orders that found nothing, by the venue's id: the indexer forgets them. */
  const unfilled = new Map<string, RawOrder>()
  /** As what an order was sent, by its number. */
  const sent = new Map<number, Sent>()

  /** Both kinds that it may be of, unless it is known which. */
  async function idsOf(session: Session, { market, clientOrderId, venueOrderId }: WireRef) {
    const number = await numbers.reserve(clientOrderId)
    const known = sent.get(number)
    const flags = known ? [known.flags] : [FLAGS.long, FLAGS.short]
    const ids = flags.map((each) => note(session, market, { number, flags: each }))
    const named = venueOrderId !== undefined && ids.includes(venueOrderId) ? [venueOrderId] : ids
    return { ids: named, lastBlock: known?.goodTilBlock }
  }

  function note(session: Session, market: ContractMarket, of: { number: number; flags: Flags }): string {
    const id = venueIdOf(session, market, of.number, of.flags)
    indexer.noteOrder(id, String(of.number))
    return id
  }

  async function findAny(session: Session, ref: WireRef, ids: readonly string[]): Promise<RawOrder | undefined> {
    for (const id of ids) {
      const order = unfilled.get(id) ?? (await indexer.order(session, ref.market, id))
      if (order) return order
    }
    return undefined
  }

  /** Waits until the indexer shows the order; for an immediate one until it has ended. */
  async function settle(
    session: Session,
    order: WireOrder,
    id: string,
    goodTilBlock: number | undefined,
  ): Promise<void> {
    let known: RawOrder | undefined
    for (let look = 0; look < MOST_LOOKS; look++) {
      await pauseBefore(look)
      // Before the order is asked for: what the indexer knows by then includes these blocks.
      const height = look > 0 && goodTilBlock !== undefined ? await indexer.height(session) : 0
      known = await indexer.order(session, order.market, id)
      if (known && (goodTilBlock === undefined || isEnded(known))) return
      if (!known && goodTilBlock !== undefined && height > goodTilBlock) return noteUnfilled(order, id)
    }
    if (!known) throw new UnreadableError('Expected the indexer to show the order, was with a node only')
  }

  async function pauseBefore(look: number): Promise<void> {
    if (look > 0) await sleep(firstPauseMs * Math.min(look, LONGEST_PAUSE))
  }

  function noteUnfilled({ market, side, contracts, clientOrderId }: WireOrder, id: string): void {
    unfilled.set(id, {
      ...{ market, side, contracts, venueOrderId: id, clientId: numbers.ids.toVenue(clientOrderId) },
      ...{ kind: 'limit', state: 'expired', filledContracts: '0', reason: 'nothing within its limit' },
    })
    if (unfilled.size > MOST_REMEMBERED) unfilled.delete(unfilled.keys().next().value!)
  }

  return {
    venueId: 'dydx',
    module: 'dydx',
    options: {},
    capabilities: {
      reduceOnly: true,
      postOnly: true,
      findsByClientOrderId: true,
      namesClientOrderId: true,
      listsFills: true,
      refusesLateRequests: true,
      protectiveStops: false,
      countdownCancel: 'none',
      tellsKeyRights: true,
      tellsLiquidationPrice: false,
      pushesOrders: true,
    },
    // The indexer takes 100 requests in ten seconds; half is left for the looks that follow each order.
    limits: {
      ...{ weight: 50, weightWindowMs: 10_000, orders: 20, ordersWindowMs: 10_000 },
      weights: { find: 4, openOrders: 2, fills: 3, fillsSince: 4, positions: 2, account: 2 },
    },
    ids: numbers.ids,
    symbolOf: (asset) => `${asset}/USDC:USDC`,
    market: (client, asset) => marketFrom(asset, client.market(`${asset}/USDC:USDC`)),
    prepare: (session) => chain.prepare(session),
    async serverTime(client) {
      const epoch = Number(field(await call(client, 'indexerGetTime'), 'epoch'))
      if (epoch > 0) return Math.floor(epoch * 1000)
      throw new UnreadableError(`Expected the indexer's time, was ${epoch}`)
    },

    async submit(session, order) {
      const number = await numbers.reserve(order.clientOrderId)
      const flags = order.timeInForce === 'ioc' ? FLAGS.short : FLAGS.long
      const id = note(session, order.market, { number, flags })
      const goodTilBlock = await chain.lastBlockFor(session, order)
      // Before it is out: it may never be heard of again.
      sent.set(number, { flags, goodTilBlock })
      if (sent.size > MOST_REMEMBERED) sent.delete(sent.keys().next().value!)
      await chain.place(session, order, { number, goodTilBlock })
      await afterwards(() => settle(session, order, id, goodTilBlock))
      return id
    },
    async cancel(session, { market, clientOrderId }) {
      const number = await numbers.reserve(clientOrderId)
      const id = note(session, market, { number, flags: FLAGS.long })
      await chain.cancel(session, market, number)
      const ended = await afterwards(async () => {
        for (let look = 0; look < MOST_LOOKS; look++) {
          await pauseBefore(look)
          const order = await indexer.order(session, market, id)
          if (order && isEnded(order)) return order
        }
        throw new UnreadableError('Expected the indexer to show the cancel, was with a node only')
      })
      if (ended.state !== 'canceled') throw noSuchOrder(`order ${ended.state} before it was cancelled`)
    },

    async find(session, ref) {
      const { ids, lastBlock } = await idsOf(session, ref)
      let order = await findAny(session, ref, ids)
      if (!order) {
        await indexer.requireFresh(session, lastBlock)
        order = await findAny(session, ref, ids)
      }
      // The indexer's orders have no price of their fills.
      return order && { ...order, averagePrice: averageOf(await indexer.fills(session, order)) }
    },
    openOrders: (session, market) => indexer.openOrders(session, market),
    async fills(session, ref) {
      const order = await findAny(session, ref, (await idsOf(session, ref)).ids)
      return order ? indexer.fills(session, order) : []
    },
    fillsSince: (session, market, since) => indexer.fillsSince(session, market, since),

    async positions(session) {
      const answer = await call(session.client, 'indexerGetPerpetualPositions', {
        ...{ address: addressOf(session), subaccountNumber: SUBACCOUNT, status: 'OPEN' },
      })
      const rows = list(field(answer, 'positions'), 'positions').filter((row) => field(row, 'status') === 'OPEN')
      const markets = rows.length === 0 ? {} : await marketsOf(session)
      return rows.flatMap((row) => {
        const market = session.knownMarket(String(field(row, 'market')))
        if (!market) return []
        return {
          market,
          contracts: signedSize(row),
          averageEntryPrice: optionalDecimal(field(row, 'entryPrice'), 'entry price'),
          // Margin and liquidations go by the oracle's price: dYdX has no other mark.
          markPrice: optionalDecimal(field(field(markets, market.marketId), 'oraclePrice'), 'oracle price'),
        }
      })
    },
    async account(session) {
      const { client } = session
      const [answer, markets] = await Promise.all([
        call(client, 'indexerGetAddressesAddressSubaccountNumberSubaccountNumber', {
          ...{ address: addressOf(session), subaccountNumber: SUBACCOUNT },
        }),
        marketsOf(session),
      ])
      const subaccount = field(answer, 'subaccount')
      const equity = decimalText(field(subaccount, 'equity'), 'equity')
      const free = decimalText(field(subaccount, 'freeCollateral'), 'free collateral')
      const open = Object.entries((field(subaccount, 'openPerpetualPositions') ?? {}) as Record<string, unknown>)
      const maintenance = open.reduce((sum, [ticker, position]) => {
        const market = field(markets, ticker)
        const oraclePrice = decimalText(field(market, 'oraclePrice'), `oracle price of ${ticker}`)
        const rate = decimalText(field(market, 'maintenanceMarginFraction'), `maintenance margin of ${ticker}`)
        return sum.plus(new Decimal(signedSize(position)).abs().mul(oraclePrice).mul(rate))
      }, new Decimal(0))
      return {
        equity,
        initialMargin: new Decimal(equity).minus(free).toFixed(),
        maintenanceMargin: maintenance.toFixed(),
      }
    },
    async status(session, { marketId }) {
      const status = field(field(await marketsOf(session), marketId), 'status')
      return status === 'ACTIVE' ? { kind: 'trading' } : { kind: 'halted', reason: `status=${status ?? 'DELISTED'}` }
    },
    keyRights: async () => chain.signer().rights,

    listen: (session) => [() => stream.listen(session)],
    confirmations: 1,
    confirms: stream.confirms,
    read: stream.read,
    judge: judgeDydx,
  }
}

interface Sent {
  readonly flags: Flags
  /** Of an immediate order: the last block that can fill it. */
  readonly goodTilBlock: number | undefined
}

/**
 * What is asked once a transaction is out. An answer here is about the question, never about the order: not even "too many
 * requests" or "no such order" says that it was not taken.
 */
async function afterwards<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    if (!(error instanceof RequestFailure)) throw error
    throw new UnreadableError(`Expected to hear what became of it: ${reasonOf(error)}`, { cause: error })
  }
}

async function marketsOf({ client }: Session): Promise<unknown> {
  return field(await call(client, 'indexerGetPerpetualMarkets'), 'markets')
}

/** Shorts are negative, also where an indexer leaves the sign to the side. */
function signedSize(position: unknown): string {
  const size = new Decimal(decimalText(field(position, 'size'), 'size of a position')).abs()
  return (field(position, 'side') === 'SHORT' ? size.neg() : size).toFixed()
}
