import { MINUTE, SECOND } from '../domain/units.ts'
import { ACCEPTANCE, type Cell, type Interval, type Judged, type SlippageStudy } from './slippage.ts'

/** One assumption changed, everything else as in the study. */
export interface Sensitivity {
  readonly what: string
  readonly study: SlippageStudy
}

export interface SlippageReport {
  readonly command: string
  readonly study: SlippageStudy
  readonly sensitivities: readonly Sensitivity[]
}

/** The report as Markdown, with the command that makes it. */
export function formatSlippage({ command, study, sensitivities }: SlippageReport): string {
  const { terms, sizes, sources, cells } = study
  const pooled = cells.filter(({ size }) => size === undefined)
  const headline = pooled.length > 0 ? pooled : cells
  return [
    '# Slippage: schedules against one market sweep',
    '',
    `Written by \`${command}\`.`,
    '',
    `**Every book here is synthetic**: no order book was recorded in full. Prices are recorded minutes where a source says so and made up where it says synthetic; around them stands a book built from depth, an assumed spread of ${terms.spread} bps and the square-root law. What is compared is fair between schedules; it is no measurement of a venue.`,
    '',
    `## The target: ${percent(ACCEPTANCE)} against naive market orders`,
    '',
    `Implementation shortfall against the mid on arrival, fees included, in bps of the parent. *Met*: the whole 95 % interval lies at ${percent(ACCEPTANCE)} or below; *not met*: the whole interval lies above it; *open*: it straddles.`,
    '',
    ...headline.flatMap((cell) => [
      `### ${titleOf(cell)}`,
      '',
      `One market sweep costs ${interval(cell.sweep.cost)} bps.`,
      '',
      '| schedule | cost, bps | difference, bps | of it fees | change | target |',
      '|---|---|---|---|---|---|',
      ...cell.contenders.map(
        (one) =>
          `| ${one.name} | ${one.cost.value.toFixed(2)} | ${interval(one.difference)} | ${signed(one.fees - cell.sweep.fees)} | ${percents(one.change)} | ${one.verdict} |`,
      ),
      '',
    ]),
    '## By size',
    '',
    'Cost = delay + spread and impact + fees + unfilled. Delay is what mid did before the order that filled was sent, what the parent’s own earlier fills did to it included: an order that rests misses the market when it runs away, so this is the price of waiting. *One order* is the standard deviation of a single order’s cost: what waiting risks, and a sweep does not.',
    '',
    ...cells.filter(({ size }) => size !== undefined).flatMap(sizeTable),
    '## What the result hangs on',
    '',
    ...sensitivityTable(sensitivities, study),
    '',
    '## How it is made',
    '',
    ...sources.map(({ name, origin, note }) => `- ${name} (${origin} prices, synthetic book): ${note}.`),
    `- ${study.parents} parents for each source and size (Q/ADV ${sizes.join(', ')} of the day before), started evenly over the record after its first eight days, seed ${study.seed}. Each is run as a buy and as a sell on the same prices and counts once, so that the market’s own direction cancels; the bootstrap (2,000 draws) draws parents with everything measured on them.`,
    `- Each schedule lasts ${terms.duration / MINUTE} minutes, slices of at most ${terms.maxClip} USD before jitter. Its children live as in production, by the same code: post-only at the touch for ${terms.passiveWait / SECOND} s, put anew at most three times when mid has moved, then across with a limit of mid ± max(3 bps, one standard deviation of a minute). Fees: maker ${terms.makerFee}, taker ${terms.takerFee} bps.`,
    '- Prices move every five seconds on a random walk within each minute’s high and low. A resting order is last in its queue: it fills only when the market has traded past its price by a tick, and then with at most a tenth of what trades in those five seconds. So it is filled when the market goes against it, as it would be, and later and dearer than on a venue, which does not look only every five seconds.',
    '- Everything a parent has filled, resting or crossing, moves the price by 0.7·σ_d·√(filled/ADV): a third for good, the rest with a half-life of one hour. What is taken at once pays the slope of the book (its depth within 1 %, even over that range) where that is steeper. Between two orders the book fills up again.',
    '- The sweep is one immediate order for the whole parent, in the same book, without a limit and without a wait.',
    '- What stays unfilled counts at the mid of the end, without fee or spread, as the definition of the shortfall has it: that flatters a schedule that leaves much, which is POV on large parents.',
    '- Not in it: latency, other desks reacting to what rests, rebates, outages, venues that differ, and parents chosen because the market is moving, which is when hedges are made: for those the delay is dearer than shown.',
    '',
  ].join('\n')
}

const titleOf = ({ source, size, parents }: Cell): string =>
  `${source}, ${size === undefined ? 'all sizes' : `Q/ADV ${size}`} (${parents} parents)`

const sizeTable = (cell: Cell): readonly string[] => [
  `### ${titleOf(cell)}`,
  '',
  '| | cost, bps | delay | spread and impact | fees | unfilled | one order | filled | maker | difference, bps | change | target |',
  '|---|---|---|---|---|---|---|---|---|---|---|---|',
  `| ${[...figures(cell.sweep), '', '', ''].join(' | ')} |`,
  ...cell.contenders.map(
    (one) => `| ${[...figures(one), interval(one.difference), percents(one.change), one.verdict].join(' | ')} |`,
  ),
  '',
]

const figures = (one: Cell['sweep'] | Judged): readonly string[] => [
  one.name,
  interval(one.cost),
  signed(one.delay),
  signed(one.spreadAndImpact),
  signed(one.fees),
  signed(one.opportunity),
  one.deviation.toFixed(1),
  percent(one.filledShare),
  percent(one.makerShare),
]

function sensitivityTable(sensitivities: readonly Sensitivity[], study: SlippageStudy): readonly string[] {
  if (sensitivities.length === 0) return ['Not run.']
  const size = sensitivities[0]!.study.sizes[0]!
  const row = (what: string, cell: Cell): string =>
    `| ${what} | ${cell.source} | ${cell.sweep.cost.value.toFixed(2)} | ${cell.contenders[0]!.cost.value.toFixed(2)} | ${percents(cell.contenders[0]!.change)} | ${cell.contenders[0]!.verdict} |`
  const cellsOf = (one: SlippageStudy): readonly Cell[] => one.cells.filter((cell) => cell.size === size)
  return [
    `${sensitivities[0]!.study.cells[0]!.contenders[0]!.name} at Q/ADV ${size}, one assumption changed at a time.`,
    '',
    '| assumption | source | sweep, bps | schedule, bps | change | target |',
    '|---|---|---|---|---|---|',
    ...cellsOf(study).map((cell) => row('as above', cell)),
    ...sensitivities.flatMap(({ what, study: other }) => cellsOf(other).map((cell) => row(what, cell))),
    '',
    ...[{ what: 'as above', study }, ...sensitivities].map(
      ({ what, study: one }) =>
        `- ${what}: met on ${cellsOf(one).filter((cell) => cell.contenders[0]!.verdict === 'met').length} of ${cellsOf(one).length} sources; the schedule saves ${range(cellsOf(one).map(savedBesideFees))} bps besides fees.`,
    ),
  ]
}

/** Negative: resting and waiting cost more than crossing at once would have. */
const savedBesideFees = ({ sweep, contenders: [first] }: Cell): number =>
  sweep.cost.value - sweep.fees - (first!.cost.value - first!.fees)

const range = (values: readonly number[]): string => `${signed(Math.min(...values))} to ${signed(Math.max(...values))}`
const signed = (value: number): string => (Math.abs(value) < 0.005 ? '0.00' : value.toFixed(2))
const percent = (share: number): string => `${(share * 100).toFixed(0)} %`
const interval = ({ value, low, high }: Interval): string => `${signed(value)} [${signed(low)}, ${signed(high)}]`
const tenths = (share: number): string => (Math.abs(share) < 5e-4 ? '0.0' : (share * 100).toFixed(1))
const percents = ({ value, low, high }: Interval): string => `${tenths(value)} % [${tenths(low)}, ${tenths(high)}]`
