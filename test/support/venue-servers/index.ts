import { startBinance } from './binance.ts'
import { startBybit } from './bybit.ts'
import { startDeribit } from './deribit.ts'
import { startHyperliquid } from './hyperliquid.ts'
import { startOkx } from './okx.ts'

/** The five venues on loopback; `endpoints` is what the live market takes, `stop` takes all away. */
export async function startVenues({ now }: { now: () => number }) {
  const venues = {
    binance: await startBinance({ now }),
    bybit: await startBybit({ now }),
    okx: await startOkx({ now }),
    deribit: await startDeribit({ now }),
    hyperliquid: await startHyperliquid({ now }),
  }
  return {
    ...venues,
    endpoints: Object.fromEntries(Object.entries(venues).map(([venue, { endpoint }]) => [venue, endpoint])),
    stop: async (): Promise<void> => {
      await Promise.all(Object.values(venues).map(({ stop }) => stop().catch(() => undefined)))
    },
  }
}
