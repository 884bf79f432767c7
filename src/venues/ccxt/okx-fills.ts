import type { OrderNames } from './binance-fills.ts'
import type { ContractMarket } from './contracts.ts'
import type { RawFill, Session } from './exchange.ts'
import { childIdOf, filledAtOf, toRawFill } from './okx-shapes.ts'
import { field, idText, list } from './readings.ts'
import { call } from './trading-client.ts'

/** The quick list of fills goes three days back, an hour less to be sure; the other one three months. */
const RECENT_MS = 71 * 3_600_000
const ALGOS_PER_PAGE = 100

export function okxFills({ names, fillsPerPage }: { names: OrderNames; fillsPerPage: number }) {
  /** Newest first, page after page by the id of the bill. */
  async function rows(
    { client, venueNow }: Session,
    market: ContractMarket,
    { since, ...asked }: { readonly since: number; readonly ordId?: string; readonly begin?: number },
  ): Promise<readonly unknown[]> {
    const isRecent = since >= venueNow() - RECENT_MS
    const method = isRecent ? 'privateGetTradeFills' : 'privateGetTradeFillsHistory'
    const all: unknown[] = []
    for (let after: string | undefined; ; ) {
      const answer = await call(client, method, {
        ...{ instType: 'SWAP', instId: market.marketId, limit: fillsPerPage, ...asked },
        ...(after !== undefined && { after }),
      })
      const page = list(field(answer, 'data'), 'fills')
      all.push(...page)
      if (page.length < fillsPerPage) return all
      after = idText(field(page.at(-1), 'billId'), 'bill id')
    }
  }

  /** The orders that stops placed do not say so in the list of fills; the stops do. */
  async function learnNames({ client }: Session, market: ContractMarket, orderIds: ReadonlySet<string>): Promise<void> {
    const unknown = new Set([...orderIds].filter((id) => names.get(id) === undefined))
    for (let after: string | undefined; unknown.size > 0; ) {
      const answer = await call(client, 'privateGetTradeOrdersAlgoHistory', {
        ...{ ordType: 'conditional', state: 'effective', instType: 'SWAP', instId: market.marketId },
        ...{ limit: ALGOS_PER_PAGE, ...(after !== undefined && { after }) },
      })
      const algos = list(field(answer, 'data'), 'algo orders')
      for (const algo of algos) {
        const childId = childIdOf(algo)
        if (childId === undefined || !unknown.delete(childId)) continue
        names.set(childId, String(field(algo, 'algoClOrdId') ?? ''))
      }
      if (algos.length < ALGOS_PER_PAGE) break
      after = idText(field(algos.at(-1), 'algoId'), 'algo id')
    }
    for (const id of unknown) names.set(id, '')
  }

  return {
    /** @param createdAt - of the order, ms */
    async fillsOf(
      session: Session,
      market: ContractMarket,
      order: { readonly orderId: string; readonly clientId: string; readonly createdAt: number },
    ): Promise<readonly RawFill[]> {
      const found = await rows(session, market, { since: order.createdAt, ordId: order.orderId })
      return found.map((row) => toRawFill(row, market, order.clientId)).reverse()
    },
    async fillsSince(session: Session, market: ContractMarket, since: number): Promise<readonly RawFill[]> {
      // Whether `begin` itself is in it is not documented.
      const found = await rows(session, market, { since, begin: since - 1 })
      const wanted = found.filter((row) => filledAtOf(row) >= since)
      const nameless = wanted.filter((row) => !field(row, 'clOrdId'))
      await learnNames(session, market, new Set(nameless.map((row) => String(field(row, 'ordId')))))
      return wanted
        .map((row) =>
          toRawFill(row, market, String(field(row, 'clOrdId') || (names.get(String(field(row, 'ordId'))) ?? ''))),
        )
        .reverse()
    },
  }
}
