import type { Order } from '../../domain/execution/order.ts'
import { VenueUnreachableError } from '../../domain/execution/venue-unreachable.ts'
import type { TierTable } from '../../domain/liquidation/margin-tiers.ts'
import type { Asset, VenueId } from '../../domain/market/tick.ts'
import type { AccountFacts, InstrumentFacts, LegFacts } from '../../domain/risk/facts.ts'
import { baseQty, fraction, HOUR, type Price, type TimestampMs, usd } from '../../domain/units.ts'
import type { Quote, Venue, VenueAccount, VenuePosition } from '../../ports.ts'
import type { Holding } from '../book.ts'
import { legLiquidation } from '../hedge-liquidation.ts'
import type { MarketState } from '../market-state.ts'
import type { Ports } from '../ports.ts'
import { assetOf, venueIdOf } from '../venues.ts'
import { ageOf, gapToOthers } from './market-facts.ts'

/** What a venue said last, kept while it does not answer: then its age grows, and nothing becomes zero. */
export interface HeardOfVenue {
  readonly account: VenueAccount
  readonly positions: readonly VenuePosition[]
}

/** Between one round of watching and the next. */
export interface VenueMemory {
  readonly heard: Map<VenueId, HeardOfVenue>
  /** Requests in a row that were refused for key or signature. */
  readonly authErrors: Map<VenueId, number>
}

/** One venue as asked a moment ago. */
export interface VenueReading {
  readonly venue: Venue
  readonly quotes: ReadonlyMap<Asset, Quote>
  readonly heard?: HeardOfVenue | undefined
  readonly status?: { readonly status: 'trading' | 'halted'; readonly statusReason?: string } | undefined
}

/** Asks every venue for its account, positions, status and quotes, all at once; none that fails stands in another's way. */
export const readVenues = (
  { venues }: Pick<Ports, 'venues'>,
  assets: readonly Asset[],
  memory: VenueMemory,
): Promise<readonly VenueReading[]> => Promise.all(venues.map((venue) => readVenue(venue, assets, memory)))

async function readVenue(venue: Venue, assets: readonly Asset[], memory: VenueMemory): Promise<VenueReading> {
  const { venueId } = venue
  const there = await Promise.all(assets.map((asset) => isListed(venue, asset)))
  const listed = assets.filter((_, i) => there[i])
  const [account, positions, statuses, quotes] = await Promise.all([
    ask(() => venue.account()),
    ask(() => venue.positions()),
    Promise.all(listed.map((asset) => ask(() => venue.status(asset)))),
    Promise.all(listed.map((asset) => ask(() => venue.quote(asset)))),
  ])
  const answers = [account, positions, ...statuses, ...quotes]
  const refused = answers.filter((answer) => answer.kind === 'silent' && answer.isAuth).length
  const answered = answers.some((answer) => answer.kind === 'answered' && answer.value !== undefined)
  if (refused > 0) memory.authErrors.set(venueId, (memory.authErrors.get(venueId) ?? 0) + 1)
  else if (answered) memory.authErrors.delete(venueId)
  if (account.kind === 'answered' && positions.kind === 'answered')
    memory.heard.set(venueId, { account: account.value, positions: positions.value })
  const said = statuses.flatMap((answer) => (answer.kind === 'answered' ? [answer.value] : []))
  const halted = said.find((status) => status.kind === 'halted')
  return {
    venue,
    heard: memory.heard.get(venueId),
    quotes: new Map(
      listed.flatMap((asset, i) => {
        const answer = quotes[i]!
        return answer.kind === 'answered' && answer.value ? [[asset, answer.value] as const] : []
      }),
    ),
    ...(halted?.kind === 'halted'
      ? { status: { status: 'halted', statusReason: halted.reason } as const }
      : said.length === listed.length && said.length > 0
        ? { status: { status: 'trading' } as const }
        : {}),
  }
}

/** Margins, leverage and standing of each venue. */
export const accountFacts = (
  readings: readonly VenueReading[],
  {
    at,
    market,
    assets,
    prices,
    orders,
  }: {
    at: TimestampMs
    market: MarketState
    assets: readonly Asset[]
    prices: ReadonlyMap<Asset, Price>
    orders: readonly Order[]
  },
): readonly AccountFacts[] =>
  readings.map(({ venue: { venueId }, heard, status }) => {
    const gaps = assets.flatMap((asset) => gapToOthers(market, asset, { at, venue: venueId }) ?? [])
    return {
      venue: venueId,
      ...(heard && {
        age: ageOf(heard.account.at, at),
        equity: heard.account.equity,
        initialMargin: heard.account.initialMargin,
        maintenanceMargin: heard.account.maintenanceMargin,
        ...grossOf(heard.positions, prices),
      }),
      ...status,
      deleveraging: orders.some(
        ({ kind, createdAt, instrumentId }) =>
          kind === 'deleveraging' && createdAt >= at - HOUR && venueIdOf(instrumentId) === venueId.toLowerCase(),
      ),
      ...(gaps.length > 0 && { markIndexGap: fraction(Math.max(...gaps)) }),
    }
  })

/** Every position there is on our accounts, others' included: a liquidation does not ask whose it was. */
export const legFacts = (
  readings: readonly VenueReading[],
  {
    at,
    prices,
    holdings,
    tables,
    leverage,
  }: {
    at: TimestampMs
    prices: ReadonlyMap<Asset, Price>
    holdings: readonly Holding[]
    tables: readonly TierTable[]
    leverage: number
  },
): readonly LegFacts[] =>
  readings.flatMap(({ venue, heard }) =>
    (heard?.positions ?? []).flatMap((position): LegFacts[] => {
      const asset = assetOf(position.instrumentId)
      const mark = position.markPrice ?? prices.get(asset)
      if (mark === undefined || position.quantity === 0) return []
      const ours = holdings
        .flatMap(({ legs }) => legs)
        .find(({ instrument }) => instrument.instrumentId === position.instrumentId)
      const rules = { mark, tables, leverage: position.leverage ?? leverage, at }
      const own =
        ours &&
        legLiquidation(
          asset,
          {
            instrument: ours.instrument,
            position: baseQty(position.quantity),
            averageEntryPrice: position.averageEntryPrice ?? ours.averageEntryPrice,
          },
          rules,
        )?.distance
      const told = position.liquidationPrice !== undefined ? position.liquidationPrice / mark - 1 : undefined
      const distance = told ?? own
      return [
        {
          venue: venue.venueId,
          asset,
          side: position.quantity < 0 ? 'short' : 'long',
          notional: usd(Math.abs(position.quantity) * mark),
          ...(distance !== undefined && { liquidationDistance: fraction(Math.abs(distance)) }),
        },
      ]
    }),
  )

/** What the last poll of each of our instruments left unexplained. */
export async function instrumentFacts(
  { store }: Pick<Ports, 'store'>,
  holdings: readonly Holding[],
): Promise<readonly InstrumentFacts[]> {
  const legs = holdings.flatMap(({ asset, legs }) => legs.map((leg) => ({ asset, ...leg })))
  const facts = legs.map(async ({ asset, venue, instrument, position }): Promise<readonly InstrumentFacts[]> => {
    const standing = await store.standings.read(instrument.instrumentId)
    if (!standing) return []
    const { unexplainedQuantity, unexplainedNotional, dirtyPolls, cleanPolls } = standing
    return [
      {
        venue: venue.venueId,
        asset,
        instrumentId: instrument.instrumentId,
        unexplainedQuantity,
        unexplainedNotional,
        ...(position !== 0 && { unexplainedShare: fraction(Math.abs(unexplainedQuantity / position)) }),
        dirtyPolls,
        cleanPolls,
      },
    ]
  })
  return (await Promise.all(facts)).flat()
}

/** Undefined where one position has no price: a sum without it would be too small. */
function grossOf(
  positions: readonly VenuePosition[],
  prices: ReadonlyMap<Asset, Price>,
): Pick<AccountFacts, 'grossNotional'> {
  let gross = 0
  for (const { instrumentId, quantity, markPrice } of positions) {
    const mark = markPrice ?? prices.get(assetOf(instrumentId))
    if (mark === undefined) return {}
    gross += Math.abs(quantity) * mark
  }
  return { grossNotional: usd(gross) }
}

type Answer<T> =
  | { readonly kind: 'answered'; readonly value: T }
  | { readonly kind: 'silent'; readonly isAuth: boolean }

/** A venue that does not answer is a fact to be judged; anything else that goes wrong is a fault. */
async function ask<T>(question: () => Promise<T>): Promise<Answer<T>> {
  try {
    return { kind: 'answered', value: await question() }
  } catch (error) {
    if (!(error instanceof VenueUnreachableError)) throw error
    return { kind: 'silent', isAuth: isAuthError(error) }
  }
}

const AUTH = /AuthenticationError|PermissionDenied|AccountNotEnabled|invalid.{0,20}(api.?key|signature)/i

/** Whether the venue answered, and answered that key or signature are not good. */
function isAuthError(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const { errorName } = (cause as { answer?: { errorName?: string } }).answer ?? {}
    if (AUTH.test(`${cause.name} ${errorName ?? ''} ${cause.message}`)) return true
  }
  return false
}

async function isListed(venue: Venue, asset: Asset): Promise<boolean> {
  try {
    await venue.instrument(asset)
    return true
  } catch (error) {
    if (error instanceof RangeError) return false
    // Whether it is there cannot be told now; the questions about it will go unanswered too.
    if (error instanceof VenueUnreachableError) return true
    throw error
  }
}
