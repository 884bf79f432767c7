import { z } from 'zod'
import type { Standing } from '../src/app/subscribe.ts'
import { command } from '../src/chat/command.ts'
import { ALERT_SEVERITIES } from '../src/domain/alert.ts'
import type { Card } from '../src/domain/card.ts'
import { formatPercent, formatTime } from '../src/domain/format.ts'
import type { Mute, Subscription } from '../src/domain/subscription.ts'
import { fraction } from '../src/domain/units.ts'

const DEFAULT_SEVERITY = 'notice'
/** `40`, `40 %` and `0.4` are the same; 1 is one percent. */
const percent = z
  .string()
  .regex(/^(100|\d{1,2}(\.\d+)?)\s*%?$/, 'Expected a confidence from 0 to 100 %, e.g. 40 %')
  .transform((text) => {
    const number = Number.parseFloat(text)
    return fraction(number < 1 && !text.includes('%') ? number : number / 100)
  })

/**
 * `/subscribe [symbol] [severity] [confidence]`: which alerts come to you in private. `/subscribe ETH off` ends one,
 * `/subscribe off` all; without anything it shows what there is.
 */
export default command({
  name: 'subscribe',
  description: 'Which cluster alerts come to you in a private chat; shows them when nothing is given',
  role: 'viewer',
  options: z.object({
    symbol: z
      .string()
      .regex(/^[A-Za-z][A-Za-z0-9]{1,9}$/, 'Expected an asset such as ETH, all, or off')
      .transform((value) => value.toUpperCase())
      .optional()
      .describe('An asset, all, or off to end everything'),
    severity: z
      .enum([...ALERT_SEVERITIES, 'off'])
      .optional()
      .describe('From which severity on; off ends it. notice by default'),
    confidence: percent.optional().describe('From which confidence on, e.g. 40 %. Any by default'),
  }),

  complete: {
    symbol: async ({ actor }, app) => [
      { value: 'all', label: 'all assets' },
      ...(await app.readSubscriptions(actor)).assets.map((value) => ({ value })),
      { value: 'off', label: 'off: end everything' },
    ],
    severity: async () => [
      { value: 'notice', label: 'notice: everything' },
      { value: 'warning', label: 'warning and critical' },
      { value: 'critical', label: 'critical only' },
      { value: 'off', label: 'off: end it' },
    ],
  },

  async run({ options: { symbol, severity, confidence }, actor }, app) {
    if (symbol === undefined) return standingCard('What comes to you in private', await app.readSubscriptions(actor))
    const asset = symbol === 'ALL' || symbol === 'OFF' ? '*' : symbol
    const isOff = symbol === 'OFF' || severity === 'off'
    const outcome = await app.subscribe({
      by: actor,
      change: isOff
        ? { kind: 'off', asset }
        : {
            kind: 'on',
            subscription: {
              asset,
              minSeverity: severity ?? DEFAULT_SEVERITY,
              minConfidence: confidence ?? fraction(0),
            },
          },
    })
    switch (outcome.kind) {
      case 'unknown-asset':
        return {
          tone: 'refused',
          title: `The book holds no ${symbol}`,
          text: `Alerts are raised on ${outcome.assets.join(', ')}. Subscribe to one of them, or to all.`,
          ephemeral: true,
        }
      case 'changed': {
        const title = !isOff ? 'Subscribed' : outcome.ended > 0 ? 'Ended' : 'There was nothing to end'
        return { ...standingCard(title, outcome.standing), tone: isOff && outcome.ended === 0 ? 'info' : 'ok' }
      }
    }
  },
})

function standingCard(title: string, { subscriptions, mutes }: Standing): Card {
  return {
    tone: 'info',
    title,
    ...(subscriptions.length === 0
      ? { text: 'No alert comes to you in private. /subscribe all warning asks for those of weight.' }
      : {}),
    fields: [
      ...subscriptions.map((one) => ({ name: nameOf(one), value: describe(one) })),
      ...mutes.map((mute) => ({
        name: `Muted: ${nameOf(mute)}`,
        value: `until ${formatTime(mute.until)}; critical ones still come`,
      })),
    ],
    ephemeral: true,
  }
}

const nameOf = ({ asset }: Pick<Subscription | Mute, 'asset'>): string => (asset === '*' ? 'All assets' : asset)

function describe({ minSeverity, minConfidence }: Subscription): string {
  const severity = { notice: 'every alert', warning: 'warning and critical', critical: 'critical' }[minSeverity]
  return minConfidence > 0 ? `${severity}, from a confidence of ${formatPercent(minConfidence)}` : severity
}
