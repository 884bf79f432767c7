import { randomUUID } from 'node:crypto'
import type { TestContext } from 'node:test'
import type { ClientOrderId } from '../../../src/domain/execution/order.ts'
import { base32Hash } from '../../../src/domain/hash.ts'
import { instrumentIdOf } from '../../../src/domain/instrument.ts'
import { later } from '../../../src/domain/units.ts'
import type { OrderRequest, StopRequest, VenueEvent } from '../../../src/ports.ts'
import { ASSET } from '../../conformance/venue-control.ts'
import { type LoopbackOptions, type Opened, openLoopback, type Side } from './open.ts'
import type { Asked } from './server.ts'

export interface Wire extends Opened {
  /** Buys 1.5 ETH at up to 3010 at once, unless told otherwise; valid for ten seconds. */
  readonly order: (more?: Partial<OrderRequest>) => OrderRequest
  /** Sells 1.5 ETH once the mark has fallen to 2800. */
  readonly stop: (more?: Partial<StopRequest>) => StopRequest
  /** What arrived at this path, oldest first. */
  readonly sent: (path: string) => readonly Asked[]
  readonly requests: readonly Asked[]
  readonly heard: readonly VenueEvent[]
  /** From then on news is heard. */
  readonly listen: () => Promise<void>
}

/** Both sides over the wire, with everything that arrives kept for looking at. */
export async function openWire(t: TestContext, options: Side & LoopbackOptions): Promise<Wire> {
  const requests: Asked[] = []
  const opened = await openLoopback(t, { ...options, onRequest: (asked) => requests.push(asked) })
  const common = () => ({
    clientOrderId: base32Hash(randomUUID(), 128) as ClientOrderId,
    instrumentId: instrumentIdOf(ASSET, options.exchange.venueId),
    quantity: '1.5',
    validUntil: later(opened.control.clock.now(), 10_000),
  })
  const heard: VenueEvent[] = []
  return {
    ...opened,
    requests,
    heard,
    order: (more = {}) => ({
      ...common(),
      ...{ side: 'buy', limitPrice: '3010', timeInForce: 'ioc', postOnly: false, reduceOnly: false },
      ...more,
    }),
    stop: (more = {}) => ({ ...common(), ...{ side: 'sell', triggerPrice: '2800' }, ...more }),
    sent: (path) => requests.filter((asked) => asked.path === path),
    async listen() {
      const ending = new AbortController()
      t.after(() => ending.abort())
      await opened.venue.watch((event) => heard.push(event), ending.signal)
    },
  }
}
