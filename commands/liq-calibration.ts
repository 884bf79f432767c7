import { z } from 'zod'
import { describeCalibration } from '../src/app/cards.ts'
import { type CalibrationReport, type LiveRecord, MIN_EVENTS, MIN_PER_BIN } from '../src/app/report-calibration.ts'
import { command } from '../src/chat/command.ts'
import { HORIZONS } from '../src/domain/forecast.ts'
import { formatPercent, formatTime } from '../src/domain/format.ts'
import type { ReliabilityPicture } from '../src/domain/picture.ts'

/** `/liq calibration [symbol|all] [horizon]`: whether confidence came true, on this desk's record and on held-out data. */
export default command({
  name: 'liq calibration',
  description: 'Whether the confidence of clusters came true: live record and held-out figures',
  role: 'viewer',
  options: z.object({
    symbol: z
      .string()
      .regex(/^[A-Za-z][A-Za-z0-9]{1,9}$/, 'Expected an asset such as ETH, or all')
      .transform((value) => value.toUpperCase())
      .default('ALL')
      .describe('Asset, or all, which is the default'),
    horizon: z.enum(HORIZONS).default('24h').describe('4h, 24h or 72h, 24h by default'),
  }),

  async run({ options }, app) {
    const { symbol, horizon } = options
    const report = await app.reportCalibration({ ...(symbol === 'ALL' ? {} : { asset: symbol }), horizon })
    const { live, shipped } = report
    const about = symbol === 'ALL' ? 'all assets' : symbol
    if (!live && !shipped)
      return {
        tone: 'info',
        title: `${about}, ${horizon}: no record of confidence yet`,
        text: `A cluster is judged once its horizon and six hours for late figures have passed. ${NOTHING_SHIPPED}`,
      }
    const picture = pictureOf(about, report)
    return {
      tone: 'info',
      title: `Confidence of clusters within ${horizon}, ${about}`,
      ...(live
        ? {}
        : {
            text: 'Nothing has been judged on this desk yet: below are the held-out figures of the calibration it uses.',
          }),
      fields: [
        ...(live ? liveFields(live) : []),
        ...(shipped
          ? [
              {
                name: 'Held out',
                value: describeShipped(shipped),
              },
              { name: 'Calibration', value: `${describeCalibration(shipped.calibratedOn)}: ${shipped.trainedOn}` },
            ]
          : [{ name: 'Held out', value: NOTHING_SHIPPED }]),
      ],
      ...(picture ? { picture } : {}),
      footer:
        'One cluster and day is one sample. Event: touched, and open interest then fell or liquidations were printed. ECE 0 is perfect; Brier skill above 0 beats the base rate.',
    }
  },
})

const NOTHING_SHIPPED = 'The calibration that is loaded holds no held-out figures for this horizon.'

function describeShipped({
  samples,
  days,
  events,
  episodes,
  ...scores
}: NonNullable<CalibrationReport['shipped']>): string {
  const over = scores.skillOverBaseline
  return [
    `${samples} cluster-days on ${days} days, ${events} events${episodes === undefined ? '' : ` in ${episodes} episodes`}`,
    `ECE ${scores.ece.toFixed(3)}, Brier skill ${signed(scores.brierSkill)} over climatology (distance and volatility alone ${signed(scores.baselineBrierSkill)})`,
    ...(over
      ? [`${signed(over.value)} [${signed(over.low)}, ${signed(over.high)}] over distance and volatility alone`]
      : []),
  ].join('; ')
}

function liveFields(live: LiveRecord): { name: string; value: string }[] {
  const { scores } = live
  const unknown = live.unknown > 0 ? `; ${live.unknown} more with an outcome that nobody heard are not counted` : ''
  return [
    {
      name: 'Live record',
      value: `${live.samples} cluster-days on ${live.days} days, ${dayOf(live.since)} to ${dayOf(live.until)}${unknown}`,
    },
    {
      name: 'What came',
      value: `${live.touched} touched, ${live.events} events in ${live.episodes} episodes (those of one side within 24 h are one)`,
    },
    {
      name: 'Score',
      value: scores
        ? `ECE ${scores.confidence.ece.toFixed(3)} (distance and volatility alone ${scores.baseline.ece.toFixed(3)}); Brier skill ${signed(scores.confidence.brierSkill)} over climatology (${signed(scores.baseline.brierSkill)}), ${signed(scores.againstBaseline)} over distance and volatility alone`
        : `too few to say: ${live.events} of the ${MIN_EVENTS} events it takes`,
    },
    { name: 'Said from', value: live.calibratedOn.map(describeCalibration).join(', then ') },
  ]
}

/** The live record where it has a bin; otherwise what was held out. */
function pictureOf(about: string, { horizon, live, shipped }: CalibrationReport): ReliabilityPicture | undefined {
  const ofLive = live !== undefined && live.bins.length > 0
  const [bins, baselineBins] = ofLive
    ? [live.bins, live.baselineBins]
    : [shipped?.reliability ?? [], shipped?.baselineReliability ?? []]
  if (bins.length === 0) return undefined
  const counts = ofLive ? live : shipped!
  const calibratedOn = ofLive ? live.calibratedOn : [shipped!.calibratedOn]
  const spread = bins
    .map(
      ({ meanProbability, rate, low, high }) =>
        `said ${formatPercent(meanProbability)}, came ${formatPercent(rate)} [${formatPercent(low)}, ${formatPercent(high)}]`,
    )
    .join('; ')
  return {
    kind: 'reliability',
    title: `Confidence of clusters within ${horizon}: said against came`,
    subtitle: `${ofLive ? `live record, ${about}` : live ? 'held-out data (the live record is too short)' : 'held-out data, no live record yet'}: ${counts.samples} cluster-days on ${counts.days} days, ${counts.events} events; ${calibratedOn.map(describeCalibration).join(', then ')}`,
    alt: `Reliability in ${bins.length} ${bins.length === 1 ? 'bin' : 'bins'} of at least ${Math.min(MIN_PER_BIN, ...bins.map(({ count }) => count))} samples: ${spread}.`,
    curves: [
      { name: 'confidence', bins },
      ...(baselineBins.length > 0 ? [{ name: 'distance and volatility alone', bins: baselineBins }] : []),
    ],
  }
}

const dayOf = (at: Parameters<typeof formatTime>[0]): string => formatTime(at).slice(0, 10)
const signed = (value: number): string => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}`
