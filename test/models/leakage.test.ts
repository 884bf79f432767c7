/**
 * No feature depends on what is received later (specification §2.2): rows at an instant, out of a panel that holds the future
 * too, are bit for bit the rows of a panel that has only heard what had been received by then. That the check can fail is shown
 * by moving one feed an hour early.
 */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { type FeatureWindow, featureWindow } from '../../models/features.ts'
import { createPanel } from '../../src/domain/market/panel.ts'
import type { Asset, FeedDeclaration, FeedKind, Tick } from '../../src/domain/market/tick.ts'
import { createRandom } from '../../src/domain/random.ts'
import { DAY, HOUR, later, type TimestampMs, timestamp } from '../../src/domain/units.ts'
import type { MarketSource } from '../../src/ports.ts'
import { createReplayMarket } from '../../src/venues/replay/market.ts'
import { createSimulatedMarket } from '../../src/venues/simulated/market.ts'

const SEED = Number(process.env.LEAKAGE_SEED ?? Date.now() % 1_000_000)
const INSTANTS = 200
/** Rows of each window: enough for the last and for earlier ones, which are sampled by another rule. */
const ROWS = 4
const PANELS = new URL('../../../shared/data/panel', import.meta.url).pathname

interface Known {
  readonly asset: Asset
  readonly ticks: readonly Tick[]
  readonly feeds: readonly FeedDeclaration[]
  readonly from: TimestampMs
  readonly to: TimestampMs
}

async function readAll(source: MarketSource, asset: Asset, { from, to }: Pick<Known, 'from' | 'to'>): Promise<Known> {
  const ticks: Tick[] = []
  for await (const step of source.steps()) ticks.push(...step.ticks)
  await source.close()
  ticks.sort((a, b) => a.receivedAt - b.receivedAt)
  return { asset, ticks, feeds: source.feeds, from, to }
}

const instantsOf = ({ from, to }: Known, count: number): TimestampMs[] => {
  const random = createRandom(SEED)
  return Array.from({ length: count }, () => timestamp(Math.floor(from + random() * (to - 2 * HOUR - from)))).sort(
    (a, b) => a - b,
  )
}

/** The instants at which rows differ from those recomputed out of what had been received by then. */
function leaksOf({ asset, ticks, feeds }: Known, instants: readonly TimestampMs[], seen = (tick: Tick): Tick => tick) {
  const whole = createPanel()
  for (const tick of ticks) whole.apply(seen(tick))
  const heard = createPanel()
  let next = 0
  return instants.filter((at) => {
    while (next < ticks.length && ticks[next]!.receivedAt <= at) heard.apply(seen(ticks[next++]!))
    assert.ok(next > 0 && next < ticks.length, 'something lies on either side of the instant')
    const [now, then] = [whole, heard].map((panel) =>
      featureWindow(panel, asset, at, feeds, { hours: ROWS, venues: true }),
    )
    return !isSame(now!, then!)
  })
}

const isSame = (a: FeatureWindow, b: FeatureWindow): boolean =>
  sameBits(a, b) &&
  String(a.maskedFeeds) === String(b.maskedFeeds) &&
  a.venues.length === b.venues.length &&
  a.venues.every((rows, v) => rows.venue === b.venues[v]!.venue && sameBits(rows, b.venues[v]!))

type Rows = Pick<FeatureWindow, 'values' | 'mask'>
const bytes = (list: Float32Array | Uint8Array) => Buffer.from(list.buffer, list.byteOffset, list.byteLength)
const sameBits = (a: Rows, b: Rows): boolean =>
  bytes(a.values).equals(bytes(b.values)) && bytes(a.mask).equals(bytes(b.mask))

const simulated = (): Promise<Known> => {
  const from = timestamp(Date.UTC(2024, 5, 3))
  const window = { from, to: later(from, 2 * DAY) }
  return readAll(createSimulatedMarket({ seed: 5, assets: ['ETH', 'BTC'], ...window, warmupDays: 32 }), 'ETH', window)
}

test('market and venue rows of the simulated market are the same with and without the future', async (t) => {
  t.diagnostic(`LEAKAGE_SEED=${SEED}`)
  const known = await simulated()
  assert.deepEqual(leaksOf(known, instantsOf(known, INSTANTS)), [])
})

test('any one feed read an hour early is caught', async (t) => {
  t.diagnostic(`LEAKAGE_SEED=${SEED}`)
  const known = await simulated()
  const instants = instantsOf(known, 5)
  for (const kind of new Set(known.feeds.map(({ feed }) => feed))) {
    const early = (tick: Tick): Tick =>
      tick.type === kind && tick.asset === 'ETH' ? { ...tick, receivedAt: later(tick.receivedAt, -HOUR) } : tick
    assert.deepEqual(leaksOf(known, instants, early), instants, kind)
  }
})

test('market and venue rows of recorded panels are the same with and without the future, and a join an hour early is caught', {
  skip: existsSync(PANELS) ? false : 'no recorded panels beside the project',
}, async (t) => {
  t.diagnostic(`LEAKAGE_SEED=${SEED}`)
  const window = { from: timestamp(Date.UTC(2025, 6, 20)), to: timestamp(Date.UTC(2025, 6, 26)) }
  const source = await createReplayMarket({ folder: PANELS, assets: ['ETH'], ...window, warmupDays: 32 })
  const known = await readAll(source, 'ETH', window)
  const instants = instantsOf(known, INSTANTS)
  assert.deepEqual(leaksOf(known, instants), [])
  const kinds: FeedKind[] = ['bar', 'open-interest', 'funding']
  for (const kind of kinds) {
    const early = (tick: Tick): Tick =>
      tick.type === kind ? { ...tick, receivedAt: later(tick.receivedAt, -HOUR) } : tick
    assert.ok(leaksOf(known, instants.slice(0, 20), early).length > 0, kind)
  }
})
