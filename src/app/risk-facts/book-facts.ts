import type { Fill } from '../../domain/execution/order.ts'
import type { Asset } from '../../domain/market/tick.ts'
import type { AssetPacing, BookFacts, PacingFacts } from '../../domain/risk/facts.ts'
import { DAY, fraction, HOUR, later, type Price, type TimestampMs, timestamp, usd } from '../../domain/units.ts'
import type { PathPoint } from '../../ports.ts'
import type { Holding } from '../book.ts'
import type { Ports } from '../ports.ts'
import { valuePath } from '../value-path.ts'
import { assetOf } from '../venues.ts'

/** A price of midnight may be this old. */
const MIDNIGHT_WINDOW = HOUR

export const startOfDay = (at: TimestampMs): TimestampMs => timestamp(Math.floor(at / DAY) * DAY)

/**
 * What the hedged book is worth now and was worth at 00:00 UTC: spot at the exposure configured, cash of every fill with its fee,
 * what is open at market, and the funding of this day as it was recorded. The value of midnight is put on record once a day; a desk
 * that started later takes it from prices of that hour, or from now where there are none.
 */
export async function bookFacts(
  ports: Pick<Ports, 'store' | 'settings'>,
  {
    at,
    holdings,
    fills,
    prices,
  }: {
    at: TimestampMs
    holdings: readonly Holding[]
    fills: readonly Fill[]
    prices: ReadonlyMap<Asset, Price>
  },
): Promise<BookFacts> {
  const { store } = ports
  const day = startOfDay(at)
  const assets = await Promise.all(
    holdings.map(async ({ asset, exposure, legs }) => {
      const ids = legs.map(({ instrument }) => instrument.instrumentId)
      const path = await store.forecasts.path(asset, { from: later(day, -MIDNIGHT_WINDOW), to: at, every: HOUR })
      return {
        asset,
        exposure,
        fills: fills.filter(({ instrumentId }) => ids.includes(instrumentId)),
        midnight: path.findLast(({ mark }) => mark <= day)?.price,
        today: path.filter(({ mark }) => mark >= day),
        price: prices.get(asset),
      }
    }),
  )
  const now = sumOrNone(
    assets.map((one) => (one.price === undefined ? undefined : worthOf(one, one.price) + fundingSince(one, one.today))),
  )
  const before = sumOrNone(
    assets.map((one) =>
      one.midnight === undefined
        ? undefined
        : worthOf({ ...one, fills: one.fills.filter(({ filledAt }) => filledAt < day) }, one.midnight),
    ),
  )
  const first = before ?? now
  const mark = first === undefined ? undefined : await store.dayMarks.first(day, usd(first))
  const moved = mark === undefined ? 0 : await movedSince(store, day, assets)
  const valueAtDayStart = mark === undefined ? undefined : usd(mark + moved)
  return {
    ...(valueAtDayStart !== undefined && { valueAtDayStart }),
    ...(now !== undefined && { value: usd(now) }),
    prices: assets.map(({ asset, midnight, today, price }) => {
      const atStart = midnight ?? today[0]?.price
      return {
        asset,
        ...(atStart !== undefined && { priceAtDayStart: atStart }),
        ...(price !== undefined && { price }),
      }
    }),
  }
}

const EXPOSURES = 'day-mark/exposures'

/** Coins that were brought into the book or taken out of it since the mark was made, at its prices: no profit, and no loss. */
async function movedSince(
  store: Ports['store'],
  day: TimestampMs,
  assets: readonly {
    readonly asset: Asset
    readonly exposure: number
    readonly midnight?: Price | undefined
    readonly price?: Price | undefined
  }[],
): Promise<number> {
  const text = await store.settings.get(EXPOSURES)
  const known = text === undefined ? undefined : (JSON.parse(text) as { day: number; coins: Record<Asset, number> })
  if (known?.day !== day) {
    const coins = Object.fromEntries(assets.map(({ asset, exposure }) => [asset, exposure]))
    await store.settings.set(EXPOSURES, JSON.stringify({ day, coins }))
    return 0
  }
  return assets.reduce(
    (sum, { asset, exposure, midnight, price }) =>
      sum + (exposure - (known.coins[asset] ?? 0)) * (midnight ?? price ?? 0),
    0,
  )
}

/** How much our own decisions have moved, and when they last did. */
export async function pacingFacts(
  { store, settings }: Pick<Ports, 'store' | 'settings'>,
  { at, parentsToday }: { at: TimestampMs; parentsToday: number },
): Promise<PacingFacts> {
  const traded = await store.orders.tradedSince(later(at, -DAY))
  return {
    parentsToday,
    assets: Object.entries(settings.book.exposures).map(([asset, exposure]): AssetPacing => {
      const mine = traded.filter(({ instrumentId }) => assetOf(instrumentId) === asset)
      const moved = (since: number): number =>
        mine.filter(({ filledAt }) => filledAt >= since).reduce((sum, { quantity }) => sum + quantity, 0)
      const last = mine.at(-1)
      return {
        asset,
        ...(exposure > 0 && {
          ratioChangeLastHour: fraction(moved(at - HOUR) / exposure),
          ratioChangeLastDay: fraction(moved(at - DAY) / exposure),
        }),
        ...(last && { lastTrade: { side: last.side, at: last.filledAt } }),
      }
    }),
  }
}

/** Spot, cash of the fills, and what is open. */
function worthOf({ exposure, fills }: { exposure: number; fills: readonly Fill[] }, price: Price): number {
  let [cash, quantity] = [0, 0]
  for (const fill of fills) {
    const signed = fill.side === 'buy' ? fill.quantity : -fill.quantity
    cash -= signed * fill.fillPrice + fill.fee
    quantity += signed
  }
  return exposure * price + cash + quantity * price
}

const fundingSince = (
  { asset, exposure, fills }: { asset: Asset; exposure: Holding['exposure']; fills: readonly Fill[] },
  path: readonly PathPoint[],
): number => (path.length === 0 ? 0 : (valuePath([{ asset, exposure, fills, path }], HOUR).assets[0]?.funding ?? 0))

const sumOrNone = (values: readonly (number | undefined)[]): number | undefined =>
  values.length === 0 || values.some((value) => value === undefined)
    ? undefined
    : values.reduce<number>((sum, value) => sum + value!, 0)
