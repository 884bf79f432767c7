import { join } from 'node:path'
import type { Asset, Bar } from '../../domain/market/tick.ts'
import { baseQty, HOUR, later, price } from '../../domain/units.ts'
import { volumeUnit } from '../replay/columns.ts'
import { RECEIPT_LAG } from '../replay/labels.ts'
import { assetOf, KLINES } from './assets.ts'
import { type Pool, toNumber } from './observations.ts'
import { eachRow } from './rows.ts'

const COLUMNS = ['open', 'high', 'low', 'close'] as const

/**
 * The hourly bars of every asset asked for, received five seconds after their close: one array for each venue and series,
 * perpetuals before spot and the one with most hours first.
 */
export async function readPooledBars(pool: Pool): Promise<ReadonlyMap<Asset, readonly (readonly Bar[])[]>> {
  const { folder, assets, from, to, onProblem } = pool
  const series = new Map<string, Bar[]>()
  await eachRow(join(folder, KLINES), {
    grid: HOUR,
    isWanted: (symbol) => assets.has(assetOf(symbol)),
    onProblem,
    onRow(row, table) {
      if (row.at < from - HOUR || row.at > to) return
      const number = (column: string) => {
        const place = table.column(column)
        if (place === undefined) throw new Error(`no column ${column}`)
        return toNumber(row.cells[place]!, { column, row, name: table.name, onProblem })
      }
      const kind = /^(.+)_(perp|spot)$/.exec(row.cells[table.column('venue')!] ?? '')
      const [open, high, low, close] = COLUMNS.map(number)
      if (!kind || open === undefined || high === undefined || low === undefined || close === undefined) return
      if (!(low > 0 && low <= Math.min(open, close) && high >= Math.max(open, close))) {
        onProblem(
          `${table.name} line ${row.line}: Expected 0 < low <= open, close <= high, was ${open} ${high} ${low} ${close}; bar skipped`,
        )
        return
      }
      const [, name = '', kindOf] = kind
      const venue = kindOf === 'spot' ? `${name}-spot` : name
      const asset = assetOf(row.symbol)
      const eventAt = later(row.at, HOUR)
      const volume = number('volume')
      const unit = volumeUnit(venue, asset)
      const bar: Bar = {
        type: 'bar',
        venue,
        asset,
        series: kindOf === 'spot' ? 'spot' : 'perp',
        interval: HOUR,
        eventAt,
        receivedAt: later(eventAt, RECEIPT_LAG.kline),
        openPrice: price(open),
        highPrice: price(high),
        lowPrice: price(low),
        closePrice: price(close),
        ...(volume === undefined || unit === undefined ? {} : { volume: baseQty(volume * unit) }),
      }
      const key = `${asset} ${venue}`
      const known = series.get(key)
      if (known) known.push(bar)
      else series.set(key, [bar])
    },
  })
  const ranked = [...series.values()].sort(
    ([a, ...others], [b, ...more]) =>
      Number(a!.series === 'spot') - Number(b!.series === 'spot') || more.length - others.length,
  )
  return Map.groupBy(ranked, ([first]) => first!.asset)
}
