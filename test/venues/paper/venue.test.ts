import { createVenueLedger } from '../../../src/venues/paper/ledger.ts'
import { createPaperVenue } from '../../../src/venues/paper/paper-venue.ts'
import { createSimulatedVenue } from '../../../src/venues/simulated/simulated-venue.ts'
import { describeVenue } from '../../conformance/venue.ts'
import { emptyDatabase } from '../../support/database.ts'

for (const [name, create] of [
  ['paper', createPaperVenue],
  ['simulated', createSimulatedVenue],
] as const) {
  describeVenue(name, async (t, setting) => {
    const { connectionString } = await emptyDatabase(t)
    const ledger = await createVenueLedger({ connectionString })
    t.after(() => ledger.close())
    return {
      venue: create({ venueId: name, ledger, ...setting }),
      acceptances: async (clientOrderId) => (await ledger.acceptances(name)).get(clientOrderId) ?? 0,
    }
  })
}
