import { describe } from 'node:test'
import { testAccount } from './venue-account.ts'
import type { OpenForConformance } from './venue-control.ts'
import { testEvents } from './venue-events.ts'
import { testOrders } from './venue-orders.ts'
import { testResting } from './venue-resting.ts'
import { testStops } from './venue-stops.ts'
import { openSetting, type Start } from './venue-support.ts'
import { testWire } from './venue-wire.ts'

export type { OpenForConformance, OpenVenue, VenueControl, VenueSemantics } from './venue-control.ts'

/**
 * What the desk relies on from any venue, run against every adapter. Whatever a venue declares that it cannot do is held to
 * that: it refuses in the way that the port says, rather than seem to do it.
 *
 * @param open - a venue with an empty account and the means to steer its other side; called for every test
 */
export function describeVenue(name: string, open: OpenForConformance): void {
  const start: Start = (t) => openSetting(open, t)
  describe(`venue ${name}`, () => {
    testOrders(start)
    testResting(start)
    testStops(start)
    testAccount(start)
    testWire(start)
    testEvents(start)
  })
}
