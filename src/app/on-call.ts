import { type Access, judgeAccess } from '../domain/access.ts'
import { atLeast, type Member, type Platform } from '../domain/member.ts'
import { type OnCall, type OnCallNow, onCallAt, type Rotation, takenBy, withRotation } from '../domain/on-call.ts'
import { type TimestampMs, timestamp } from '../domain/units.ts'
import type { Store } from '../ports.ts'
import type { Ports } from './ports.ts'

const KEY = 'on-call'
/** From here up someone can acknowledge, so from here up someone can be on call. */
const ON_CALL_ROLE = 'trader'

export interface OnCallStanding {
  readonly order: readonly Member[]
  readonly every: Rotation
  readonly now?: Member | undefined
  readonly next?: Member | undefined
  readonly until?: TimestampMs | undefined
  readonly taken: boolean
}

/** Who is on call; undefined where no order was ever set. */
export async function readOnCall(
  store: Pick<Store, 'settings' | 'members'>,
  at: TimestampMs,
): Promise<OnCallStanding | undefined> {
  const onCall = await readSetting(store)
  return onCall && standing(onCall, await store.members.list(), at)
}

/** Whom a critical alert reaches first: who is on call, or every approver where nobody is. */
export async function firstResponders(
  store: Pick<Store, 'settings' | 'members'>,
  at: TimestampMs,
): Promise<readonly Member[]> {
  const onCall = await readOnCall(store, at)
  return onCall?.now ? [onCall.now] : approvers(await store.members.list())
}

export const approvers = (members: readonly Member[]): readonly Member[] =>
  members.filter(({ role }) => atLeast(role, 'approver'))

export type OnCallChange =
  | { readonly kind: 'order'; readonly names: readonly string[] }
  | { readonly kind: 'every'; readonly every: Rotation }
  | { readonly kind: 'take'; readonly hours: number }

export type OnCallOutcome =
  | { readonly kind: 'changed'; readonly standing: OnCallStanding }
  | { readonly kind: 'forbidden'; readonly access: Extract<Access, { kind: 'forbidden' }> }
  | { readonly kind: 'unknown-members'; readonly names: readonly string[] }
  /** On record, and without the right to acknowledge. */
  | { readonly kind: 'too-low'; readonly members: readonly Member[]; readonly needs: typeof ON_CALL_ROLE }
  | { readonly kind: 'no-order' }

/** Changes the order or its rotation (an admin), or takes a turn (who may acknowledge). */
export const createChangeOnCall =
  ({ store, settings, clock }: Ports) =>
  async (input: {
    readonly change: OnCallChange
    readonly by: Member
    readonly place: { readonly platform: Platform; readonly channel: string; readonly direct: boolean }
  }): Promise<OnCallOutcome> => {
    const { change, by, place } = input
    const at = clock.now()
    const command = { name: `oncall ${change.kind}`, role: change.kind === 'take' ? ON_CALL_ROLE : 'admin' } as const
    const access = judgeAccess(settings.access, { command, member: by, place })
    if (access.kind === 'forbidden') {
      const { reason, needs } = access
      await store.audit.append({
        at,
        actor: by.memberId,
        action: 'command.forbidden',
        subject: command.name,
        details: { platform: place.platform, channel: place.channel, reason, needs, has: by.role },
      })
      return { kind: 'forbidden', access }
    }
    return store.transaction(async (tx) => {
      const members = await tx.members.list()
      const next = decide(await readSetting(tx), { change, by, members, at })
      if (next.kind !== 'set') return next
      await tx.settings.set(KEY, JSON.stringify(next.onCall))
      await tx.audit.append({
        at,
        actor: by.memberId,
        action: `on-call.${change.kind}`,
        subject: settings.book.name,
        details: { ...next.onCall },
      })
      return { kind: 'changed', standing: standing(next.onCall, members, at) }
    })
  }

function decide(
  onCall: OnCall | undefined,
  asked: { change: OnCallChange; by: Member; members: readonly Member[]; at: TimestampMs },
): { readonly kind: 'set'; readonly onCall: OnCall } | Exclude<OnCallOutcome, { kind: 'changed' | 'forbidden' }> {
  const { change, by, members, at } = asked
  switch (change.kind) {
    case 'order': {
      const found = change.names.map((name) => ({ name, member: byName(members, name) }))
      const unknown = found.filter(({ member }) => member === undefined).map(({ name }) => name)
      if (unknown.length > 0) return { kind: 'unknown-members', names: unknown }
      const named = found.flatMap(({ member }) => member ?? [])
      const tooLow = named.filter(({ role }) => !atLeast(role, ON_CALL_ROLE))
      if (tooLow.length > 0) return { kind: 'too-low', members: tooLow, needs: ON_CALL_ROLE }
      const order = [...new Set(named.map(({ memberId }) => memberId))]
      return { kind: 'set', onCall: { order, every: onCall?.every ?? 'day', since: at } }
    }
    case 'every':
      return onCall
        ? { kind: 'set', onCall: withRotation(onCall, change.every, { canBe: eligible(members), at }) }
        : { kind: 'no-order' }
    case 'take': {
      const hours = change.hours
      return { kind: 'set', onCall: takenBy(onCall ?? NOBODY, by.memberId, { at, hours }) }
    }
  }
}

/** So that a turn can be taken before there is an order. */
const NOBODY: OnCall = { order: [], every: 'day', since: timestamp(0) }

const byName = (members: readonly Member[], said: string): Member | undefined => {
  const wanted = said.toLowerCase()
  return members.find(({ memberId, name }) => memberId.toLowerCase() === wanted || name.toLowerCase() === wanted)
}

const eligible = (members: readonly Member[]): ((memberId: string) => boolean) => {
  const able = new Set(members.filter(({ role }) => atLeast(role, ON_CALL_ROLE)).map(({ memberId }) => memberId))
  return (memberId) => able.has(memberId)
}

function standing(onCall: OnCall, members: readonly Member[], at: TimestampMs): OnCallStanding {
  const find = (memberId: string | undefined) => members.find((member) => member.memberId === memberId)
  const { now, next, until, taken }: OnCallNow = onCallAt(onCall, eligible(members), at)
  return {
    order: onCall.order.flatMap((memberId) => find(memberId) ?? []),
    every: onCall.every,
    now: find(now),
    next: find(next),
    until,
    taken,
  }
}

async function readSetting({ settings }: Pick<Store, 'settings'>): Promise<OnCall | undefined> {
  const value = await settings.get(KEY)
  return value === undefined ? undefined : (JSON.parse(value) as OnCall)
}
