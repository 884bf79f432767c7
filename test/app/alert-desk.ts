import type { TestContext } from 'node:test'
import { createMarketState } from '../../src/app/market-state.ts'
import { createRaiseAlerts } from '../../src/app/raise-alerts.ts'
import type { Alert, AlertSeverity } from '../../src/domain/alert.ts'
import type { Card } from '../../src/domain/card.ts'
import type { Cluster } from '../../src/domain/forecast.ts'
import type { Member } from '../../src/domain/member.ts'
import type { Preferences } from '../../src/domain/preferences.ts'
import { DEFAULT_PREFERENCES } from '../../src/domain/preferences.ts'
import { fraction, price } from '../../src/domain/units.ts'
import { aCluster } from '../conformance/store-samples.ts'
import { createChannel, type TestChannel } from '../support/channel.ts'
import { type DeskOptions, openDesk, PRICE, type TestDesk } from '../support/desk.ts'

const person = (memberId: string, role: Member['role'], number: number): Member => ({
  memberId,
  name: `${memberId[0]!.toUpperCase()}${memberId.slice(1)}`,
  role,
  identities: [
    { platform: 'discord', platformUserId: `${number}` },
    { platform: 'telegram', platformUserId: `${number}` },
  ],
})

/** One of each role and one whose role was taken away; all known on both platforms. */
export const PEOPLE = {
  gil: person('gil', 'admin', 41),
  hana: person('hana', 'approver', 42),
  ida: person('ida', 'trader', 43),
  jo: person('jo', 'viewer', 44),
  kai: person('kai', 'none', 45),
} as const
export type Known = keyof typeof PEOPLE

export interface AlertDesk {
  readonly desk: TestDesk
  readonly discord: TestChannel
  readonly telegram: TestChannel
  /** One look at the market: a cluster of longs at 2,750.50 with this confidence, or none. Severity by its gain and price. */
  look(confidence: number | undefined, over?: { price?: number; gain?: number; at?: TestDesk }): Promise<void>
  /** Raises an alert of this severity. */
  raise(severity: AlertSeverity): Promise<Alert>
  prefer(who: Known, preferences: Partial<Preferences>): Promise<void>
  subscribe(who: Known, minSeverity?: AlertSeverity, minConfidence?: number): Promise<void>
  /** What stands in someone's private chats: `platform: title`, every version, in the order in which they came. */
  heard(who: Known): readonly string[]
  /** The newest version of each card in someone's private chat on Telegram. */
  cards(who: Known): readonly Card[]
}

/** A desk on Discord and Telegram with the sample market, whose clock stands still. */
export async function openAlertDesk(t: TestContext, options: DeskOptions = {}): Promise<AlertDesk> {
  const [discord, telegram] = [
    createChannel('d', { platform: 'discord' }),
    createChannel('t', { platform: 'telegram' }),
  ]
  const channels = [
    { platform: 'discord', channel: 'd' },
    { platform: 'telegram', channel: 't' },
  ] as const
  const desk = await openDesk(t, {
    ...options,
    notifiers: [discord, telegram],
    settings: { channels, ...options.settings },
  })
  for (const one of Object.values(PEOPLE)) await desk.store.members.put(one)
  const channelOf = (who: Known): string => `user:${PEOPLE[who].identities[0]!.platformUserId}`

  const look: AlertDesk['look'] = async (confidence, { price: at = PRICE, gain = 0.4, at: on = desk } = {}) => {
    const clusters = confidence === undefined ? [] : [clusterWith(confidence, gain)]
    const raiseAlerts = createRaiseAlerts(on.ports, createMarketState())
    await raiseAlerts({ asset: 'ETH', clusters, price: price(at), at: on.clock.now() })
  }
  return {
    desk,
    discord,
    telegram,
    look,
    async raise(severity) {
      // The book loses more than 5 % at the cluster, which is one step; a hedge of all of it would lose nothing.
      if (severity === 'notice') await coverTheBook(desk)
      await look(0.35, { gain: severity === 'critical' ? 2 : 0.4 })
      const [alert] = await desk.store.alerts.open()
      if (alert?.severity !== severity) throw new Error(`Expected ${severity}, was ${alert?.severity}`)
      return alert
    },
    prefer: (who, preferences) => desk.store.members.setPreferences(who, { ...DEFAULT_PREFERENCES, ...preferences }),
    subscribe: (who, minSeverity = 'notice', minConfidence = 0) =>
      desk.store.members.subscribe(who, { asset: '*', minSeverity, minConfidence: fraction(minConfidence) }),
    heard: (who) =>
      [discord, telegram].flatMap((channel) =>
        channel
          .postsIn(channelOf(who))
          .map(({ versions }) => `${channel.platform}: ${versions.map(({ title }) => title).join(' > ')}`),
      ),
    cards: (who) => telegram.postsIn(channelOf(who)).map(({ versions }) => versions.at(-1)!),
  }
}

async function coverTheBook(desk: TestDesk): Promise<void> {
  await desk.forecast()
  const { proposalId } = await desk.propose(1)
  await desk.say('ben', `/approve ${proposalId}`)
  await desk.pass(3_600_000)
}

function clusterWith(confidence: number, gain: number): Cluster {
  const sample = aCluster()
  const day = sample.confidence['24h']
  if (day.kind !== 'estimated') throw new Error('Expected a sample with confidence')
  const said = { ...day, confidence: fraction(confidence) }
  return { ...sample, gain, confidence: { ...sample.confidence, '24h': said } }
}
