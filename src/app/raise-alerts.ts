import type { Alert } from '../domain/alert.ts'
import { lossShareOf } from '../domain/alert-severity.ts'
import type { Heard, PathBar } from '../domain/alert-touch.ts'
import { decideAlerts, isQuiet } from '../domain/alerting.ts'
import type { Cluster } from '../domain/forecast.ts'
import { aftermathOf } from '../domain/liquidation/cluster-outcome.ts'
import type { Asset } from '../domain/market/tick.ts'
import { DAY, duration, elapsed, later, type Price, type TimestampMs } from '../domain/units.ts'
import type { Store } from '../ports.ts'
import { wakeDelivery } from './announce.ts'
import { announceAlert, announceToNewcomers } from './announce-alert.ts'
import { readHolding } from './book.ts'
import { scheduleEscalation } from './escalate-alert.ts'
import type { MarketState } from './market-state.ts'
import type { Ports } from './ports.ts'
import { readRouter } from './route-alert.ts'
import { scheduleDigests } from './send-digests.ts'

type HeardMarket = Pick<MarketState, 'panel' | 'feeds' | 'rule'> & Partial<Pick<MarketState, 'maps'>>

export interface Look {
  readonly asset: Asset
  readonly clusters: readonly Cluster[]
  readonly price: Price
  readonly at: TimestampMs
}

/** Raises, follows and ends alerts on the clusters of one asset; each change and its card are one transaction. */
export const createRaiseAlerts = (ports: Ports, market: HeardMarket) => {
  const { store, settings, ids, queue } = ports
  const rules = settings.alerts
  /** When a cluster was last put on record as held back: once a day is enough. */
  const heldAt = new Map<string, TimestampMs>()

  return async ({ asset, clusters, price, at }: Look): Promise<void> => {
    const open = await store.alerts.open(asset)
    if (isQuiet({ clusters, open, rules })) return
    const { exposure, hedge } = await readHolding(ports, asset)
    const book = { exposure, unhedged: (exposure - hedge) as typeof exposure }
    const decision = decideAlerts({
      clusters,
      open,
      lastEnded: await lastEndedOf(store, asset),
      raisedInDay: await store.alerts.countRaised(asset, later(at, -DAY)),
      price,
      bars: barsSince(market, asset, open, at),
      at,
      rules,
      book,
      heardAround: (touch, cluster) => heardAround(market, { asset, touch, cluster, at }),
    })
    const held = decision.held.filter(({ cluster, reason }) => isNews(heldAt, `${cluster.clusterId}/${reason}`, at))
    if (decision.raise.length + decision.change.length + held.length === 0) return

    const news = { router: await readRouter(store, ports, at), facts: { price, book }, at }
    const critical: Alert[] = []
    let isHeld = false
    await store.transaction(async (tx) => {
      const put = (action: string, subject: string, details: Record<string, unknown>): Promise<void> =>
        tx.audit.append({ at, actor: 'system', action, subject, details })
      const tell = async ({ alertId }: Alert, say = announceAlert): Promise<void> => {
        isHeld = (await say(tx, ports, { ...news, alertId })) || isHeld
      }

      for (const raised of decision.raise) {
        const alert: Alert = { alertId: ids.rowId(), ...raised }
        if (!(await tx.alerts.raise(alert))) continue
        const { clusterId, peakConfidence: confidence, severity, stage } = alert
        await put('alert.raised', alert.alertId, { clusterId, confidence, asset, severity, stage })
        if (severity === 'critical') critical.push(alert)
        await tell(alert)
      }
      for (const { before, after, told } of decision.change) {
        if (!(await tx.alerts.advance(after))) continue
        if (!told) {
          await tell(after, announceToNewcomers)
          continue
        }
        const { severity, endReason: reason } = after
        if (after.stage === 'over') await put('alert.ended', after.alertId, { reason, severity })
        else if (after.stage !== before.stage) await put(`alert.${after.stage}`, after.alertId, { severity })
        else await put('alert.severity', after.alertId, { severity })
        if (severity === 'critical' && before.severity !== 'critical') critical.push(after)
        await tell(after)
      }
      for (const { cluster, reason } of held) {
        const { clusterId, confidence } = cluster
        const lossShare = lossShareOf(cluster, book, price)
        await put('alert.held', clusterId, { asset, reason, confidence: confidence[rules.horizon], lossShare })
      }
    })
    for (const alert of critical) await scheduleEscalation(ports, alert, { step: 1, since: at })
    if (isHeld) await scheduleDigests(ports)
    await wakeDelivery(queue)
  }
}

const lastEndedOf = async (store: Store, asset: Asset): Promise<readonly Alert[]> =>
  (await Promise.all((['buy', 'sell'] as const).map((side) => store.alerts.lastEnded(asset, side)))).filter(
    (alert) => alert !== undefined,
  )

/**
 * Bars received since an open alert last moved. All open alerts were followed at that instant, so what they had not been touched
 * by then they had not been touched by; looking from there on needs no memory of the last decision, and survives a restart.
 */
function barsSince(
  { panel }: Pick<MarketState, 'panel'>,
  asset: Asset,
  open: readonly Alert[],
  at: TimestampMs,
): readonly PathBar[] {
  const venue = panel.priceVenue(asset)
  if (open.length === 0 || venue === undefined) return []
  const since = Math.max(...open.flatMap(({ stageTimes }) => Object.values(stageTimes))) as TimestampMs
  return panel.between('bar', venue, asset, since, at)
}

/** What was heard around a touch, by what had been received by `at`. */
export function heardAround(
  { panel, feeds, rule, maps }: HeardMarket,
  about: {
    readonly asset: Asset
    readonly touch: NonNullable<Alert['touch']>
    readonly cluster: Cluster
    readonly at: TimestampMs
  },
): Heard {
  const { asset, touch, cluster, at } = about
  const venues = Object.keys(cluster.venueShares)
  const cadences = feeds
    .filter((feed) => feed.feed === 'open-interest' && feed.asset === asset && venues.includes(feed.venue))
    .map(({ cadence }) => cadence as number)
  return {
    ...aftermathOf(panel, asset, {
      at: touch.from,
      span: elapsed(touch.from, at),
      until: at,
      venues,
      guard: maps?.get(asset)?.bars.guard,
    }),
    cadence: duration(Math.max(0, ...cadences)),
    rule,
  }
}

/** Whether this was last noted more than a day ago, or never; notes it. */
function isNews(noted: Map<string, TimestampMs>, key: string, at: TimestampMs): boolean {
  for (const [other, notedAt] of noted) if (elapsed(notedAt, at) >= DAY) noted.delete(other)
  if (noted.has(key)) return false
  noted.set(key, at)
  return true
}
