import type { LoopbackExchange } from '../loopback-exchange.ts'

type Call = (...args: unknown[]) => Promise<unknown>
type Ccxt = Record<string, Call> & { urls: { api: Record<string, string> }; has: Record<string, unknown> }

/** ccxt as it comes, with keys and another address: one limit order that rests, and its end. */
export async function bareCreateOrder({ endpoint, keys }: LoopbackExchange['at']) {
  const file = new URL('./src/binanceusdm.js', import.meta.resolve('ccxt'))
  const { default: Exchange } = (await import(file.href)) as { default: new (config: object) => Ccxt }
  const options = { fetchMarkets: ['linear'], fetchMargins: false }
  const client = new Exchange({ ...keys, enableRateLimit: false, options })
  client.has.fetchCurrencies = false
  for (const [name, url] of Object.entries(client.urls.api))
    client.urls.api[name] = url.replace(/^https:\/\/[^/]+/, endpoint.baseUrl)
  await client.loadMarkets!()
  const symbol = 'ETH/USDT:USDT'
  return {
    place: (id: string, at: number) => client.createOrder!(symbol, 'limit', 'sell', 1, at, { newClientOrderId: id }),
    end: (id: string) => client.fapiPrivateDeleteOrder!({ symbol: 'ETHUSDT', origClientOrderId: id }),
  }
}
