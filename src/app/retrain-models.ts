import { DAY, type TimestampMs } from '../domain/units.ts'
import type { Store } from '../ports.ts'
import { announce, wakeDelivery } from './announce.ts'
import type { MarketState } from './market-state.ts'
import type { Ports } from './ports.ts'
import { createStartTraining, type TrainingAsked } from './train-model.ts'
import { createValidateModels } from './validate-models.ts'

/** Why a new model is wanted. */
export interface RetrainCause {
  /** The same cause is told once where it cannot be followed. */
  readonly key: string
  readonly why: string
}

export type Retraining =
  | { readonly kind: 'not-due' | 'already-running' }
  | { readonly kind: 'started'; readonly causes: readonly RetrainCause[] }
  | { readonly kind: 'cannot'; readonly causes: readonly RetrainCause[]; readonly reason: string }

const STANDING = 'models.retraining'
const VALIDATE_EVERY = 30 * DAY

/** What the last round left behind. */
interface Standing {
  /** What happened before it was trained on, or known when this desk began. */
  readonly since: TimestampMs
  readonly venues: readonly string[]
  readonly validatedAt: TimestampMs
  /** Causes that could not be followed, and were told. */
  readonly told: readonly string[]
}

/**
 * Trains a new challenger when one is due: after a quarter, and when the market is another than the one that was learned, because
 * a margin table changed, a venue was added or dropped, or a protocol was upgraded. Once a month champion and challengers are
 * compared on what they said meanwhile. Where nothing can be trained here, the desk is told once a cause.
 */
export const createRetrainModels = (ports: Ports, market: Pick<MarketState, 'feeds'>) => {
  const startTraining = createStartTraining(ports)
  const validate = createValidateModels(ports)
  return async (): Promise<Retraining> => {
    const { store, clock, models } = ports
    if (!models) return { kind: 'not-due' }
    const at = clock.now()
    const venues = venuesOf(market)
    const known = await store.settings.get(STANDING)
    if (known === undefined) {
      await write(store, { since: at, venues, validatedAt: at, told: [] })
      return { kind: 'not-due' }
    }
    const standing = JSON.parse(known) as Standing
    let next = standing
    if (at >= standing.validatedAt + VALIDATE_EVERY) {
      await validate({ from: standing.validatedAt, to: at })
      next = { ...next, validatedAt: at }
    }
    const causes = await causesOf(ports, standing, { at, venues })
    const fresh = causes.filter(({ key }) => !standing.told.includes(key))
    if (fresh.length === 0) {
      if (next !== standing) await write(store, next)
      return { kind: 'not-due' }
    }
    const outcome = await startTraining({ startedBy: 'system' })
    if (outcome.kind === 'already-running') {
      if (next !== standing) await write(store, next)
      return { kind: 'already-running' }
    }
    if (outcome.kind === 'started') {
      await write(store, { ...next, since: at, venues, told: [] })
      await tell(ports, { at, causes, what: 'started' })
      return { kind: 'started', causes }
    }
    const reason = describeObstacle(outcome)
    await write(store, { ...next, told: [...standing.told, ...fresh.map(({ key }) => key)] })
    await tell(ports, { at, causes: fresh, what: 'cannot', reason })
    return { kind: 'cannot', causes: fresh, reason }
  }
}

async function causesOf(
  { store, settings: { models } }: Ports,
  { since, venues: before }: Standing,
  { at, venues }: { at: TimestampMs; venues: readonly string[] },
): Promise<readonly RetrainCause[]> {
  const causes: RetrainCause[] = []
  if (at >= since + models.retrainEvery)
    causes.push({ key: `age-${since}`, why: `the last training was ${Math.round((at - since) / DAY)} days ago` })
  const [tiers] = await store.audit.recent(1, { action: 'margin-tiers.changed' })
  if (tiers && tiers.at > since)
    causes.push({ key: `tiers-${tiers.at}`, why: `the margin table of ${tiers.subject} changed` })
  const added = venues.filter((venue) => !before.includes(venue))
  const dropped = before.filter((venue) => !venues.includes(venue))
  if (added.length > 0) causes.push({ key: `added-${added.join('-')}`, why: `new venues: ${added.join(', ')}` })
  if (dropped.length > 0)
    causes.push({ key: `dropped-${dropped.join('-')}`, why: `venues that are gone: ${dropped.join(', ')}` })
  for (const day of models.protocolUpgrades)
    if (day > since && day <= at)
      causes.push({
        key: `upgrade-${day}`,
        why: `a protocol was upgraded on ${new Date(day).toISOString().slice(0, 10)}`,
      })
  return causes
}

const venuesOf = ({ feeds }: Pick<MarketState, 'feeds'>): readonly string[] =>
  [...new Set(feeds.map(({ venue }) => venue))].sort()

const write = (store: Store, standing: Standing): Promise<void> =>
  store.settings.set(STANDING, JSON.stringify(standing))

/** Why nothing was started, as a clause. */
export function describeObstacle(outcome: Exclude<TrainingAsked, { kind: 'started' | 'already-running' }>): string {
  switch (outcome.kind) {
    case 'impossible':
      return outcome.reason
    case 'too-little-data':
      return `there is too little data: ${outcome.groups
        .map(({ group, has }) => `${group} has ${Math.floor(has / DAY)} of ${Math.round(outcome.needed / DAY)} days`)
        .join(', ')}`
    case 'which-rung':
      return 'no model is in force whose kind could be taken'
    case 'unknown-rung':
      return 'the model in force is of a kind that this version does not know'
  }
}

async function tell(
  ports: Ports,
  {
    at,
    causes,
    what,
    reason,
  }: { at: TimestampMs; causes: readonly RetrainCause[]; what: 'started' | 'cannot'; reason?: string },
): Promise<void> {
  const because = causes.map(({ why }) => why).join('; ')
  await ports.store.transaction(async (tx) => {
    await tx.audit.append({
      at,
      actor: 'system',
      action: what === 'started' ? 'model.retraining' : 'model.retraining-impossible',
      subject: 'models',
      details: { because, ...(reason !== undefined && { reason }) },
    })
    await announce(tx, ports, {
      cardKey: `retraining:${at}`,
      at,
      urgency: 'normal',
      card:
        what === 'started'
          ? {
              tone: 'info',
              title: 'A new model is being trained',
              text: `Because ${because}.`,
              footer: '/model status shows how far it is.',
            }
          : {
              tone: 'warning',
              title: 'A new model is due and cannot be trained here',
              text: `It is due because ${because}. It cannot, because ${reason}. The model in force stays as it is.`,
              footer: '/model train says what is asked for.',
            },
    })
  })
  await wakeDelivery(ports.queue)
}
