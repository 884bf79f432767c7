import {
  type Bar,
  isGauge,
  type Liquidations,
  type Observed,
  type OpenInterest,
  type TakerFlow,
  type VenueId,
} from '../../domain/market/tick.ts'
import { type DurationMs, HOUR, type TimestampMs, timestamp } from '../../domain/units.ts'
import {
  AGGREGATE,
  AGGREGATE_SPOT,
  accountRatioColumn,
  COIN_MARGINED,
  gaugeColumn,
  pricePrefix,
  volumeUnit,
} from './columns.ts'
import { AGGREGATE_INTERVAL, fundingIntervalOf } from './funding-interval.ts'
import type { Grid } from './grid.ts'
import { type Grain, LENGTH } from './labels.ts'
import type { PriceAt } from './price-at.ts'

export type Grids = Readonly<Record<Grain, Grid>>
export type Kept = Exclude<Observed, Bar>

export interface Writing {
  readonly grids: Grids
  readonly priceAt: PriceAt
  /** Told what has no place in the layout. */
  readonly leave: (what: string) => void
}

/** A column of a panel; `instant` columns are known at their label, the others at the close of the bar labelled. */
interface Place {
  readonly grain: Grain
  readonly column: string
  readonly label: 'instant' | 'bar'
  readonly unit?: 'coins'
}

export function writeBar(grid: Grid, bar: Bar): void {
  const label = timestamp(bar.eventAt - HOUR)
  const prefix = pricePrefix(bar.series, bar.venue)
  grid.set(label, `${prefix}_open`, bar.openPrice)
  grid.set(label, `${prefix}_high`, bar.highPrice)
  grid.set(label, `${prefix}_low`, bar.lowPrice)
  grid.set(label, `${prefix}_close`, bar.closePrice)
  const unit = volumeUnit(bar.venue, bar.asset)
  if (bar.volume !== undefined && unit !== undefined) grid.set(label, `${prefix}_volume`, bar.volume / unit)
}

/** Writes one feed of one venue; `ticks` oldest first, so that the last up to a label stands. */
export function writeFeed(ticks: readonly Kept[], writing: Writing): void {
  const grain = grainOf(ticks)
  for (const tick of ticks) {
    if (isGauge(tick)) {
      put(writing.grids, { grain, column: gaugeColumn(tick.type, tick.venue), label: 'bar' }, tick.eventAt, tick.value)
      continue
    }
    switch (tick.type) {
      case 'open-interest':
        writeOpenInterest(tick, grain, writing)
        break
      case 'funding': {
        const interval = tick.venue === AGGREGATE ? AGGREGATE_INTERVAL : fundingIntervalOf(tick.venue)
        if (interval === undefined) writing.leave(`${tick.asset} funding of ${tick.venue}, whose interval is not known`)
        else
          put(writing.grids, fundingPlace(tick.venue, grain), tick.eventAt, (tick.fundingRate * interval) / (8 * HOUR))
        break
      }
      case 'liquidations':
      case 'taker-flow':
        writeSums(tick, writing)
        break
      case 'book-depth': {
        const name = `depth_${marketName(tick.venue)}`
        put(writing.grids, { grain: '4h', column: `${name}_bids_usd`, label: 'bar' }, tick.eventAt, tick.bidNotional)
        put(writing.grids, { grain: '4h', column: `${name}_asks_usd`, label: 'bar' }, tick.eventAt, tick.askNotional)
        break
      }
      case 'account-ratio': {
        const place: Place = { grain: '4h', column: accountRatioColumn(tick.venue), label: 'bar' }
        put(writing.grids, place, tick.eventAt, tick.longShare / (1 - tick.longShare))
      }
    }
  }
}

function writeOpenInterest(tick: OpenInterest, grain: Grain, { grids, priceAt, leave }: Writing): void {
  const place = openInterestPlace(tick.venue, grain)
  const price = place.unit === 'coins' ? 1 : priceAt(nextOn(stepOf(place), tick.eventAt))
  if (price === undefined) leave(`${tick.asset} open interest of ${tick.venue} without a price at its instant`)
  else put(grids, place, tick.eventAt, tick.openInterest * price)
}

/** Adds up what happened within each four hours; a day's liquidations of Binance have a column of their own. */
function writeSums(tick: Liquidations | TakerFlow, { grids, leave }: Writing): void {
  const isDaily = tick.type === 'liquidations' && tick.venue === 'binance' && tick.interval === LENGTH['1d']
  if (!isDaily && LENGTH['4h'] % tick.interval !== 0) {
    leave(`${tick.asset} ${tick.type} of ${tick.venue} over ${tick.interval / HOUR} h`)
    return
  }
  const add = (column: string, grain: Grain, value: number): void => {
    const label = labelOn({ grain, column, label: 'bar' }, tick.eventAt)
    grids[grain].set(label, column, (grids[grain].get(label, column) ?? 0) + value)
  }
  if (tick.type === 'taker-flow') {
    const name = takerName(tick.venue)
    add(`${name}_buy_volume_usd`, '4h', tick.buyNotional)
    add(`${name}_sell_volume_usd`, '4h', tick.sellNotional)
  } else if (isDaily) {
    add('binance_long_liq_usd', '1d', tick.longNotional)
    add('binance_short_liq_usd', '1d', tick.shortNotional)
  } else if (tick.venue === 'binance') {
    add('binance_long_liq_usd', '4h', tick.longNotional)
    add('binance_short_liq_usd', '4h', tick.shortNotional)
  } else {
    addOnFourHours(tick, grids['1h'])
  }
}

/** Other venues' liquidations stand in the hourly panel, on the rows that open four hours. */
function addOnFourHours(tick: Liquidations, grid: Grid): void {
  const label = timestamp(nextOn(LENGTH['4h'], tick.eventAt) - LENGTH['4h'])
  for (const [side, notional] of [['long', tick.longNotional] as const, ['short', tick.shortNotional] as const]) {
    const column = `liq_${tick.venue}_${side}_usd_4hbar_KNOWN_AT_T4H`
    grid.set(label, column, (grid.get(label, column) ?? 0) + notional)
  }
}

function openInterestPlace(venue: VenueId, grain: Grain): Place {
  const isDaily = grain === '1d'
  switch (venue) {
    case AGGREGATE:
      return isDaily
        ? { grain: '1d', column: 'oi_usd_all_coinglass_close', label: 'bar' }
        : { grain: '4h', column: 'oi_usd_all_close', label: 'bar' }
    case COIN_MARGINED:
      return isDaily
        ? { grain: '1d', column: 'oi_binance_coinm_usd_close', label: 'bar' }
        : { grain: '4h', column: 'oi_binance_coinm_close', label: 'bar' }
    case 'binance':
      if (isDaily) return { grain: '1d', column: 'oi_binance_stable_coins_close', label: 'bar', unit: 'coins' }
      if (grain === '4h') return { grain: '4h', column: 'oi_binance_stable_close', label: 'bar', unit: 'coins' }
  }
  return grain === '1h'
    ? { grain: '1h', column: `oi_usd_${venue}_prevhour`, label: 'instant' }
    : { grain: '1h', column: `oi_usd_${venue.toUpperCase()}_4h`, label: 'instant' }
}

const fundingPlace = (venue: VenueId, grain: Grain): Place =>
  venue === AGGREGATE
    ? { grain: grain === '1d' ? '1d' : '4h', column: 'funding_oiw_close', label: 'bar' }
    : { grain: '1h', column: `funding_${venue}`, label: 'instant' }

const marketName = (venue: VenueId): string =>
  venue.endsWith('-spot') ? `spot_${venue.slice(0, -'-spot'.length)}` : `fut_${venue}`

const takerName = (venue: VenueId): string =>
  venue === AGGREGATE
    ? 'fut_taker_aggregated'
    : venue === AGGREGATE_SPOT
      ? 'spot_taker_aggregated'
      : marketName(venue).replace('_', '_taker_')

/** How often a feed was observed: the panel in which it loses least. */
function grainOf(ticks: readonly Kept[]): Grain {
  const closest = ticks.reduce(
    (least, tick, i) => (i === 0 ? least : Math.min(least, tick.eventAt - ticks[i - 1]!.eventAt)),
    Number.POSITIVE_INFINITY,
  )
  if (closest === Number.POSITIVE_INFINITY) return '1h'
  return closest >= LENGTH['1d'] ? '1d' : closest >= LENGTH['4h'] ? '4h' : '1h'
}

const stepOf = (place: Place): DurationMs => (place.label === 'instant' ? HOUR : LENGTH[place.grain])

/** The first instant on a grid at or after another: what was observed before it is known there. */
const nextOn = (step: DurationMs, at: TimestampMs): TimestampMs => timestamp(Math.ceil(at / step) * step)

const labelOn = (place: Place, at: TimestampMs): TimestampMs =>
  timestamp(nextOn(stepOf(place), at) - (place.label === 'instant' ? 0 : LENGTH[place.grain]))

const put = (grids: Grids, place: Place, at: TimestampMs, value: number): void =>
  grids[place.grain].set(labelOn(place, at), place.column, value)
