import { contractTerms } from '../../domain/liquidation/contract-terms.ts'
import { parseMarginTiers, type TierRow, type TierTable } from '../../domain/liquidation/margin-tiers.ts'
import { maintenanceOfLeverage, UNBOUNDED_NOTIONAL } from '../../domain/liquidation/tier-tables.ts'
import type { Asset, VenueId } from '../../domain/market/tick.ts'
import { type Price, price, type TimestampMs } from '../../domain/units.ts'
import type { MarginTiersOutcome } from '../../ports.ts'
import { bybit } from './bybit.ts'
import type { VenueClient } from './client.ts'
import { hyperliquid } from './hyperliquid.ts'
import { okx } from './okx.ts'
import { finite, positive, UnreadableError } from './readings.ts'
import { field, type LiveVenue, list } from './venue.ts'

/** A table as its venue writes it: rows to be read one by one, smallest first. */
interface RawTable {
  readonly source: string
  readonly rows: readonly (() => TierRow)[]
  readonly referencePrice?: Price
}

interface TierSource {
  readonly venue: LiveVenue
  /** The client has its markets loaded. */
  ask(client: VenueClient, asset: Asset): Promise<RawTable>
}

/** Venues that say their tiers to everybody. Binance says them to customers, Deribit and dYdX have no call for them. */
export const TIER_SOURCES: Readonly<Record<VenueId, TierSource>> = {
  bybit: { venue: bybit, ask: askBybit },
  okx: { venue: okx, ask: askOkx },
  hyperliquid: { venue: hyperliquid, ask: askHyperliquid },
}

const NEEDS_KEY: readonly VenueId[] = ['binance']

/** What can be said of a venue's tiers without asking it; undefined where it has to be asked. */
export function outcomeWithoutAsking(venue: VenueId): MarginTiersOutcome | undefined {
  if (Object.hasOwn(TIER_SOURCES, venue)) return undefined
  return NEEDS_KEY.includes(venue) ? { kind: 'needs-key' } : { kind: 'dated-only' }
}

/**
 * Asks a venue for the maintenance table of an asset's perpetual.
 *
 * @param client - with its markets loaded; of a venue that `TIER_SOURCES` lists, the others are not asked
 * @param at - now: the table is in force from here
 * @returns what came of it; a failing venue is `unavailable`, a table that breaks the recursion `rejected`
 * @see specification §1.1
 */
export async function loadMarginTiers(
  client: VenueClient,
  { venue, asset }: { readonly venue: VenueId; readonly asset: Asset },
  at: TimestampMs,
): Promise<MarginTiersOutcome> {
  const known = outcomeWithoutAsking(venue)
  if (known) return known
  let raw: RawTable
  try {
    raw = await TIER_SOURCES[venue]!.ask(client, asset)
  } catch (error) {
    return { kind: 'unavailable', reason: error instanceof Error ? error.message : String(error) }
  }
  const rows = readRows(raw)
  if (!Array.isArray(rows)) return rows as MarginTiersOutcome
  const parsed = parseMarginTiers(rows)
  if (parsed.kind === 'rejected') return parsed
  const table: TierTable = {
    venue,
    contract: contractTerms(venue, asset)!.contract,
    validFrom: at,
    tiers: parsed.tiers,
    source: raw.source,
    ...(raw.referencePrice === undefined ? {} : { referencePrice: raw.referencePrice }),
  }
  return { kind: 'loaded', table }
}

function readRows({ rows }: RawTable): readonly TierRow[] | MarginTiersOutcome {
  const read: TierRow[] = []
  for (const [i, row] of rows.entries()) {
    try {
      read.push(row())
    } catch (error) {
      if (!(error instanceof UnreadableError)) throw error
      return { kind: 'rejected', row: i + 1, reason: error.message }
    }
  }
  return read
}

/** Notionals in USDT; the first deduction is blank. */
async function askBybit(client: VenueClient, asset: Asset): Promise<RawTable> {
  const tiers = await client.fetchMarketLeverageTiers(bybit.symbolOf(asset))
  return {
    source: 'Bybit v5 risk-limit',
    rows: tiers.map((tier) => () => {
      const given = field(tier.info, 'mmDeduction')
      const row = { ...rateAndLeverage(tier), cap: positive(tier.maxNotional, 'risk limit') }
      return given === undefined || given === '' ? row : { ...row, deduction: finite(given, 'deduction') }
    }),
  }
}

/** Sizes in contracts, whatever ccxt calls them: the one place where they become dollars, at the mark price of now. */
async function askOkx(client: VenueClient, asset: Asset): Promise<RawTable> {
  const symbol = okx.symbolOf(asset)
  const contractSize = positive(client.market(symbol).contractSize, 'contract size')
  const [candle] = (await client.fetchMarkOHLCV(symbol, '1m', undefined, 1)).slice(-1)
  const mark = positive(candle?.[4], 'mark price')
  const tiers = await client.fetchMarketLeverageTiers(symbol, { marginMode: 'isolated' })
  return {
    source: 'OKX v5 position-tiers, isolated',
    referencePrice: price(mark),
    rows: tiers.map((tier) => () => ({
      ...rateAndLeverage(tier),
      cap: positive(tier.maxNotional, 'number of contracts') * contractSize * mark,
    })),
  }
}

const rateAndLeverage = (tier: Awaited<ReturnType<VenueClient['fetchMarketLeverageTiers']>>[number]) => ({
  maintenanceRate: finite(tier.maintenanceMarginRate, 'maintenance rate'),
  maxLeverage: finite(tier.maxLeverage, 'leverage'),
})

/** Tiers begin at `lowerBound` dollars; an asset without a table of its own has its maximum leverage at every size. */
async function askHyperliquid(client: VenueClient, asset: Asset): Promise<RawTable> {
  const meta = await client.publicPostInfo({ type: 'meta' })
  const entry = list(field(meta, 'universe')).find((candidate) => field(candidate, 'name') === asset)
  if (entry === undefined) throw new UnreadableError(`Expected ${asset} in the universe, was not there`)
  const tableId = field(entry, 'marginTableId')
  const found = list(field(meta, 'marginTables')).find((candidate) => field(candidate, 0) === tableId)
  const tiers =
    found === undefined
      ? [{ lowerBound: 0, maxLeverage: field(entry, 'maxLeverage') }]
      : list(field(field(found, 1), 'marginTiers'))
  return {
    source: 'Hyperliquid meta',
    rows: tiers.map((tier, i) => () => {
      const from = finite(field(tier, 'lowerBound'), 'lower bound')
      if (i === 0 && from !== 0) throw new UnreadableError(`Expected a first tier from 0, was from ${from}`)
      const next = tiers[i + 1]
      const maxLeverage = positive(field(tier, 'maxLeverage'), 'leverage')
      return {
        cap: next === undefined ? UNBOUNDED_NOTIONAL : positive(field(next, 'lowerBound'), 'lower bound'),
        maintenanceRate: maintenanceOfLeverage(maxLeverage),
        maxLeverage,
      }
    }),
  }
}
