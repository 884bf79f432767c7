import { type Columns, sampleColumns } from '../../models/columns.ts'
import { createPanel } from '../../src/domain/market/panel.ts'
import { timestamp } from '../../src/domain/units.ts'

/** Columns of an asset of which nothing is known at the given hourly instants. */
export const emptyColumns = (instants: readonly number[]): Columns =>
  sampleColumns(createPanel(), 'ETH', [], { at: timestamp(instants.at(-1)!), hours: instants.length })
