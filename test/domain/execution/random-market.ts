import fc from 'fast-check'
import type { ClientOrderId, Order } from '../../../src/domain/execution/order.ts'
import { base32Hash } from '../../../src/domain/hash.ts'
import { instrumentIdOf } from '../../../src/domain/instrument.ts'
import type { Asset } from '../../../src/domain/market/tick.ts'
import {
  baseQty,
  later,
  type Price,
  price,
  SECOND,
  type TimestampMs,
  timestamp,
  usd,
} from '../../../src/domain/units.ts'
import type { OrderRequest, Quote, Venue, VenueEvent } from '../../../src/ports.ts'
import { createMemoryLedger } from '../../../src/venues/paper/memory-ledger.ts'
import { createPaperVenue } from '../../../src/venues/paper/paper-venue.ts'

export const INSTRUMENT = instrumentIdOf('ETH', 'paper')
export const START = timestamp(Date.UTC(2026, 0, 5))

/** What may happen, on either side of the wire. `pick` chooses among what is there; all quantities are whole hundredths. */
export type Happening =
  | {
      readonly kind: 'send'
      readonly side: 'buy' | 'sell'
      readonly size: number
      readonly rests: boolean
      /** `lost`: never arrives. `unheard`: arrives, and its answer does not, or we die before we can note it. */
      readonly fate: 'heard' | 'unheard' | 'lost'
    }
  | { readonly kind: 'fill-resting'; readonly pick: number; readonly size: number }
  | { readonly kind: 'cancel'; readonly pick: number }
  | { readonly kind: 'other-hand'; readonly side: 'buy' | 'sell'; readonly size: number; readonly rests: boolean }
  | { readonly kind: 'liquidate' | 'deleverage'; readonly share: number }
  | { readonly kind: 'pass'; readonly ms: number }
  /** An event is delivered: maybe late, maybe again. */
  | { readonly kind: 'push'; readonly pick: number }
  | { readonly kind: 'reconcile'; readonly diesAfter: number | undefined }

const side = fc.constantFrom('buy' as const, 'sell' as const)
const size = fc.integer({ min: 1, max: 300 })
const pick = fc.nat(1000)

export const happenings: fc.Arbitrary<readonly Happening[]> = fc.array(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        kind: fc.constant('send' as const),
        side,
        size,
        rests: fc.boolean(),
        fate: fc.constantFrom('heard' as const, 'unheard' as const, 'lost' as const),
      }),
    },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('fill-resting' as const), pick, size }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('cancel' as const), pick }) },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('other-hand' as const), side, size, rests: fc.boolean() }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constantFrom('liquidate' as const, 'deleverage' as const),
        share: fc.double({ min: 0.05, max: 1, noNaN: true }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 90_000 }) }),
    },
    { weight: 5, arbitrary: fc.record({ kind: fc.constant('push' as const), pick }) },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('reconcile' as const),
        diesAfter: fc.option(fc.nat(5), { nil: undefined }),
      }),
    },
  ),
  { minLength: 1, maxLength: 40 },
)

const PRICE = 3000
/** Validity of a request: short, so that few tests wait for long. */
export const VALIDITY = 5 * SECOND

/** A paper venue with books in memory, whose wire and whose other side a test moves. */
export function openRandomVenue({
  namesOurs,
  asset = 'ETH',
  from = START,
}: {
  namesOurs: boolean
  asset?: Asset
  from?: TimestampMs
}) {
  const instrumentId = instrumentIdOf(asset, 'paper')
  let now = from
  let fate: 'heard' | 'unheard' | 'lost' = 'heard'
  const backlog: VenueEvent[] = []
  const otherHands: string[] = []
  const ledger = createMemoryLedger()
  const quote = (): Quote => ({
    at: now,
    bestBid: price(PRICE - 0.1),
    bestAsk: price(PRICE + 0.1),
    depthNotional: usd(1e8),
    dailyVolumeNotional: usd(1e9),
    dailyVolatility: 0.03,
  })
  const paper = createPaperVenue({
    venueId: 'paper',
    ledger,
    clock: { kind: 'virtual', now: () => now },
    quoteAt: quote,
    equity: usd(1e9),
    hooks: {
      losesRequest: () => fate === 'lost',
      losesAnswer: () => fate === 'unheard',
      deliver: (event) => void backlog.push(event),
    },
  })
  const venue = namesOurs ? paper : unnaming(paper)
  void paper.watch(() => {}, new AbortController().signal)
  let sent = 0

  return {
    venue,
    paper,
    ledger,
    instrumentId,
    now: () => now,
    /** Resting orders of other hands, by the venue's id, as they now stand. */
    otherHands: () => Promise.all(otherHands.map((id) => ledger.findByVenueOrderId('paper', id))),
    pass: (ms: number) => {
      now = later(now, ms)
    },
    /** What was pushed so far, as the desk would hear it. */
    pushed: (): readonly VenueEvent[] => (namesOurs ? backlog : backlog.map(withoutId)),
    setFate: (next: typeof fate) => {
      fate = next
    },

    /** The intent, before it is sent, and the request that carries it. */
    draw({ side: of, size: hundredths, rests }: Extract<Happening, { kind: 'send' }>): {
      order: Order
      request: OrderRequest
    } {
      const id = base32Hash(`order ${sent++}`, 128) as ClientOrderId
      const away = (of === 'buy' ? -1 : 1) * (rests ? 50 : -20)
      const quantity = (hundredths / 100).toFixed(2)
      const timeInForce = rests ? 'gtc' : 'ioc'
      const validUntil = later(now, VALIDITY)
      const flags = { postOnly: false, reduceOnly: false } as const
      const shared = {
        clientOrderId: id,
        instrumentId,
        side: of,
        timeInForce,
        validUntil,
        ...flags,
      } as const
      return {
        request: { ...shared, quantity, limitPrice: (PRICE + away).toFixed(2) },
        order: {
          ...shared,
          kind: 'child',
          leg: 0,
          slice: 0,
          attempt: 0,
          quantity: baseQty(Number(quantity)),
          limitPrice: (PRICE + away) as Price,
          state: 'submitted',
          filledQuantity: baseQty(0),
          createdAt: now,
          updatedAt: now,
        },
      }
    },

    /** The other side's part; what cannot be done now is not done. */
    async act(happening: Happening): Promise<void> {
      const resting = (await paper.openOrders(instrumentId)).filter(({ kind }) => kind === 'limit')
      switch (happening.kind) {
        case 'fill-resting': {
          const order = resting[happening.pick % Math.max(1, resting.length)]
          if (!order) return
          const open = Math.round((order.quantity - order.filledQuantity) * 100)
          const ref = { ...order, clientOrderId: order.clientOrderId! }
          return paper.acts.fillResting(ref, (Math.min(open, happening.size) / 100).toFixed(2))
        }
        case 'other-hand': {
          const away = happening.side === 'buy' ? -50 : 50
          const limit = happening.rests ? { limitPrice: (PRICE + away).toFixed(2) } : {}
          const quantity = (happening.size / 100).toFixed(2)
          const { side: of, rests } = happening
          const { venueOrderId } = await paper.acts.otherHand({ instrumentId, side: of, quantity, ...limit })
          if (rests) otherHands.push(venueOrderId)
          return
        }
        case 'liquidate':
        case 'deleverage': {
          const held = Math.abs((await paper.positions())[0]?.quantity ?? 0)
          const quantity = Math.ceil(held * happening.share * 100) / 100
          return quantity > 0
            ? paper.acts[happening.kind](instrumentId, Math.min(quantity, held).toFixed(2))
            : undefined
        }
        case 'pass':
          now = later(now, happening.ms)
          return
        case 'send':
        case 'cancel':
        case 'push':
        case 'reconcile':
          return
      }
    },
  }
}

/** Like venues that name only their own ids in what they list and push. */
function unnaming(venue: Venue): Venue {
  const hide = <T extends { readonly clientOrderId?: ClientOrderId | undefined }>(found: readonly T[]): readonly T[] =>
    found.map((one) => ({ ...one, clientOrderId: undefined }))
  return {
    ...venue,
    capabilities: { ...venue.capabilities, namesClientOrderId: false },
    openOrders: async (instrumentId) => hide(await venue.openOrders(instrumentId)),
    fillsSince: async (instrumentId, since) => hide(await venue.fillsSince(instrumentId, since)),
  }
}

const withoutId = (event: VenueEvent): VenueEvent => {
  switch (event.kind) {
    case 'order':
      return { kind: 'order', order: { ...event.order, clientOrderId: undefined } }
    case 'fill':
      return { kind: 'fill', fill: { ...event.fill, clientOrderId: undefined } }
    case 'reconnected':
      return event
  }
}
