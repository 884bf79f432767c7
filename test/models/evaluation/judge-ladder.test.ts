import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { claimsOf } from '../../../models/evaluation/claims.ts'
import { judgeLadder } from '../../../models/evaluation/judge-ladder.ts'
import {
  type EventRow,
  type LadderReport,
  LEAST_EPISODES,
  pooledCell,
} from '../../../models/evaluation/ladder-report.ts'
import { RESERVED } from '../../../models/evaluation/ledger.ts'
import { poolHeldOut } from '../../../models/evaluation/pool.ts'
import { formatLadder } from '../../../models/evaluation/report-markdown.ts'
import type { HeldOut } from '../../../models/held-out.ts'
import { targetOf } from '../../../models/targets.ts'
import { type MadeUp, madeUpLadder, START } from './made-up.ts'

const judge = (held: readonly HeldOut[], made: MadeUp = {}): LadderReport =>
  judgeLadder(poolHeldOut(held), {
    seed: 1,
    draws: 200,
    targets: (made.targets ?? ['cascade-down-24h']).map(targetOf),
  })
const judgeMade = (made: MadeUp = {}): LadderReport => judge(madeUpLadder(made), made)
const rowOf = (report: LadderReport, rung: string): EventRow =>
  pooledCell(report, 'cascade-down-24h')!.rows.find((row) => row.rung === rung)!

suite('a ladder of which each rung knows more', () => {
  const made: MadeUp = { folds: 3, days: 90 }
  const report = judgeMade(made)

  test('has each rung better than the one below, by weeks and by episodes', () => {
    for (const rung of ['volatility-only', 'five-feature']) {
      const { averagePrecision, brierSkill, verdict } = rowOf(report, rung).comparisons[0]!
      assert.equal(verdict, 'better')
      for (const { value, intervals, byEpisode } of [averagePrecision, brierSkill]) {
        assert.ok(intervals[95].low > 0 && intervals[95].low < value && value < intervals[95].high)
        assert.ok(intervals[95].low <= intervals[90].low && intervals[90].high <= intervals[95].high)
        assert.ok(byEpisode![95].low > 0)
      }
    }
    assert.deepEqual(
      rowOf(report, 'five-feature').comparisons.map(({ against }) => against),
      ['volatility-only', 'training rate'],
    )
  })

  test('says so over all its price-only targets at once', () => {
    const last = report.together.find(({ rung, against }) => rung === 'five-feature' && against === 'volatility-only')!
    assert.equal(last.brierSkill.verdict, 'better')
    assert.deepEqual(last.targets, ['cascade-down-24h'])
    // One target: the same figure as its own.
    const { value } = rowOf(report, 'five-feature').comparisons[0]!.brierSkill
    assert.ok(Math.abs(last.brierSkill.value - value) < 1e-12)
  })

  test('is judged by asset too, its episodes counted once where they came together', () => {
    const cells = report.events.map(({ scope, samples, episodes, marketEpisodes }) => ({
      scope,
      samples,
      episodes,
      marketEpisodes,
    }))
    assert.deepEqual(
      cells.map(({ scope }) => scope),
      ['all', 'ETH', 'BTC'],
    )
    const [all, eth, btc] = cells
    assert.equal(all!.samples, eth!.samples + btc!.samples)
    assert.equal(all!.episodes, eth!.episodes + btc!.episodes)
    assert.ok(all!.marketEpisodes < all!.episodes && all!.marketEpisodes > 20)
    assert.equal(report.events[0]!.marketDates.length, all!.marketEpisodes)
  })

  test('turned upside down is worse than what it stands on', () => {
    const worse = judgeMade({ ...made, rungs: { 'volatility-only': 4, 'five-feature': 1 } })
    assert.equal(rowOf(worse, 'five-feature').comparisons[0]!.verdict, 'worse')
  })

  test('of rungs that say the same is undetermined', () => {
    const same = judgeMade({ ...made, rungs: { 'volatility-only': 2, 'five-feature': 2 } })
    const { averagePrecision, verdict } = rowOf(same, 'five-feature').comparisons[0]!
    assert.equal(averagePrecision.value, 0)
    assert.equal(verdict, 'undetermined')
  })

  test('has no verdict where too little happened', () => {
    const short = judgeMade({ folds: 1, days: 12, assets: ['ETH'], seed: 3 })
    const cell = pooledCell(short, 'cascade-down-24h')!
    assert.ok(cell.marketEpisodes < LEAST_EPISODES)
    assert.equal(cell.scope, 'ETH')
    assert.ok(rowOf(short, 'five-feature').comparisons.every(({ verdict }) => verdict === 'too few episodes'))
  })
})

suite('the calibration gate', () => {
  const gates = (shift: number): readonly boolean[] =>
    [11, 12, 13, 14, 15].map(
      (seed) =>
        rowOf(
          judgeMade({ seed, folds: 2, days: 90, shift, rungs: { 'base-rate': 0, 'five-feature': 4 } }),
          'five-feature',
        ).gate!.passed,
    )

  test('lets the truth through, though not always: it is one test in twenty', () =>
    assert.ok(gates(0).filter(Boolean).length >= 4, `${gates(0)}`))
  test('stops the truth said too loud', () => assert.deepEqual(gates(1.2), [false, false, false, false, false]))
})

suite('values', () => {
  const report = judgeMade({ targets: ['volatility-24h'], folds: 2, days: 90 })
  const [cell] = report.values

  test('are judged by the share of the variance that is explained', () => {
    const row = cell!.rows.find(({ rung }) => rung === 'five-feature')!
    // Truth and noise have a variance of one each, so half can be known.
    assert.ok(Math.abs(row.scores.r2 - 0.5) < 0.08, `${row.scores.r2}`)
    assert.ok(row.intervals.r2[95].low < 0.5 && row.intervals.r2[95].high > 0.5)
    assert.equal(row.comparisons[0]!.verdict, 'better')
    assert.ok(row.scores.directionalAccuracy > row.scores.directionalBase)
  })
})

suite('pooling folds', () => {
  const held = madeUpLadder({ days: 20 })

  test('a rung that lacks a fold is said', () =>
    assert.throws(
      () => poolHeldOut(held.slice(0, -1)),
      /Expected the held-out answers of five-feature on fold 1 once, were 0 times/,
    ))

  test('rungs that were asked about other hours are not compared', () => {
    const last = held.at(-1)!
    const moved = { ...last, instants: last.instants.map((at) => at + 1) }
    assert.throws(() => poolHeldOut([...held.slice(0, -1), moved]), /five-feature to be asked about the samples/)
  })

  test('test segments that overlap are refused: an hour would count twice', () => {
    const again = held.filter(({ fold }) => fold === 0).map((piece) => ({ ...piece, fold: 2 }))
    assert.throws(() => poolHeldOut([...held, ...again]), /Expected test segments behind each other/)
  })

  test('a rung that answers some hours alone is compared on those', () => {
    const half = held.map((piece) =>
      piece.rung === 'five-feature'
        ? {
            ...piece,
            answers: {
              ...piece.answers,
              'cascade-down-24h': piece.answers['cascade-down-24h'].map((answer, i) => (i % 4 < 2 ? answer : null)),
            },
          }
        : piece,
    )
    const report = judge(half)
    const row = rowOf(report, 'five-feature')
    const { samples } = pooledCell(report, 'cascade-down-24h')!
    assert.equal(row.scores.samples, samples / 2)
    assert.equal(row.comparisons[0]!.samples, samples / 2)
    assert.equal(rowOf(report, 'volatility-only').scores.samples, samples)
  })
})

suite('what may be claimed', () => {
  const rungs = { 'base-rate': 0, 'volatility-only': 1, 'five-feature': 4 }
  /** The first seed of which the best rung passes the gate as well. */
  const held = madeUpLadder({ seed: 12, folds: 1, days: 180, rungs })
  const inReserved = held.map((piece) => {
    const move = (at: number): number => at - START + RESERVED.from + 1
    const { train, calibration, test: judged } = piece.segments
    return {
      ...piece,
      instants: piece.instants.map(move),
      segments: {
        train: [move(train[0]), move(train[1])] as const,
        calibration: [move(calibration[0]), move(calibration[1])] as const,
        test: [move(judged[0]), move(judged[1])] as const,
      },
    }
  })

  test('is nothing outside the stretch kept back', () => {
    const { onReserved, sentences } = claimsOf(judge(held))
    assert.equal(onReserved, false)
    assert.match(sentences[0]!, /Nothing here is a claim of skill.*judged on other dates/)
    assert.ok(sentences.every((sentence) => !sentence.startsWith('Claimed')))
  })

  test('is skill in it, by every interval and with the gate passed, at the first look alone', () => {
    const report = judge(inReserved)
    assert.equal(rowOf(report, 'five-feature').gate!.passed, true)
    const { onReserved, sentences } = claimsOf(report)
    assert.equal(onReserved, true)
    assert.ok(
      sentences.some((sentence) => /^Claimed: of falls beyond 2.5 σ within 24 h, five features finds/.test(sentence)),
    )
    assert.match(claimsOf(report, { seenBefore: report.rungs }).sentences[0]!, /not the first look/)
    const beside = claimsOf(report, { seenBefore: ['five-feature'] }).sentences
    assert.match(beside[0]!, /No skill is claimed: .* no rung that was looked at for the first time was better/)
    assert.ok(beside.includes('five features: looked at before, and here to be held against.'), beside.join('\n'))
  })

  test('is said to be none where there is none', () => {
    const flat = inReserved
      .filter(({ rung }) => rung !== 'five-feature')
      .map((piece) => (piece.rung === 'volatility-only' ? { ...piece, answers: inReserved[0]!.answers } : piece))
    assert.match(claimsOf(judge(flat)).sentences[0]!, /^No skill is claimed/)
  })

  test('stands in the report above its tables', () => {
    const words = { title: 'A ladder', command: 'npm run breakwater', about: ['Made up.'], pictures: ['a.png'] }
    const text = formatLadder(judge(inReserved), words)
    const places = [
      '# A ladder',
      'Made up.',
      '- Claimed: ',
      '### cascade-down, 24 h',
      '## Alerts',
      '![a](a.png)',
      '## Other events, descriptive',
    ].map((part) => text.indexOf(part))
    assert.ok(
      places.every((place, k) => place > (places[k - 1] ?? -1)),
      `${places}`,
    )
    assert.doesNotMatch(text, /NaN|undefined|Infinity/)
    const [header, line] = text.split('\n').filter((one) => /^\| (rung|five features)/.test(one))
    assert.equal(header!.split('|').length, line!.split('|').length)
  })

  test('what pooling adds has a table of its own', () => {
    const report = judge(held)
    const cell = pooledCell(report, 'cascade-down-24h')!
    const text = formatLadder(report, {
      title: 'A ladder',
      command: 'npm run breakwater',
      about: [],
      pictures: [],
      pooling: [
        {
          name: 'with ten further coins',
          trainedOn: { samples: 90_000, marketEpisodes: 61 },
          cell,
          row: cell.rows.at(-1)!,
        },
      ],
    })
    assert.match(
      text,
      /## What pooling adds[\s\S]*\| cascade-down-24h \| five features \| with ten further coins \| 90000 \| 61 \|/,
    )
  })
})
