import { z } from 'zod'
import { command } from '../src/chat/command.ts'
import { formatTime } from '../src/domain/format.ts'
import { DAY, type DurationMs, duration, HOUR, MINUTE } from '../src/domain/units.ts'

const UNITS: Readonly<Record<string, DurationMs>> = { m: MINUTE, h: HOUR, d: DAY }
const LONGEST = 7 * DAY
const EXPECTED = 'Expected a length such as 30m, 2h or 1d, at most 7d, or off'

/** `30m`, `2h`, `1d`; undefined for `off`. */
const length = z.string().transform((text, context): DurationMs | undefined => {
  const said = text.trim().toLowerCase()
  if (said === 'off') return undefined
  const [, number, unit = ''] = /^(\d{1,5})\s*([mhd])[a-z]*$/.exec(said) ?? []
  const ms = Number(number) * (UNITS[unit] ?? 0)
  if (ms > 0 && ms <= LONGEST) return duration(ms)
  context.addIssue({ code: 'custom', message: EXPECTED })
  return z.NEVER
})

/** `/mute <duration|off> [symbol]`: no alert of it in private for a while, but for what is critical. */
export default command({
  name: 'mute',
  description: 'No alerts in your private chats for a while, but for critical ones',
  role: 'viewer',
  options: z.object({
    duration: length.describe('30m, 2h, 1d, at most 7d; off ends it'),
    symbol: z
      .string()
      .regex(/^[A-Za-z][A-Za-z0-9]{1,9}$/, 'Expected an asset such as ETH, or all')
      .transform((value) => value.toUpperCase())
      .default('ALL')
      .describe('An asset; all by default'),
  }),

  complete: {
    duration: async () => [
      { value: '30m', label: '30 minutes' },
      { value: '2h', label: '2 hours' },
      { value: '8h', label: '8 hours' },
      { value: '1d', label: '1 day' },
      { value: 'off', label: 'off: hear everything again' },
    ],
    symbol: async ({ actor }, app) => [
      { value: 'all', label: 'all assets' },
      ...(await app.readSubscriptions(actor)).assets.map((value) => ({ value })),
    ],
  },

  async run({ options, actor }, app) {
    const asset = options.symbol === 'ALL' ? '*' : options.symbol
    const outcome = await app.mute({ asset, length: options.duration, by: actor })
    const what = asset === '*' ? 'all assets' : asset
    switch (outcome.kind) {
      case 'muted':
        return {
          tone: 'ok',
          title: `Muted: ${what}`,
          text: `Until ${formatTime(outcome.mute.until)} no alert of it comes to you in private; what was held is told afterwards in one message. Critical alerts still come. /mute off ends it.`,
          ephemeral: true,
        }
      case 'ended':
        return outcome.count > 0
          ? {
              tone: 'ok',
              title: 'No longer muted',
              text: 'Alerts come to you as you subscribed to them.',
              ephemeral: true,
            }
          : { tone: 'info', title: 'Nothing was muted', text: 'Nothing changed.', ephemeral: true }
      case 'unknown-asset':
        return {
          tone: 'refused',
          title: `The book holds no ${options.symbol}`,
          text: `Alerts are raised on ${outcome.assets.join(', ')}. Mute one of them, or all.`,
          ephemeral: true,
        }
    }
  },
})
