import { z } from 'zod'
import type { LegReconciliation } from '../src/app/reconcile-venue.ts'
import { command } from '../src/chat/command.ts'
import { formatCount, formatUsd } from '../src/domain/format.ts'

/** `/risk reconcile`: compares the record with the venues now, and says what is there. */
export default command({
  name: 'risk reconcile',
  description: 'Compare our records with the venues now',
  role: 'admin',
  options: z.object({}),
  weight: 'heavy',

  async run(_, app) {
    const { legs } = await app.reconcileNow()
    const open = legs.filter((leg) => leg.kind === 'checked' && leg.standing.unexplainedQuantity !== 0)
    const untold = legs.filter(({ kind }) => kind !== 'checked')
    return {
      tone: open.length > 0 ? 'warning' : untold.length > 0 ? 'info' : 'ok',
      title:
        open.length > 0
          ? 'Records and venues do not agree'
          : untold.length > 0
            ? `${formatCount(untold.length, 'instrument')} could not be told`
            : 'Records and venues agree',
      ...(open.length > 0
        ? { text: 'After two polls with it only what shrinks risk goes through; three without it let go again.' }
        : {}),
      fields: legs.map((leg) => ({ name: leg.instrumentId, value: describe(leg) })),
    }
  },
})

function describe(leg: LegReconciliation): string {
  switch (leg.kind) {
    case 'checked': {
      const { foreignQuantity, unexplainedQuantity, unexplainedNotional } = leg.standing
      return [
        `ours ${leg.ours}, other hands ${foreignQuantity}, on the account ${leg.theirs}`,
        unexplainedQuantity === 0
          ? 'all explained'
          : `unexplained ${unexplainedQuantity} (${formatUsd(unexplainedNotional)})`,
        ...(leg.unresolved.length > 0 ? [`${formatCount(leg.unresolved.length, 'order')} unresolved`] : []),
        ...(leg.foreignOrders.length > 0 ? [`${formatCount(leg.foreignOrders.length, 'order')} of other hands`] : []),
      ].join('; ')
    }
    case 'busy':
      return 'another look at it is under way'
    case 'not-yet':
      return `not yet: ${leg.reason}`
    case 'unreachable':
      return `the venue does not answer: ${leg.reason}`
  }
}
