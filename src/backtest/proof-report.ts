import type { HorizonReport } from '../../models/confidence-report.ts'
import { HORIZONS } from '../domain/forecast.ts'
import type { AlertRate } from './alert-path.ts'
import type { Recovery, RecoveryReport } from './recovery.ts'
import type { WorldProof } from './simulated-proof.ts'

export type MapName = 'right' | 'wrong' | 'learned'

/** Everything that `prove` found, as it is written to JSON. */
export interface ProofReport {
  readonly command: string
  readonly recovery: readonly ({ readonly seed: number } & RecoveryReport<MapName>)[]
  readonly worlds: readonly WorldProof[]
  readonly alerts: AlertProof
  readonly checks: readonly Check[]
}

/** Alerts of the shipped confidence at the default rules: decided once a bar, and on the path of thirty seconds. */
export interface AlertProof {
  readonly threshold: number
  readonly seeds: readonly number[]
  readonly days: number
  readonly maxHours: number
  readonly bars: readonly AlertRate[]
  readonly path: readonly AlertRate[]
}

export interface Check {
  readonly what: string
  readonly passed: boolean
  readonly figure: string
}

/** What must hold; each with the figure that decided it. */
export function checksOf({ recovery, worlds, alerts }: Omit<ProofReport, 'checks' | 'command'>): readonly Check[] {
  const onPath = alerts.path.find(({ threshold }) => threshold === alerts.threshold)
  const worst = (pick: (row: ProofReport['recovery'][number]) => number): number => Math.min(...recovery.map(pick))
  const most = (pick: (row: ProofReport['recovery'][number]) => number): number => Math.max(...recovery.map(pick))
  const above = (what: string, value: number, limit: number): Check => ({
    what,
    passed: value > limit,
    figure: `${value.toFixed(3)} > ${limit}`,
  })
  const day = (kind: WorldProof['world']): WorldProof | undefined => worlds.find(({ world }) => world === kind)
  const [planted, nothing, placebo] = [day('planted'), day('null-without-book'), day('placebo')]
  const skill = (row: HorizonReport | undefined): string =>
    row ? `${percent(row.brierSkillOverDistance)} [${span(row)}]` : 'not judged'
  return [
    above(
      'map correlation, right prior, worst seed',
      worst(({ right }) => right.correlation),
      0.9,
    ),
    above(
      'map recall, right prior, worst seed',
      worst(({ right }) => right.recall),
      0.85,
    ),
    above(
      'map correlation, wrong prior, worst seed',
      worst(({ wrong }) => wrong.correlation),
      0.7,
    ),
    above(
      'map recall, wrong prior, worst seed',
      worst(({ wrong }) => wrong.recall),
      0.75,
    ),
    {
      what: 'static map stays below 0.4 in correlation and recall, best seed',
      passed: most((row) => Math.max(row.static.correlation, row.static.recall)) < 0.4,
      figure: most((row) => Math.max(row.static.correlation, row.static.recall)).toFixed(3),
    },
    {
      what: 'learning leverage explains forced volume out of sample, worst seed (ΔR²)',
      passed: worst(({ learning }) => learning.right.deltaR2) > 0,
      figure: worst(({ learning }) => learning.right.deltaR2).toFixed(3),
    },
    ...HORIZONS.flatMap((horizon): Check[] => {
      const row = planted?.event[horizon]
      return [
        {
          what: `calibration gate within ${horizon}`,
          passed: row?.gate.passed === true,
          figure: row ? `ECE ${row.gate.ece.toFixed(4)}, bound ${row.gate.eceBound.toFixed(4)}` : 'not judged',
        },
        {
          what: `expected calibration error within ${horizon} < 0.02`,
          passed: row !== undefined && row.ece < 0.02,
          figure: row?.ece.toFixed(4) ?? 'not judged',
        },
        {
          what: `better than distance and volatility alone within ${horizon}, planted world`,
          passed: row !== undefined && row.brierSkillInterval.low > 0,
          figure: skill(row),
        },
        {
          what: `not better than distance and volatility alone within ${horizon}, placebo`,
          passed: (placebo?.event[horizon]?.brierSkillInterval.low ?? Number.POSITIVE_INFINITY) <= 0,
          figure: skill(placebo?.event[horizon]),
        },
        {
          what: `no skill for price going on within ${horizon} where liquidations do not move price (no book shown)`,
          passed: (nothing?.continued[horizon]?.brierSkillInterval.low ?? Number.POSITIVE_INFINITY) <= 0,
          figure: skill(nothing?.continued[horizon]),
        },
      ]
    }),
    {
      what: 'alerts at the default threshold stand for less than a tenth of the time on the path of 30 s',
      passed: onPath !== undefined && onPath.shareOfTime < 0.1,
      figure: onPath ? `${percent(onPath.shareOfTime)}, ${onPath.perDay.toFixed(2)} a day` : 'not measured',
    },
    {
      what: 'at least 5,000 cluster-days out of sample',
      passed: (planted?.testSamples ?? 0) >= 5_000,
      figure: String(planted?.testSamples ?? 0),
    },
  ]
}

export function formatProof(report: ProofReport): string {
  const { recovery, worlds, checks, alerts } = report
  const pair = ({ correlation, recall }: Recovery): string => `${correlation.toFixed(3)} / ${recall.toFixed(3)}`
  return [
    '# Liquidation map and cluster confidence on simulated markets',
    '',
    `Written by \`${report.command}\`. The markets are simulated and know where every position is; the map sees only what their venues publish. What holds here is a proof of the machinery, not of skill on real markets.`,
    '',
    '## Checks',
    '',
    '| | check | figure |',
    '|---|---|---|',
    ...checks.map(({ what, passed, figure }) => `| ${passed ? 'holds' : '**fails**'} | ${what} | ${figure} |`),
    '',
    '## Recovery of the true map (correlation / recall of the top 3 among the top 5 within 50 bps)',
    '',
    '`wrong prior`: leverage shares and holding times wrong on purpose, nothing learned; `learning`: the same, with shares learned monthly; `static`: all open interest entered at the current price. ΔR²: what the swept coins explain of forced volume beyond the return, on months that nothing was fitted on.',
    '',
    '| seed | right prior | wrong prior | wrong prior, learning | static | ΔR² | open interest off by at most |',
    '|---|---|---|---|---|---|---|',
    ...recovery.map(
      (row) =>
        `| ${row.seed} | ${pair(row.right)} | ${pair(row.wrong)} | ${pair(row.learned)} | ${pair(row.static)} | ${row.learning.right.deltaR2.toFixed(3)} | ${percent(row.largestError)} |`,
    ),
    '',
    '## Confidence on seeds that nothing was fitted on',
    '',
    'Skill is 1 − Brier/Brier of distance and volatility alone, with its 95 % interval by week-long blocks. *Event*: the cluster is touched and open interest then falls. *Price goes on*: touched, and price goes a standard deviation of two hours beyond within two hours.',
    '',
    'In the placebo clusters, open interest, funding, flow and depth are those of another market, each cluster as far from the price as it was there. In it, and in `planted-fixed` beside it, a fall of open interest counts from 1 % on whatever the cluster: under the usual rule (at least 0.3 of the cluster) the size of even a wrong cluster would say something about the event.',
    '',
    'In the null world depth is thin when volatility is high, so that a book tells a little of volatility that past returns do not yet: with it, the longest horizon may show a trace of skill for price going on. `null-without-book` is the same world with no book shown: what positions alone can say.',
    '',
    'In the null world liquidations do not move price, yet the event is still partly mechanical: positions near the price are closed whenever price moves, and open interest falls with them. That skill is no skill on price; the rows "price goes on" say whether there is any.',
    '',
    '| world | asked | within | clusters | episodes | rate | ECE | skill over distance | skill over climatology | gate |',
    '|---|---|---|---|---|---|---|---|---|---|',
    ...worlds.flatMap((world) =>
      (['event', 'continued'] as const).flatMap((target) =>
        HORIZONS.flatMap((horizon) => {
          const row = world[target][horizon]
          if (!row)
            return [`| ${world.world} | ${NAMES[target]} | ${horizon} | | | | | undetermined: too few outcomes | | |`]
          return [
            `| ${world.world} | ${NAMES[target]} | ${horizon} | ${row.samples} | ${row.episodes} | ${percent(row.base)} | ${row.ece.toFixed(4)} | ${percent(row.brierSkillOverDistance)} [${span(row)}] | ${percent(row.brierSkill)} | ${row.gate.passed ? 'passed' : 'not passed'} |`,
          ]
        }),
      ),
    ),
    '',
    '## Alerts on the path that people see',
    '',
    `The shipped confidence at the default rules on ${alerts.seeds.length} markets of ${alerts.days} days with bars of five minutes (seeds ${alerts.seeds.join(', ')}). *Path*: a forecast every thirty seconds, between bars only distance, age and touch changing; *bars*: once a bar. The default threshold is ${alerts.threshold}. *Touched* and *cascaded* count what came while the alert stood, at most ${alerts.maxHours} h before a touch; the event of its confidence has 24 h.`,
    '',
    '| threshold | raised a day, path (bars) | share of time, path (bars) | touched | cascaded | event within 24 h of being raised | median lead |',
    '|---|---|---|---|---|---|---|',
    ...alerts.path.map((row, k) => {
      const bars = alerts.bars[k]!
      return `| ${row.threshold} | ${row.perDay.toFixed(2)} (${bars.perDay.toFixed(2)}) | ${percent(row.shareOfTime)} (${percent(bars.shareOfTime)}) | ${row.touched} of ${row.raised} | ${row.cascaded} | ${row.cameTrue} of ${row.judged}: ${percent(row.judged > 0 ? row.cameTrue / row.judged : 0)} | ${row.leadHours === null ? '' : `${row.leadHours.toFixed(1)} h`} |`
    }),
    '',
    ...reliabilityTable(worlds.find(({ world }) => world === 'planted')?.event['24h']),
  ].join('\n')
}

const NAMES = { event: 'event', continued: 'price goes on' } as const

/** Forecast against outcome, with Wilson's 90 % interval of each bin. */
export const reliabilityTable = (row: HorizonReport | undefined): readonly string[] =>
  row
    ? [
        `## Reliability within ${row.horizon} (bins of equal count)`,
        '',
        '| forecast | came | 90 % interval | clusters |',
        '|---|---|---|---|',
        ...row.reliability.map(
          (bin) =>
            `| ${percent(bin.meanProbability)} | ${percent(bin.rate)} | ${percent(bin.low)} to ${percent(bin.high)} | ${bin.count} |`,
        ),
        '',
      ]
    : []

export const percent = (share: number): string => `${(share * 100).toFixed(1)} %`
export const span = ({ brierSkillInterval: { low, high } }: HorizonReport): string =>
  `${(low * 100).toFixed(1)}, ${(high * 100).toFixed(1)}`
