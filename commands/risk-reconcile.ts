import { z } from 'zod'
import { command } from '../src/chat/command.ts'

/** `/risk reconcile`: compares the record with the venues now, and says what is there. */
export default command({
  name: 'risk reconcile',
  description: 'Compare our records with the venues now',
  role: 'admin',
  options: z.object({}),
  weight: 'heavy',

  async run(_, app) {
    const found = await app.reconcileNow()
    if (found.kind === 'unreachable')
      return {
        tone: 'refused',
        title: 'Not reconciled: a venue does not answer',
        text: `${found.why}. What stands there cannot be told; try again when it answers.`,
      }
    const open = found.standings.filter(({ unexplainedQuantity }) => unexplainedQuantity !== 0)
    return {
      tone: open.length > 0 ? 'warning' : 'ok',
      title: open.length > 0 ? 'Records and venues do not agree' : 'Records and venues agree',
      fields: found.standings.map(({ instrumentId, ours, foreignQuantity, unexplainedQuantity }) => ({
        name: instrumentId,
        value: `ours ${ours}, other hands ${foreignQuantity}, unexplained ${unexplainedQuantity}`,
      })),
      ...(open.length > 0
        ? { text: 'After two polls with it only what shrinks risk goes through; three without it let go again.' }
        : {}),
    }
  },
})
