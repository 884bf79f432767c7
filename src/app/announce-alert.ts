import type { Alert, AlertSeverity } from '../domain/alert.ts'
import type { BookRisk } from '../domain/alert-severity.ts'
import type { Urgency } from '../domain/delivery.ts'
import type { Price, TimestampMs } from '../domain/units.ts'
import type { Store } from '../ports.ts'
import { type AlertFacts, alertCard, alertCardKey, reminderCard, reminderCardKey } from './alert-card.ts'
import { announce, placeKey, putOnItsWay, tell } from './announce.ts'
import { readHolding } from './book.ts'
import type { Ports } from './ports.ts'
import type { Router } from './route-alert.ts'
import { holdAlert } from './send-digests.ts'

/** How soon an alert has to be told. */
const URGENCY: Readonly<Record<AlertSeverity, Urgency>> = { notice: 'low', warning: 'normal', critical: 'urgent' }

export interface AlertNews {
  readonly alertId: string
  readonly router: Router
  readonly facts: Pick<AlertFacts, 'price' | 'book'>
  readonly at: TimestampMs
}

/** What the market and the book look like as a card is written outside a look at the market. */
export async function readAlertFacts(ports: Ports, alert: Alert): Promise<{ price: Price; book: BookRisk }> {
  const latest = await ports.store.forecasts.latest(alert.asset)
  const { exposure, hedge } = await readHolding(ports, alert.asset)
  return {
    price: latest?.forecast.market.price ?? alert.raisedPrice,
    book: { exposure, unhedged: (exposure - hedge) as typeof exposure },
  }
}

/** Adds the name of who has acknowledged it. */
export const factsOf = (alert: Alert, { router, facts }: Pick<AlertNews, 'router' | 'facts'>): AlertFacts => ({
  ...facts,
  acknowledgedBy:
    router.members.find(({ memberId }) => memberId === alert.acknowledgedBy)?.name ?? alert.acknowledgedBy,
})

/**
 * Tells of an alert as it now stands on record: in the desk's channels, to whom it is routed, and wherever it was told before;
 * reminders of it are brought up to date. Returns whether it was kept for someone's digest.
 *
 * The caller has changed the alert's row in this transaction and so holds its lock: who changes it next also tells of it next.
 */
export async function announceAlert(
  tx: Store,
  ports: Pick<Ports, 'settings' | 'ids'>,
  news: AlertNews & { /** To nobody who has not heard of it. */ readonly onlyWhereTold?: boolean },
): Promise<boolean> {
  const { alertId, router, at, onlyWhereTold = false } = news
  const alert = (await tx.alerts.find(alertId))!
  const facts = factsOf(alert, news)
  const { places, holdFor } = onlyWhereTold ? { places: [], holdFor: [] } : router.route(alert)
  const urgency = URGENCY[alert.severity]
  const card = router.show(alertCard(alert, facts), alert)
  await announce(tx, ports, { cardKey: alertCardKey(alert), card, at, urgency, places, foldable: true })
  for (let step = 1; step <= (alert.escalation ?? 0); step++) {
    const reminder = router.show(reminderCard(alert, facts), alert)
    await tell(tx, ports, { cardKey: reminderCardKey(alert, step), card: reminder, at, urgency })
  }
  return hold(tx, alert, { holdFor, at })
}

/** Tells only those of an alert whom it now reaches and did not before: its confidence has risen, its stage has not. */
export async function announceToNewcomers(
  tx: Store,
  ports: Pick<Ports, 'settings' | 'ids'>,
  news: AlertNews,
): Promise<boolean> {
  const { alertId, router, at } = news
  const alert = (await tx.alerts.find(alertId))!
  const { places, holdFor } = router.route(alert)
  const cardKey = alertCardKey(alert)
  const known = new Set(places.length === 0 ? [] : (await tx.outbox.places(cardKey)).map(placeKey))
  const card = router.show(alertCard(alert, factsOf(alert, news)), alert)
  for (const place of places.filter((one) => !known.has(placeKey(one)))) {
    await putOnItsWay(tx, ports, { cardKey, card, at, urgency: URGENCY[alert.severity], foldable: true }, place)
  }
  return hold(tx, alert, { holdFor, at })
}

/** Keeps an alert for the digests of those who have not been told of it. */
async function hold(
  tx: Store,
  alert: Alert,
  { holdFor, at }: { readonly holdFor: readonly string[]; readonly at: TimestampMs },
): Promise<boolean> {
  if (holdFor.length === 0) return false
  const told = new Set((await tx.outbox.places(alertCardKey(alert))).map(({ memberId }) => memberId))
  const untold = holdFor.filter((memberId) => !told.has(memberId))
  if (untold.length > 0) await holdAlert(tx, alert.alertId, { memberIds: untold, at })
  return untold.length > 0
}
