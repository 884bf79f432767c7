import type { Alert } from '../domain/alert.ts'
import type { Member } from '../domain/member.ts'
import { wakeDelivery } from './announce.ts'
import { announceAlert, readAlertFacts } from './announce-alert.ts'
import type { Ports } from './ports.ts'
import { readRouter } from './route-alert.ts'

export type Acknowledgement =
  | { readonly kind: 'acknowledged'; readonly alert: Alert }
  /** Someone was first; `by` is their name. */
  | { readonly kind: 'already'; readonly alert: Alert; readonly by: string }
  | { readonly kind: 'over'; readonly alert: Alert }
  /** The beginning of more than one. */
  | { readonly kind: 'ambiguous'; readonly alerts: readonly Alert[] }
  | { readonly kind: 'not-found'; readonly open: readonly Alert[] }

/**
 * Someone has seen an alert and takes it on: it goes no further, and every card of it says so.
 *
 * @param input - `alertId` in full, or the beginning of that of an open alert, whatever the case
 */
export const createAcknowledgeAlert =
  (ports: Ports) =>
  async (input: { readonly alertId: string; readonly by: Member }): Promise<Acknowledgement> => {
    const { store, clock, queue } = ports
    const wanted = input.alertId.toLowerCase()
    const open = await store.alerts.open()
    const meant = open.filter((alert) => alert.alertId.startsWith(wanted))
    if (meant.length > 1) return { kind: 'ambiguous', alerts: meant }
    const alert = meant[0] ?? (await store.alerts.find(wanted))
    if (!alert) return { kind: 'not-found', open }
    if (alert.stage === 'over') return { kind: 'over', alert }

    const at = clock.now()
    const { alertId } = alert
    const { memberId } = input.by
    const router = await readRouter(store, ports, at)
    const facts = await readAlertFacts(ports, alert)
    const first = await store.transaction(async (tx) => {
      if (!(await tx.alerts.acknowledge(alertId, memberId, at))) return false
      await tx.audit.append({ at, actor: memberId, action: 'alert.acknowledged', subject: alertId, details: {} })
      await announceAlert(tx, ports, { alertId, router, facts, at, onlyWhereTold: true })
      return true
    })
    const now = (await store.alerts.find(alertId))!
    if (!first) return { kind: 'already', alert: now, by: await nameOf(ports, now.acknowledgedBy) }
    await wakeDelivery(queue)
    return { kind: 'acknowledged', alert: now }
  }

const nameOf = async ({ store }: Ports, memberId = ''): Promise<string> =>
  (await store.members.find(memberId))?.name ?? memberId
