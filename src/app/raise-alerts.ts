import type { Alert } from '../domain/alert.ts'
import { decideAlerts } from '../domain/alerting.ts'
import type { Cluster } from '../domain/forecast.ts'
import type { Asset } from '../domain/market/tick.ts'
import { fraction, type Price, type TimestampMs } from '../domain/units.ts'
import { announce, wakeDelivery } from './announce.ts'
import { readHolding } from './book.ts'
import { alertCard, alertCardKey } from './cards.ts'
import type { Ports } from './ports.ts'

/** Raises, follows and ends alerts on the clusters of one asset; each change and its card are one transaction. */
export const createRaiseAlerts =
  (ports: Ports) =>
  async ({
    asset,
    clusters,
    price,
    at,
  }: {
    asset: Asset
    clusters: readonly Cluster[]
    price: Price
    at: TimestampMs
  }): Promise<void> => {
    const { store, settings, ids, queue } = ports
    const open = await store.alerts.open(asset)
    const lastEnded = (
      await Promise.all((['buy', 'sell'] as const).map((side) => store.alerts.lastEnded(asset, side)))
    ).filter((alert) => alert !== undefined)
    const decision = decideAlerts({ clusters, open, lastEnded, price, at, rules: settings.alerts })
    if (decision.raise.length + decision.follow.length + decision.end.length === 0) return

    const holding = await readHolding(ports, asset)
    const facts = { unhedgedCoins: holding.exposure - holding.hedge, price }
    await store.transaction(async (tx) => {
      for (const { cluster, confidence } of decision.raise) {
        const alert: Alert = {
          alertId: ids.rowId(),
          clusterId: cluster.clusterId,
          asset,
          raisedAt: at,
          threshold: settings.alerts.threshold,
          peakConfidence: confidence,
          cluster,
        }
        if (!(await tx.alerts.raise(alert))) continue
        await tx.audit.append({
          at,
          actor: 'system',
          action: 'alert.raised',
          subject: alert.alertId,
          details: { clusterId: cluster.clusterId, confidence, asset },
        })
        await announce(tx, settings, { cardKey: alertCardKey(alert), card: alertCard(alert, facts), at })
      }
      for (const { alertId, peakConfidence } of decision.follow) await tx.alerts.follow(alertId, peakConfidence)
      for (const { alertId, reason } of decision.end) {
        if (!(await tx.alerts.end(alertId, at, reason))) continue
        await tx.audit.append({ at, actor: 'system', action: 'alert.ended', subject: alertId, details: { reason } })
        const alert = open.find((candidate) => candidate.alertId === alertId)!
        await announce(tx, settings, {
          cardKey: alertCardKey(alert),
          card: alertCard(
            { ...alert, endedAt: at, endReason: reason, peakConfidence: fraction(alert.peakConfidence) },
            facts,
          ),
          at,
        })
      }
    })
    await wakeDelivery(queue)
  }
