import { greatestDrawdown } from '../domain/hedging/effectiveness.ts'
import { DAY, HOUR, later, type TimestampMs, type Usd, usd } from '../domain/units.ts'
import type { Ports } from './ports.ts'
import { type ValuePath, valuePath } from './value-path.ts'
import { legsOf } from './venues.ts'

export interface PnlReport extends ValuePath {
  readonly book: string
  readonly from: TimestampMs
  readonly at: TimestampMs
  /** Of hourly marks; smaller ones between two marks are not seen. */
  readonly drawdown: { readonly unhedged: Usd; readonly hedged: Usd }
}

/** The book with its hedge against the book without it, over so many days up to now, at hourly marks. */
export const createReportPnl =
  (ports: Ports) =>
  async ({ days }: { days: number }): Promise<PnlReport> => {
    const { store, settings, venues, clock } = ports
    const at = clock.now()
    const from = later(at, -days * DAY)
    const names = Object.keys(settings.book.exposures)
    const [fills, legs, paths] = await Promise.all([
      store.orders.allFills(),
      Promise.all(names.map((asset) => legsOf({ venues }, asset))),
      Promise.all(names.map((asset) => store.forecasts.path(asset, { from, to: at, every: HOUR }))),
    ])
    const path = valuePath(
      names.map((asset, i) => ({
        asset,
        exposure: settings.book.exposures[asset]!,
        fills: fills.filter(({ instrumentId }) =>
          legs[i]!.some(({ instrument }) => instrument.instrumentId === instrumentId),
        ),
        path: paths[i]!,
      })),
      HOUR,
    )
    return { ...path, book: settings.book.name, from, at, drawdown: drawdownsOf(path) }
  }

/** Greatest fall from the highest point of each path. */
function drawdownsOf({ points }: ValuePath): PnlReport['drawdown'] {
  const of = (name: 'unhedged' | 'hedged'): Usd =>
    usd(greatestDrawdown(points.map((point, i) => point[name] - (points[i - 1]?.[name] ?? 0))))
  return { unhedged: of('unhedged'), hedged: of('hedged') }
}
