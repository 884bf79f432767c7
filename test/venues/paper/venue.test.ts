import { after, before, describe } from 'node:test'
import { createVenueLedger, type VenueLedger } from '../../../src/venues/paper/ledger.ts'
import { createMemoryLedger } from '../../../src/venues/paper/memory-ledger.ts'
import { createPaperVenue } from '../../../src/venues/paper/paper-venue.ts'
import { createSimulatedVenue } from '../../../src/venues/simulated/simulated-venue.ts'
import { describeVenue } from '../../conformance/venue.ts'
import { emptyDatabase } from '../../support/database.ts'
import { openControlled } from './control.ts'

describe('paper and simulated venues', () => {
  /** One ledger for all, as it may hold many venues: each test is a venue of its own. */
  let ledger: VenueLedger
  let drop: (() => Promise<void>) | undefined
  before(async () => {
    const { connectionString } = await emptyDatabase({
      after: (work) => {
        drop = work
      },
    })
    ledger = await createVenueLedger({ connectionString })
  })
  after(async () => {
    await ledger.close()
    await drop?.()
  })

  for (const [name, create] of [
    ['paper', createPaperVenue],
    ['simulated', createSimulatedVenue],
  ] as const) {
    let opened = 0
    describeVenue(name, async () => openControlled(create, { venueId: `${name}${++opened}`, ledger }))
  }

  describeVenue('paper in memory', async () =>
    openControlled(createPaperVenue, { venueId: 'paper', ledger: createMemoryLedger() }),
  )
})
