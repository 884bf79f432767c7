import { ASSETS, candles, HOUR, levels, MINUTE, priceAt, times } from './prices.ts'
import { startVenueServer } from './server.ts'

/** Deribit inverse perpetuals: amounts and open interest in dollars, liquidations marked on trades. */
export const startDeribit = ({ now }: { now: () => number }) => {
  const ok = (result: unknown) => {
    const stamps = { usIn: now() * 1000, usOut: now() * 1000 + 200, usDiff: 200 }
    return { jsonrpc: '2.0', result, ...stamps, testnet: false }
  }
  return startVenueServer({
    answer({ path, query }): unknown {
      const name = String(query.instrument_name ?? '')
      const asset = name.split('-')[0]!
      const price = priceAt(asset, now())
      switch (path.split('/').at(-1)) {
        case 'get_instruments':
          return ok(ASSETS.map(instrument))
        case 'get_tradingview_chart_data': {
          const length = Number(query.resolution) * MINUTE
          const [from, to] = [Number(query.start_timestamp), Number(query.end_timestamp)]
          // Our client asks by its own clock; the venue answers by its.
          const recent = length === MINUTE
          const rows = candles(asset, {
            length,
            from: recent ? undefined : from,
            now: recent ? now() : to,
            limit: recent ? 6 : 5000,
          })
          return ok({
            status: 'ok',
            ticks: rows.map(({ openAt }) => openAt),
            open: rows.map(({ open }) => open),
            high: rows.map(({ high }) => high),
            low: rows.map(({ low }) => low),
            close: rows.map(({ close }) => close),
            volume: rows.map(() => 2.5),
            cost: rows.map(() => 7500),
          })
        }
        case 'get_book_summary_by_instrument':
          return ok([
            {
              ...{ instrument_name: name, base_currency: asset, quote_currency: 'USD', creation_timestamp: now() },
              ...{ open_interest: 300_000_000, mark_price: price, mid_price: price, last: price },
              ...{ volume: 7377.18, volume_usd: 661040250, current_funding: 0.00001, funding_8h: 0.00012 },
            },
          ])
        case 'get_book_summary_by_currency':
          return query.kind === 'option' ? ok(options(String(query.currency), now())) : undefined
        case 'ticker':
          return ok({
            ...{ instrument_name: name, timestamp: now(), state: 'open', open_interest: 300_000_000 },
            ...{ mark_price: price, index_price: price / 1.0003, last_price: price, estimated_delivery_price: price },
          })
        case 'get_volatility_index_data': {
          if (query.currency !== 'BTC' && query.currency !== 'ETH') return undefined
          const step = Number(query.resolution) * 1000
          const to = Math.min(Number(query.end_timestamp), now())
          const all = times({ step, from: Number(query.start_timestamp), to })
          const page = all.slice(-500)
          return ok({
            data: page.map((at) => [at, 54.1, 56.2, 53.8, 55.25]),
            continuation: page.length < all.length ? page[0] : null,
          })
        }
        case 'get_funding_rate_value':
          return ok(0.00012)
        case 'get_funding_rate_history':
          return ok(
            times({ step: HOUR, from: Number(query.start_timestamp), to: Math.min(Number(query.end_timestamp), now()) })
              .slice(-744)
              .map((timestamp) => ({
                ...{ timestamp, index_price: 3000, prev_index_price: 3000 },
                ...{ interest_8h: 0.00012, interest_1h: 0.000015 },
              })),
          )
        case 'get_order_book':
          return ok({
            ...levels(price, { step: price / 20_000, count: 400, amount: 10_000 }),
            ...{ timestamp: now(), state: 'open', instrument_name: name, change_id: 1, mark_price: price },
          })
        case 'get_last_trades_by_instrument_and_time':
          return ok({ has_more: false, trades: trades(name, Number(query.start_timestamp)) })
        default:
          return undefined
      }
    },
  })
}

const trades = (instrument_name: string, from: number) =>
  [
    { direction: 'buy', amount: 5000 },
    { direction: 'sell', amount: 3000, liquidation: 'T' },
    { direction: 'sell', amount: 1000, liquidation: 'M' },
  ].map((trade, i) => ({
    ...{ trade_id: `ETH-${i}`, trade_seq: i, timestamp: from + 10 + i, tick_direction: 0, instrument_name },
    ...{ price: 3000, mark_price: 3000, index_price: 3000, contracts: trade.amount },
    ...trade,
  }))

const instrument = (asset: string) => ({
  tick_size: 0.05,
  taker_commission: 0.0005,
  settlement_period: 'perpetual',
  settlement_currency: asset,
  quote_currency: 'USD',
  counter_currency: 'USD',
  base_currency: asset,
  min_trade_amount: 1,
  max_leverage: 50,
  maker_commission: 0,
  kind: 'future',
  instrument_type: 'reversed',
  is_active: true,
  instrument_name: `${asset}-PERPETUAL`,
  expiration_timestamp: 32503708800000,
  creation_timestamp: 1534242287000,
  contract_size: 1,
})

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC']
const DAYS_TO_EXPIRY = [1, 3, 10, 24, 52]

/** Puts and calls around the price: 50 % a year in a week, 60 % in a month, and falls the dearer to insure. */
function options(asset: string, now: number): readonly unknown[] {
  const price = priceAt(asset, now)
  return DAYS_TO_EXPIRY.flatMap((days) => {
    const at = new Date(now + days * 24 * HOUR)
    const expiry = `${at.getUTCDate()}${MONTHS[at.getUTCMonth()]}${String(at.getUTCFullYear()).slice(2)}`
    return Array.from({ length: 31 }, (_, k) => 0.5 + k / 30).flatMap((moneyness) =>
      ['C', 'P'].map((side) => ({
        instrument_name: `${asset}-${expiry}-${Math.round(price * moneyness)}-${side}`,
        ...{ base_currency: asset, quote_currency: asset, creation_timestamp: now, underlying_price: price },
        mark_iv: 100 * ((days < 20 ? 0.5 : 0.6) - 0.2 * Math.log(moneyness)),
        ...{
          underlying_index: `${asset}-${expiry}`,
          interest_rate: 0,
          open_interest: 120,
          volume: 4,
          mark_price: 0.02,
        },
      })),
    )
  })
}
