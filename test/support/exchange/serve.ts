/**
 * A program of its own, started with an IPC channel: a loopback Binance on another processor core than the product's. It tells
 * where it is and what signs requests to it, is told what it quotes, and tells of every order the moment at which it was taken:
 *
 *     ← { ready: { endpoint, keys } }
 *     → { quote: { asset: 'ETH', bestBid: 2999.5, bestAsk: 3000.5, size: 1000 } }
 *     ← { taken: { clientId: 'x', at: 1760000000000.25 } }
 *
 * `at` is ms by `performance.timeOrigin + performance.now()`, which every process of a machine reckons alike.
 */
import { BINANCE_KEYS, createBinanceFormat } from './binance.ts'
import { type CoreQuote, createExchangeCore } from './core.ts'
import { startExchangeServer } from './server.ts'

const core = createExchangeCore({ now: Date.now, startingEquity: 10_000_000 })
core.on((event) => {
  if (event.kind !== 'order' || event.change !== 'new') return
  process.send?.({ taken: { clientId: event.order.clientId, at: performance.timeOrigin + performance.now() } })
})
const server = await startExchangeServer({ core, format: createBinanceFormat({ core }) })

process.on('message', ({ quote: { asset, ...quote } }: { quote: { asset: string } & CoreQuote }) => {
  core.setQuote(asset, quote)
})
// Whoever started this has ended.
process.on('disconnect', () => {
  server.stop().then(
    () => process.exit(0),
    (error: unknown) => {
      console.error(error)
      process.exit(1)
    },
  )
})
process.send?.({ ready: { endpoint: server.endpoint, keys: BINANCE_KEYS } })
