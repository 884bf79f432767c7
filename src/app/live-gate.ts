import type { Fill } from '../domain/execution/order.ts'
import type { Asset } from '../domain/market/tick.ts'
import type { Member } from '../domain/member.ts'
import { judgeLiveGate, type LiveGateVerdict, type PaperDay, type PaperRecord } from '../domain/risk/live-gate.ts'
import { DAY, fraction, HOUR, later, type TimestampMs, timestamp } from '../domain/units.ts'
import type { LivePermission, Store } from '../ports.ts'
import {
  type Asked,
  approveRequest,
  asAdmin,
  openRequest,
  REQUEST_EXPIRY,
  type RequestDecision,
} from './admin-requests.ts'
import { announce, wakeDelivery } from './announce.ts'
import { modelInForce } from './model-in-force.ts'
import type { Ports } from './ports.ts'
import { startOfDay } from './risk-facts/book-facts.ts'
import { valuePath } from './value-path.ts'
import { assetOf, findVenue, venueIdOf } from './venues.ts'

export interface LiveGate {
  readonly verdict: LiveGateVerdict
  readonly permission: LivePermission
  /** `paper`: nothing real can be traded whatever it says, and all of this is a rehearsal. */
  readonly mode: 'paper' | 'live'
  readonly days: number
}

export type LiveAsked =
  | Asked
  | { readonly kind: 'closed'; readonly verdict: LiveGateVerdict }
  | { readonly kind: 'already-granted'; readonly permission: LivePermission }

export type LiveRevoked = { readonly kind: 'revoked' | 'nothing-to-revoke' | 'forbidden' }

/** Where fills cost nothing: our own ledgers, with recorded, live or made-up prices. */
const PAPER_VENUES: readonly string[] = ['paper', 'simulated']
/** Longer ago says nothing of the policy that is in force. */
const MOST_DAYS = 365
/** The head whose probability sizes what goes beyond the base hedge. */
const HEAD_THAT_SIZES = 'overlay-pays-24h'

/** Every condition of the gate on the record of this instant, and who has said what. */
export const createReadLiveGate = (ports: Ports) => async (): Promise<LiveGate> => {
  const permission = await ports.store.live.permission()
  const record = await readPaperRecord(ports, permission)
  return {
    verdict: judgeLiveGate(record, ports.settings.liveGate),
    permission,
    mode: ports.settings.trading.mode,
    days: record.days.length,
  }
}

/** `/live request`: only when every condition is met; another admin decides. */
export const createAskForLive =
  (ports: Ports) =>
  async ({ by }: { by: Member }): Promise<LiveAsked> => {
    const { verdict, permission } = await createReadLiveGate(ports)()
    if (permission.state === 'granted') return { kind: 'already-granted', permission }
    if (verdict.kind === 'closed') return { kind: 'closed', verdict }
    return openRequest(ports, { subject: { kind: 'live' }, by, expiry: REQUEST_EXPIRY })
  }

/** `/live approve`: the conditions are read again; what was met when it was asked has to be met still. */
export const createApproveLive =
  (ports: Ports) =>
  async (input: { requestId: string; by: Member }): Promise<RequestDecision> => {
    const { verdict } = await createReadLiveGate(ports)()
    return approveRequest(ports, { ...input, kind: 'live' }, async (tx, { request, at }) => {
      if (verdict.kind === 'closed') return verdict.reasons.join('; ')
      const by = [request.requestedBy, input.by.memberId]
      await tx.live.setPermission({ state: 'granted', by, at, reason: `request ${request.requestId}` })
      await tx.audit.append({
        at,
        actor: input.by.memberId,
        action: 'live.granted',
        subject: ports.settings.book.name,
        details: {
          by,
          requestId: request.requestId,
          mode: ports.settings.trading.mode,
          conditions: verdict.conditions,
        },
      })
      return undefined
    })
  }

/** `/live revoke`: any admin, at once. */
export const createRevokeLive =
  (ports: Ports) =>
  async ({ by, reason }: { by: Member; reason: string }): Promise<LiveRevoked> => {
    const revoked = await asAdmin(ports.store, by, (tx) => revokeLive(tx, ports, { by: by.memberId, reason }))
    await wakeDelivery(ports.queue)
    if (revoked === undefined) return { kind: 'forbidden' }
    return { kind: revoked ? 'revoked' : 'nothing-to-revoke' }
  }

/** Takes the permission back and leaves only what shrinks risk, inside the transaction given; false where there was none. */
export async function revokeLive(
  tx: Store,
  ports: Pick<Ports, 'settings' | 'clock' | 'ids'>,
  { by, reason }: { by: string; reason: string },
): Promise<boolean> {
  const at = ports.clock.now()
  const { settings } = ports
  if ((await tx.live.permission()).state !== 'granted') return false
  await tx.live.setPermission({ state: 'revoked', by: [by], at, reason })
  // Never looser than what a person has set.
  const reducing = await tx.settings.setTradingState('reducing', {
    by,
    at,
    reason: `live permission revoked: ${reason}`,
    from: 'active',
  })
  await tx.audit.append({
    at,
    actor: by,
    action: 'live.revoked',
    subject: settings.book.name,
    details: { reason, mode: settings.trading.mode, tradingState: reducing ? 'reducing' : 'unchanged' },
  })
  const name = (await tx.members.find(by))?.name ?? 'The desk itself'
  await announce(tx, ports, {
    cardKey: `live:${at}`,
    at,
    urgency: 'urgent',
    card: {
      tone: 'critical',
      title: 'Permission to trade with real money is revoked',
      text: `${name} revoked it: ${reason}. Only what shrinks risk goes through.${rehearsal(settings.trading.mode)}`,
      footer: '/live status shows every condition; /live request asks for it anew.',
    },
  })
  return true
}

export const rehearsal = (mode: 'paper' | 'live'): string =>
  mode === 'paper' ? ' This desk trades on paper, so this is a rehearsal.' : ''

/**
 * The book day by day: on paper until real money was permitted, on the venues from then on, because what opened the gate has to
 * hold on. From the first fill, at the prices of each midnight; a day without a price at its beginning or its end is missing.
 */
async function readPaperRecord(ports: Ports, permission: LivePermission): Promise<PaperRecord> {
  const { store, settings, clock, confidenceReport, forecaster } = ports
  const at = clock.now()
  const today = startOfDay(at)
  const fills = await store.orders.allFills()
  const onPaper = fills.filter(({ instrumentId }) => PAPER_VENUES.includes(venueIdOf(instrumentId)))
  const real = fills.filter(
    ({ instrumentId }) => !onPaper.some((fill) => fill.instrumentId === instrumentId) && findVenue(ports, instrumentId),
  )
  const switched =
    permission.state === 'granted' && settings.trading.mode === 'live' ? startOfDay(permission.at) : today
  const days = [
    ...(await daysOf(ports, onPaper, { until: today })).filter(({ day }) => day < switched),
    ...(await daysOf(ports, real, { until: today })).filter(({ day }) => day >= switched),
  ]
  const facts = confidenceReport?.[settings.alerts.horizon]
  const gatePassed = (await modelInForce(forecaster))?.gates[HEAD_THAT_SIZES]
  return {
    at,
    days,
    ...(facts && {
      calibration: {
        error: fraction(facts.ece),
        samples: facts.samples,
        ...(gatePassed !== undefined && { gatePassed }),
      },
    }),
  }
}

async function daysOf(
  { store, settings }: Ports,
  fills: readonly Fill[],
  { until }: { until: TimestampMs },
): Promise<readonly PaperDay[]> {
  const first = fills[0]
  if (!first) return []
  const from = timestamp(Math.max(startOfDay(first.filledAt), until - MOST_DAYS * DAY))
  if (from >= until) return []
  const records = await Promise.all(
    Object.entries(settings.book.exposures).map(async ([asset, exposure]) => ({
      asset,
      exposure,
      fills: fillsOf(fills, asset),
      // By the hour, so that a midnight has a price of its own or none.
      path: (await store.forecasts.path(asset, { from: later(from, 0), to: until, every: HOUR })).filter(
        ({ mark }) => mark % DAY === 0,
      ),
    })),
  )
  return valuePath(records, DAY).periods.map(({ endedAt, ...pnl }) => ({ ...pnl, day: later(endedAt, -DAY) }))
}

const fillsOf = (fills: readonly Fill[], asset: Asset): readonly Fill[] =>
  fills.filter(({ instrumentId }) => assetOf(instrumentId) === asset)
