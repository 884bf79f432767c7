import type { Alert, AlertEndReason } from '../../src/domain/alert.ts'
import type { Fill, Order } from '../../src/domain/execution/order.ts'
import type { Cluster, Forecast } from '../../src/domain/forecast.ts'
import { clientOrderIdFor, termsHashOf } from '../../src/domain/hash.ts'
import { instrumentIdOf } from '../../src/domain/instrument.ts'
import { type Bar, GAUGE_KINDS, type Tick } from '../../src/domain/market/tick.ts'
import { type Proposal, type ProposalId, type ProposalTerms, toProposalId } from '../../src/domain/proposal.ts'
import { duration, type TimestampMs, timestamp } from '../../src/domain/units.ts'
import type { AuditEntry, Store } from '../../src/ports.ts'

/** A holder of leases. */
export const HOLDER = 'tests'

export async function collect(ticks: AsyncIterable<Tick>): Promise<Tick[]> {
  const collected: Tick[] = []
  for await (const tick of ticks) collected.push(tick)
  return collected
}

/** An instant by a small number. */
export const at = (ms: number): TimestampMs => timestamp(ms)

/** Numbers, as a sample writes them, for numbers with units. */
type Loose<T> = { [K in keyof T]?: T[K] extends number | undefined ? number : T[K] }

export const aBar = (changes: Loose<Bar>): Bar =>
  ({
    type: 'bar',
    venue: 'binance',
    asset: 'ETH',
    eventAt: 0,
    receivedAt: 0,
    series: 'mark',
    interval: 3_600_000,
    openPrice: 3_000.1,
    highPrice: 3_100.000000000001,
    lowPrice: 0.1 + 0.2,
    closePrice: 1e-7,
    volume: 123_456.789,
    ...changes,
  }) as Bar

/** One of each kind, with and without what may be absent, in order of receipt; all receipts are from 1 to 10. */
export function everyKindOfTick(): Tick[] {
  const stamped = { venue: 'binance', asset: 'ETH', eventAt: 1 }
  const { volume: _, ...withoutVolume } = aBar({ eventAt: 1, receivedAt: 2, venue: 'okx', series: 'perp' })
  return [
    aBar({ eventAt: 1, receivedAt: 1 }),
    withoutVolume,
    { ...stamped, type: 'open-interest', receivedAt: 3, openInterest: 1_234_567.890123 },
    { ...stamped, type: 'funding', receivedAt: 4, fundingRate: -0.0001 },
    { ...stamped, type: 'funding', receivedAt: 5, fundingRate: -0 },
    {
      ...stamped,
      type: 'liquidations',
      receivedAt: 6,
      interval: 14_400_000,
      longNotional: 0,
      shortNotional: Number.MAX_SAFE_INTEGER,
      coverage: 'sampled',
    },
    { ...stamped, type: 'taker-flow', receivedAt: 7, interval: 60_000, buyNotional: 5e-324, sellNotional: 1.5e300 },
    { ...stamped, type: 'book-depth', receivedAt: 8, bidNotional: 1, askNotional: 2 },
    { ...stamped, type: 'disconnect', receivedAt: 9, feed: 'book-depth', reason: 'socket closed: "1006", {x,y}\\' },
    { ...stamped, type: 'disconnect', receivedAt: 9, feed: 'bar', reason: '' },
    { ...stamped, type: 'account-ratio', receivedAt: 10, longShare: 0.6442 },
    ...GAUGE_KINDS.map((type, i) => ({ ...stamped, type, receivedAt: 10, value: i / 3 - 1 })),
  ] as Tick[]
}

export const aCluster = (changes: { clusterId?: string } = {}): Cluster =>
  ({
    clusterId: 'ETH-sell-1',
    firstSeenAt: Date.UTC(2026, 0, 5, 6),
    asset: 'ETH',
    side: 'sell',
    lowPrice: 2_700,
    peakPrice: 2_750.5,
    highPrice: 2_800,
    notional: 1.5e9,
    shareOfOpenInterest: 0.12,
    distance: 833.3333333333334,
    distanceSigma: 2.1,
    gain: 0.4,
    age: 86_400_000,
    venueShares: { binance: 0.6, okx: 0.4 },
    leverage: [
      { leverage: 10, share: 0.7, lowEntryPrice: 3_000, highEntryPrice: 3_080, openedAt: Date.UTC(2026, 0, 4, 12) },
      { leverage: 25, share: 0.3, lowEntryPrice: 2_830, highEntryPrice: 2_860, openedAt: Date.UTC(2026, 0, 4, 18) },
    ],
    confidence: {
      '4h': { kind: 'undetermined', reason: 'TOO_FEW_OUTCOMES' },
      '24h': anEstimate(),
      '72h': { ...anEstimate(), confidence: 0.75, low: 0.6, high: 0.85, pTouch: 0.86, horizon: 259_200_000 },
    },
    ...changes,
  }) as unknown as Cluster

const anEstimate = () => ({
  kind: 'estimated',
  confidence: 0.61,
  low: 0.5,
  high: 0.7,
  pTouch: 0.7,
  pEventGivenTouch: 0.87,
  baseline: 0.42,
  horizon: 86_400_000,
  quality: 'good',
  coverage: 0.9,
  dataAge: 300_000,
  calibratedOn: 'simulated',
})

const aCascade = (pCascadeDown: number) => ({
  pCascadeDown,
  pCascadeUp: 0.02,
  baseline: { pCascadeDown: 0.011, pCascadeUp: 0.019 },
  gatePassed: { down: true, up: false },
})

export const aForecast = (changes: { at: TimestampMs; asset?: string; pCascadeDown?: number }): Forecast =>
  ({
    asset: changes.asset ?? 'ETH',
    at: changes.at,
    prediction: {
      kind: 'estimated',
      modelId: 'vol-only-1',
      calibratedOn: 'simulated',
      cascades: {
        '4h': aCascade(0.02),
        '24h': aCascade(changes.pCascadeDown ?? 0.01),
        '72h': aCascade(0.03),
      },
      overlayHorizon: 86_400_000,
      overlayConfidence: 0.45,
      overlayGatePassed: false,
      maskedFeeds: ['book-depth'],
    },
    market: {
      price: 3_000,
      priceAt: changes.at,
      hourlyVolatility: 0.0075,
      fundingCorrelation: 0,
      freshness: [
        { feed: 'bar', venue: 'binance', freshness: { state: 'fresh', age: 5 } },
        { feed: 'funding', freshness: { state: 'missing' } },
      ],
    },
  }) as unknown as Forecast

export const anAlert = (changes: Partial<Alert> & { alertId: string }): Alert => {
  const raisedAt = changes.raisedAt ?? at(1)
  return {
    clusterId: 'ETH-sell-1',
    asset: 'ETH',
    raisedAt,
    raisedPrice: 3_000,
    horizon: '24h',
    threshold: 0.6,
    peakConfidence: 0.61,
    stage: 'raised',
    severity: 'notice',
    stageTimes: { raised: raisedAt },
    cluster: aCluster(),
    ...changes,
  } as Alert
}

/** The alert, over. */
export const ended = (alert: Alert, endedAt: TimestampMs, endReason: AlertEndReason): Alert => ({
  ...alert,
  stage: 'over',
  stageTimes: { ...alert.stageTimes, over: endedAt },
  endedAt,
  endReason,
})

export const proposalId = (n: number): ProposalId => toProposalId(`7K3M9QX2${String(n).padStart(2, '0')}`)

export function aProposal({
  n = 1,
  asset = 'ETH',
  proposedAt = at(1),
}: {
  n?: number
  asset?: string
  proposedAt?: TimestampMs
} = {}): Proposal {
  const terms = {
    book: 'treasury',
    asset,
    instrumentId: instrumentIdOf(asset, 'binance'),
    side: 'sell',
    quantity: 12.345,
    notional: 37_035.00000000001,
    referencePrice: 3_000,
    hedgeRatioBefore: 0.1,
    hedgeRatioAfter: 0.30000000000000004,
    exposure: 1_000,
    expectedCost: 7.5,
    policy: 'volatility-timed',
    steps: [{ name: 'base', hedge: 500, note: 'L·β = 500 "as is"' }],
    proposedBy: 'system',
    proposedAt,
    expiresAt: at(600_000),
    maxPriceDrift: 50,
    quorum: 1,
    selfApprovalAllowed: false,
  } as unknown as ProposalTerms
  return {
    ...terms,
    proposalId: proposalId(n),
    termsHash: termsHashOf(terms),
    state: 'pending',
    approvals: [],
    lease: 0,
    control: 'running',
  }
}

const instrumentId = instrumentIdOf('ETH', 'binance')

/** Order `n` of the first proposal, created at 10·n. */
export const anOrder = ({ n, ...changes }: { n: number } & Loose<Order>): Order =>
  ({
    clientOrderId: clientOrderIdFor(proposalId(1), { leg: 0, slice: n, attempt: 0 }),
    kind: 'child',
    proposalId: proposalId(1),
    instrumentId,
    leg: 0,
    slice: n,
    attempt: 0,
    side: 'sell',
    quantity: 1.234,
    limitPrice: 2_999.95,
    timeInForce: 'ioc',
    postOnly: false,
    reduceOnly: false,
    state: 'initialized',
    filledQuantity: 0,
    arrivalMid: 3_000.05,
    createdAt: at(10 * n),
    updatedAt: at(10 * n),
    ...changes,
  }) as Order

/** Stop `n` of the same instrument: it buys back at 3300. */
export const aStop = ({ n, ...changes }: { n: number } & Loose<Order>): Order => {
  const { proposalId: _, ...order } = anOrder({ n })
  return {
    ...order,
    kind: 'stop',
    side: 'buy',
    limitPrice: 3_300,
    timeInForce: 'gtc',
    reduceOnly: true,
    ...changes,
  } as Order
}

/** A fill of order `n`, at 10·n + 1. */
export const aFill = ({ n, ...changes }: { n: number } & Loose<Fill>): Fill =>
  ({
    tradeId: `trade-${n}`,
    clientOrderId: anOrder({ n }).clientOrderId,
    instrumentId,
    side: 'sell',
    quantity: 1.234,
    fillPrice: 2_999.95,
    fee: 1.8509691500000001,
    filledAt: at(10 * n + 1),
    ...changes,
  }) as Fill

export const anEntry = (action: string, details: AuditEntry['details'] = {}): AuditEntry => ({
  at: at(1),
  actor: 'ann',
  action,
  subject: 'test',
  details,
})

/** Opens the first proposal and takes its lease. */
export async function leased(store: Store): Promise<number> {
  await store.proposals.open(aProposal())
  return (await store.proposals.takeLease(proposalId(1), HOLDER, duration(60_000)))!
}
