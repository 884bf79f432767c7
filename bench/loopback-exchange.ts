import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { ROOT } from './product.ts'
import { closing } from './temporary.ts'

/** A program, not a module of ours: it shall have a processor core of its own. */
const EXCHANGE = join(ROOT, 'test/support/exchange/serve.ts')
const TAKEN_WITHIN_MS = 20_000
/** Base coins at each level of its book. */
const DEPTH = 1_000

export interface Taken {
  readonly clientId: string
  /** ms, on the clock of `instant`. */
  readonly at: number
}

export interface LoopbackExchange {
  readonly at: {
    readonly endpoint: { readonly baseUrl: string; readonly wsUrl: string }
    readonly keys: { readonly apiKey: string; readonly secret: string }
  }
  /** What it quotes from now on; nothing before. */
  quote(asset: string, quote: { readonly bestBid: number; readonly bestAsk: number }): void
  /** The next order that the exchange takes. */
  next(): Promise<Taken>
}

/** ms, a clock that the processes of a machine share. */
export const instant = (): number => performance.timeOrigin + performance.now()

/** Starts a loopback Binance in a process of its own, and ends it after `work`. */
export async function withExchange<T>(work: (exchange: LoopbackExchange) => Promise<T>): Promise<T> {
  const child = fork(EXCHANGE, { cwd: ROOT, execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const exited = once(child, 'exit')
  const ready = Promise.withResolvers<LoopbackExchange['at']>()
  const waiting: PromiseWithResolvers<Taken>[] = []
  void exited.then(([code]) => {
    const gone = new Error(`Expected the exchange to stay, was its end with ${code}`)
    for (const { reject } of [ready, ...waiting.splice(0)]) reject(gone)
  })
  child.on('message', ({ taken, ready: at }: { taken?: Taken; ready?: LoopbackExchange['at'] }) => {
    if (at) ready.resolve(at)
    else if (taken) for (const { resolve } of waiting.splice(0)) resolve(taken)
  })
  const stop = async (): Promise<void> => {
    if (child.connected) child.disconnect()
    await exited
  }
  return closing(stop, async () =>
    work({
      at: await ready.promise,
      quote: (asset, { bestBid, bestAsk }) => void child.send({ quote: { asset, bestBid, bestAsk, size: DEPTH } }),
      next() {
        const taken = Promise.withResolvers<Taken>()
        const timer = setTimeout(() => taken.reject(new Error('Expected an order, was none')), TAKEN_WITHIN_MS)
        waiting.push(taken)
        return taken.promise.finally(() => clearTimeout(timer))
      },
    }),
  )
}
