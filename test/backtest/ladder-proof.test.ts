import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import { collectHours } from '../../models/dataset.ts'
import { type Engine, loadEngine } from '../../models/engine.ts'
import { FEATURE_COUNT, FEATURES } from '../../models/features.ts'
import { rungOf } from '../../models/ladder.ts'
import type { RungName } from '../../models/rung.ts'
import type { AssetHours } from '../../models/samples.ts'
import { PRICE_ONLY } from '../../models/targets.ts'
import {
  allButPrice,
  chosenNetwork,
  type LadderProof,
  type LadderWorld,
  type ProofRow,
  priceAndBook,
  proveLadder,
  withOthers,
} from '../../src/backtest/ladder-proof.ts'
import { formatLadderProof, ladderChecks } from '../../src/backtest/ladder-proof-report.ts'
import { DAY, HOUR, later, type TimestampMs } from '../../src/domain/units.ts'
import { createSimulatedMarket } from '../../src/venues/simulated/market.ts'
import { MADE_FROM, makeHours } from '../models/made-hours.ts'

/** A third of the seeds, over little more than half the days, of `npm run prove`, and no network: those take minutes. */
const SEEDS = { train: [101, 102], calibration: [111, 112], test: [1, 2, 3] }
const DAYS = 210

/** The strong world and its placebo have markets in common: each is read once. */
const markets = new Map<string, Promise<AssetHours>>()

async function readMarket(
  seed: number,
  world: 'planted' | 'null',
  from: TimestampMs,
  days: number,
): Promise<AssetHours> {
  const end = later(from, days * DAY)
  const preset = world === 'null' ? 'strong-null' : 'strong'
  const source = createSimulatedMarket({ seed, assets: ['ETH'], from: end, to: end, warmupDays: days, preset })
  const [hours] = await collectHours(source, { phases: [0], venues: false })
  await source.close()
  return hours!
}

suite('the ladder on simulated markets, on seeds that nothing was fitted on', () => {
  let engine: Engine
  before(async () => {
    engine = await loadEngine()
  })
  const prove = (world: LadderWorld): Promise<LadderProof> =>
    proveLadder(world, {
      seeds: SEEDS,
      days: DAYS,
      read: (seed, kind, from, days) => {
        const key = `${seed} ${kind} ${from}`
        const known = markets.get(key) ?? readMarket(seed, kind, from, days)
        markets.set(key, known)
        return known
      },
      rungs: [rungOf('volatility-only'), rungOf('five-feature')],
      everyHours: 4,
      engine,
    })

  for (const world of ['strong', 'null', 'placebo'] as const) {
    test(`${world}: the five features ${world === 'strong' ? 'beat' : 'do not beat'} volatility alone on the price-only events`, async (t) => {
      const proof = await prove(world)
      const row = proof.rows.find(({ rung }) => rung === 'five-feature')!
      t.diagnostic(`${proof.samples} decisions, skill ${JSON.stringify(row.skill)}`)
      for (const { key, gain } of row.targets) t.diagnostic(`${key} ${JSON.stringify(gain)}`)
      assert.deepEqual(
        proof.targets.map(({ key }) => key),
        PRICE_ONLY,
      )
      assert.equal(row.skill!.interval.low > 0, world === 'strong')
    })
  }
})

suite('a placebo', () => {
  const [own, other] = [1, 2].map((seed) => makeHours({ hours: 200, seed, label: (_, { i }) => i + seed }))

  test('keeps price, time and labels of the one market and takes everything else from the other', () => {
    const mixed = withOthers(own!, { ...other!, mask: new Uint8Array(other!.mask.length) })
    FEATURES.forEach(({ name, feeds }, f) => {
      const at = 150 * FEATURE_COUNT + f
      const mine = feeds.every((feed) => feed === 'bar')
      assert.equal(mixed.values[at], (mine ? own : other)!.values[at], name)
      assert.equal(mixed.mask[at], mine ? 1 : 0, name)
    })
    assert.deepEqual(mixed.labels, own!.labels)
    assert.equal(mixed.venues, other!.venues)
  })

  test('wants both markets over the same hours', () => {
    assert.throws(
      () => withOthers(own!, makeHours({ hours: 199 })),
      /Expected two markets of the same hours, were 200 and 199/,
    )
    assert.throws(() => withOthers(own!, makeHours({ hours: 200, from: MADE_FROM + 2 * HOUR })), /2 h apart/)
  })
})

suite('by price and book alone', () => {
  test('nothing is known of positions, funding, flow or venues, and everything of price, book and calendar', () => {
    const hours = makeHours({ hours: 100 })
    const bare = priceAndBook({
      ...hours,
      venues: [{ venue: 'binance', values: new Float32Array(), mask: new Uint8Array() }],
    })
    assert.deepEqual(bare.venues, [])
    assert.deepEqual(bare.labels, hours.labels)
    FEATURES.forEach(({ name }, f) => {
      const isKept = /^(return|realised|range|depth-z|depth-imbalance|hour|weekday|until)/.test(name)
      const isHidden = /^(open-interest|funding|basis|fuel|gain|taker|liquidat|account|top-)/.test(name)
      if (isKept) assert.equal(bare.mask[50 * FEATURE_COUNT + f], 1, name)
      if (isHidden) assert.equal(bare.mask[50 * FEATURE_COUNT + f], 0, name)
      if (isHidden) assert.equal(bare.values[50 * FEATURE_COUNT + f], 0, name)
    })
  })
})

suite('with no more of price than volatility alone reads', () => {
  test('nothing else is known of price and book, and everything of positions, funding, flow and calendar', () => {
    const hours = makeHours({ hours: 100 })
    const part = allButPrice({
      ...hours,
      venues: [{ venue: 'binance', values: new Float32Array(), mask: new Uint8Array() }],
    })
    assert.deepEqual(part.venues, [])
    assert.deepEqual(part.labels, hours.labels)
    FEATURES.forEach(({ name }, f) => {
      const isHidden = /^(return|realised|range|volume|other-|volatility-ratio-slow|depth-z|depth-imbalance)/.test(name)
      const isKept =
        /^(log-volatility|volatility-ratio-fast|open-interest|funding|gain|taker|liquidat|hour|until)/.test(name)
      if (isKept) assert.equal(part.mask[50 * FEATURE_COUNT + f], 1, name)
      if (isHidden) assert.equal(part.mask[50 * FEATURE_COUNT + f], 0, name)
    })
  })
})

suite('the report of the ladder', () => {
  const gain = (low: number) => ({ value: low + 0.01, interval: { low, high: low + 0.02 } })
  const row = (rung: RungName, calibrationLoss: number, low: number): ProofRow => ({
    rung,
    calibrationLoss,
    skill: gain(low),
    targets: PRICE_ONLY.map((key) => ({ key, lift: 2, gain: gain(low) })),
  })
  const proof = (world: LadderWorld, low: number): LadderProof => ({
    world,
    samples: 1_000,
    targets: PRICE_ONLY.map((key) => ({ key, base: 0.02, episodes: 30 })),
    rows: [row('five-feature', 0.9, low), row('gru', 0.7, low), row('lstm', 0.6, low), row('tcn', 0.5, low)],
    chosen: 'lstm',
    parts: { overBare: row('lstm', 0, low), bare: row('lstm', 0, low), positions: row('lstm', 0, low) },
  })

  test('the network with the lowest loss on the calibration seeds is chosen, of those asked for', () => {
    assert.equal(chosenNetwork(proof('strong', 0.1), ['gru', 'lstm']), 'lstm')
    assert.throws(() => chosenNetwork(proof('strong', 0.1), ['transformer']), /were none/)
  })

  test('skill in the strong world and none elsewhere holds; skill where there is nothing to find, or none judged, fails', () => {
    const worlds = [proof('strong', 0.01), proof('null', -0.01), proof('placebo', 0)]
    const checks = ladderChecks({ chosen: 'lstm', worlds })
    assert.equal(checks.length, 30)
    assert.ok(checks.every(({ passed }) => passed))
    const wrong = ladderChecks({ chosen: 'lstm', worlds: [proof('strong', 0), proof('null', 0.01)] })
    assert.ok(wrong.every(({ passed }) => !passed))
    const bare = worlds.map(({ parts: _, ...rest }) => rest)
    const unjudged = ladderChecks({ chosen: 'lstm', worlds: bare })
    assert.equal(unjudged.filter(({ figure, passed }) => figure === 'not judged' && !passed).length, 18)
  })

  test('tells which network was chosen, every check with its figure, and every world', () => {
    const worlds = [proof('strong', 0.01), proof('null', 0.02)]
    const facts = { seeds: SEEDS, days: DAYS, everyHours: 4, chosen: 'lstm', worlds } as const
    const text = formatLadderProof({ command: 'npm run prove', ...facts, checks: ladderChecks(facts) })
    assert.match(text, /was taken: \*\*LSTM\*\*/)
    assert.match(text, /\| holds \| strong world, five features: less error .* \| 2\.0 % \[1\.0 %, 3\.0 %\] \|/)
    assert.match(text, /\| \*\*fails\*\* \| no-impact world, LSTM: no less error/)
    assert.match(text, /## Strong world[\s\S]*## No-impact world/)
    assert.match(text, /\| LSTM over itself by price and book alone \| 2\.0 % \[1\.0 %, 3\.0 %\] \| \|/)
    assert.match(text, /\| LSTM \| 2\.00, 0\.020 \[0\.010, 0\.030\] \|/)
  })
})
