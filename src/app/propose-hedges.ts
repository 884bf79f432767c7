import type { TimestampMs } from '../domain/units.ts'
import { readFlattening } from './flatten.ts'
import type { Ports } from './ports.ts'
import type { ProposeOutcome } from './propose-hedge.ts'

/** Unasked, after a forecast: each asset of the book in turn. A denial here is recorded, not shouted: nobody asked. */
export const createProposeHedges =
  (
    { settings, store }: Ports,
    proposeHedge: (input: { asset: string; proposedBy: string }) => Promise<ProposeOutcome>,
  ) =>
  async (_: { at: TimestampMs }): Promise<readonly ProposeOutcome[]> => {
    // What an admin takes off is not put back by the next forecast.
    if (await readFlattening(store)) return []
    const outcomes: ProposeOutcome[] = []
    for (const asset of Object.keys(settings.book.exposures))
      outcomes.push(await proposeHedge({ asset, proposedBy: 'system' }))
    return outcomes
  }
