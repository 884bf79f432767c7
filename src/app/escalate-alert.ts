import type { Alert } from '../domain/alert.ts'
import { formatAge } from '../domain/format.ts'
import { atLeast, type Member } from '../domain/member.ts'
import { later, type TimestampMs } from '../domain/units.ts'
import type { Place } from '../ports.ts'
import { alertCard, reminderCard, reminderCardKey, wantsAcknowledgement } from './alert-card.ts'
import { tell, wakeDelivery } from './announce.ts'
import { type AlertNews, factsOf, readAlertFacts } from './announce-alert.ts'
import { approvers } from './on-call.ts'
import type { Ports } from './ports.ts'
import { type Router, readRouter } from './route-alert.ts'

/** After the next on call and everyone who may acknowledge comes the pager, where there is one. */
const PAGER_STEP = 3
/** Enough for the alerts of days: what an alert has been through is among them, or long ago. */
const AUDIT_LOOKED_AT = 1_000

type EscalationPorts = Pick<Ports, 'queue' | 'settings' | 'pager'>

/** Adds the wake-up of an alert's next step, so long after the one before. */
export async function scheduleEscalation(
  { queue, settings, pager }: EscalationPorts,
  { alertId }: Pick<Alert, 'alertId'>,
  { step, since }: { readonly step: number; readonly since: TimestampMs },
): Promise<void> {
  if (step > PAGER_STEP || (step === PAGER_STEP && !pager)) return
  const at = later(since, settings.escalation.acknowledgeWithin)
  await queue.add({ name: 'escalate-alert', data: { alertId, step }, jobId: `escalate-${alertId}-${step}`, at })
}

/** Rebuilds from rows the wake-ups of every critical alert that nobody has acknowledged. */
export async function scheduleEscalations(ports: Pick<Ports, 'store'> & EscalationPorts): Promise<void> {
  const waiting = (await ports.store.alerts.open()).filter(mayEscalate)
  if (waiting.length === 0) return
  const entries = await ports.store.audit.recent(AUDIT_LOOKED_AT, { action: 'alert.' })
  for (const alert of waiting) {
    const step = (alert.escalation ?? 0) + 1
    const its = entries.filter(({ subject }) => subject === alert.alertId)
    const before =
      step === 1
        ? its.findLast(({ details }) => details.severity === 'critical')
        : its.find(({ action, details }) => action === 'alert.escalated' && details.step === step - 1)
    await scheduleEscalation(ports, alert, { step, since: before?.at ?? alert.raisedAt })
  }
}

/**
 * Takes a critical alert that nobody has acknowledged one step further: privately to the next on call (every approver where
 * nobody is next), then to all who may acknowledge, then to the pager. Does nothing when it was acknowledged, is over, or has
 * been taken so far already.
 *
 * @throws when the pager did not take it: the wake-up is tried again
 */
export const createEscalateAlert =
  (ports: Ports) =>
  async ({ alertId, step }: { alertId: string; step: number }): Promise<void> => {
    const { store, clock, queue } = ports
    const alert = await store.alerts.find(alertId)
    if (!alert || !mayEscalate(alert) || (alert.escalation ?? 0) !== step - 1) return
    const at = clock.now()
    const router = await readRouter(store, ports, at)
    const news: AlertNews = { alertId, router, facts: await readAlertFacts(ports, alert), at }
    const moved = step === PAGER_STEP ? await page(ports, alert, news) : await remind(ports, step, news)
    if (!moved) return
    await scheduleEscalation(ports, alert, { step: step + 1, since: at })
    await wakeDelivery(queue)
  }

const mayEscalate = (alert: Alert): boolean => alert.severity === 'critical' && wantsAcknowledgement(alert)

const remind = (ports: Ports, step: number, news: AlertNews): Promise<boolean> =>
  ports.store.transaction(async (tx) => {
    const { alertId, router, at } = news
    if (!(await tx.alerts.escalate(alertId, step - 1, step))) return false
    const alert = (await tx.alerts.find(alertId))!
    const members = recipients(router, step)
    await tx.audit.append({
      at,
      actor: 'system',
      action: 'alert.escalated',
      subject: alertId,
      details: { step, to: members.map(({ memberId }) => memberId) },
    })
    const card = router.show(reminderCard(alert, factsOf(alert, news)), alert)
    const places = router.placesOf(members).map((place) => sharedPlace(place, ports))
    await tell(tx, ports, { cardKey: reminderCardKey(alert, step), card, at, urgency: 'urgent', places })
    return true
  })

/** At a terminal everyone reads the same screen: what is said there is said once. */
const sharedPlace = (place: Place, { settings }: Pick<Ports, 'settings'>): Place =>
  place.platform === 'console' ? (settings.channels.find(({ platform }) => platform === 'console') ?? place) : place

/** Paged first and noted afterwards: a crash between the two pages the same incident again, and never none. */
async function page(ports: Ports, alert: Alert, news: AlertNews): Promise<boolean> {
  const { store, pager, settings } = ports
  if (!pager) return false
  const { at, alertId } = news
  const card = alertCard(alert, factsOf(alert, news))
  const unheard = formatAge(settings.escalation.acknowledgeWithin * PAGER_STEP)
  await pager.page({
    key: `alert-${alertId}`,
    title: card.title,
    text: [
      `Nobody has acknowledged it for ${unheard}. Acknowledge with /ack ${alertId}.`,
      ...(card.fields ?? []).map(({ name, value }) => `${name}: ${value}`),
    ].join('\n'),
    severity: 'critical',
  })
  return store.transaction(async (tx) => {
    if (!(await tx.alerts.escalate(alertId, PAGER_STEP - 1, PAGER_STEP))) return false
    await tx.audit.append({
      at,
      actor: 'system',
      action: 'alert.escalated',
      subject: alertId,
      details: { step: PAGER_STEP, to: [`pager:${pager.name}`] },
    })
    return true
  })
}

function recipients({ members, onCall }: Router, step: number): readonly Member[] {
  if (step > 1) return members.filter(({ role }) => atLeast(role, 'trader'))
  return onCall?.next ? [onCall.next] : approvers(members)
}
