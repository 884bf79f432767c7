import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ClientOrderId } from '../../src/domain/execution/order.ts'
import { base32Hash } from '../../src/domain/hash.ts'
import type { Instrument } from '../../src/domain/instrument.ts'
import { later } from '../../src/domain/units.ts'
import type { OrderRef, OrderRequest, StopRequest, SubmitOutcome, Venue, VenueOrder } from '../../src/ports.ts'
import { ASSET, type OpenForConformance, type OpenVenue } from './venue-control.ts'

export interface Setting extends OpenVenue {
  readonly instrument: Instrument
  /** Buys 1.5 at up to 3010 at once, unless told otherwise; valid for ten seconds. */
  readonly order: (changed?: Partial<OrderRequest>) => OrderRequest
  /** Rests: buys 1.5 at 2900, good till cancelled. */
  readonly resting: (changed?: Partial<OrderRequest>) => OrderRequest
  /** Sells 1.5 once the mark has fallen to 2800. */
  readonly stop: (changed?: Partial<StopRequest>) => StopRequest
  /** Sends it and expects it to be taken. */
  readonly place: (order: OrderRequest) => Promise<Required<OrderRef>>
  readonly placeStop: (stop: StopRequest) => Promise<Required<OrderRef>>
  /** What the venue says of it; fails where it knows nothing. */
  readonly found: (ref: OrderRef) => Promise<VenueOrder>
}

export async function openSetting(open: OpenForConformance, t: TestContext): Promise<Setting> {
  const opened = await open(t)
  const { venue, control } = opened
  const instrument = await venue.instrument(ASSET)
  const common = () => ({
    clientOrderId: newId(),
    instrumentId: instrument.instrumentId,
    quantity: '1.5',
    validUntil: later(control.clock.now(), 10_000),
  })
  const order: Setting['order'] = (changed = {}) => ({
    ...common(),
    side: 'buy',
    limitPrice: '3010',
    timeInForce: 'ioc',
    postOnly: false,
    reduceOnly: false,
    ...changed,
  })
  return {
    ...opened,
    instrument,
    order,
    resting: (changed = {}) => order({ limitPrice: '2900', timeInForce: 'gtc', ...changed }),
    stop: (changed = {}) => ({ ...common(), side: 'sell', triggerPrice: '2800', ...changed }),
    place: async (request) => toRef(request, await venue.submit(request)),
    placeStop: async (request) => toRef(request, await venue.submitStop(request)),
    found: (ref) => findIn(venue, ref),
  }
}

/** As ours are: 26 characters over 128 bits, so that venues which carry the bits and not the characters can. */
export const newId = (): ClientOrderId => base32Hash(randomBytes(16).toString('hex'), 128) as ClientOrderId

export const refOf = ({ clientOrderId, instrumentId }: OrderRef): OrderRef => ({ clientOrderId, instrumentId })

/** Expects the order to be taken. */
export function toRef(order: OrderRequest | StopRequest, outcome: SubmitOutcome): Required<OrderRef> {
  assert.equal(outcome.kind, 'accepted', `Expected it to be accepted, was ${JSON.stringify(outcome)}`)
  assert.ok(outcome.kind === 'accepted')
  return { ...refOf(order), clientOrderId: order.clientOrderId, venueOrderId: outcome.venueOrderId }
}

async function findIn(venue: Venue, ref: OrderRef): Promise<VenueOrder> {
  const found = await venue.find(ref)
  assert.ok(found, `Expected the venue to know ${ref.clientOrderId}, was undefined`)
  return found
}

export const isClose = (actual: number, expected: number, within = 1e-9): void =>
  assert.ok(Math.abs(actual - expected) <= within, `Expected ${expected} ± ${within}, was ${actual}`)

/** Waits for what a socket brings; the deadline is only there to fail. */
export async function eventually(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (let waited = 0; waited < 10_000; waited += 20) {
    if (await holds()) return
    await sleep(20)
  }
  assert.fail(`Expected ${what} within ten seconds`)
}

export type Start = (t: TestContext) => Promise<Setting>
