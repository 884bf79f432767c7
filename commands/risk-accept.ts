import { z } from 'zod'
import { command } from '../src/chat/command.ts'
import type { InstrumentId } from '../src/domain/instrument.ts'

const INSTRUMENT = /^[A-Z0-9]+-[A-Z]+-PERP\.[A-Z0-9-]+$/

/** `/risk accept <instrument>`: what a venue holds beyond our books counts as other hands' from now on, and is never traded by us. */
export default command({
  name: 'risk accept',
  description: "Count an unexplained position as other hands'",
  role: 'admin',
  options: z.object({
    instrument: z
      .string()
      .trim()
      .toUpperCase()
      .regex(INSTRUMENT, 'Expected an instrument as /risk reconcile names it, such as ETH-USDT-PERP.BINANCE')
      .describe('As /risk reconcile names it'),
  }),

  async run({ options, actor }, app) {
    const accepted = await app.acceptPosition({ instrumentId: options.instrument as InstrumentId, by: actor })
    switch (accepted.kind) {
      case 'accepted':
        return {
          tone: 'ok',
          title: `${accepted.quantity} of ${options.instrument} is not ours`,
          text: `Other hands hold ${accepted.foreignQuantity} there by our books now. It is shown and respected, and no order of ours touches it.`,
        }
      case 'nothing-unexplained':
        return { tone: 'info', title: 'Everything there is explained', text: 'Nothing changed.' }
      case 'never-checked':
        return {
          tone: 'refused',
          title: `${options.instrument} was never looked at`,
          text: '/risk reconcile lists what there is.',
        }
    }
  },
})
