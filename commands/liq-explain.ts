import { z } from 'zod'
import { REMEMBERED_DAYS } from '../src/app/explain-cluster.ts'
import { command } from '../src/chat/command.ts'
import type { Card } from '../src/domain/card.ts'
import { type Cluster, type ClusterConfidence, HORIZONS } from '../src/domain/forecast.ts'
import { formatAge, formatChance, formatPercent, formatPrice, formatTime, formatUsd } from '../src/domain/format.ts'
import type { EventRule } from '../src/domain/liquidation/cluster-outcome.ts'
import type { TimestampMs } from '../src/domain/units.ts'
import {
  bandOf,
  describeData,
  distanceOf,
  ESTIMATE,
  type Estimated,
  sharesOf,
  shortId,
  sideOf,
  WHY_UNDETERMINED,
} from './liq-text.ts'

const MOST_NAMED = 6

/** `/liq explain <cluster>`: what a cluster is made of and how its confidence came about, also when it has vanished since. */
export default command({
  name: 'liq explain',
  description: 'What a cluster is made of and how its confidence comes about',
  role: 'viewer',
  options: z.object({
    cluster: z
      .string()
      .regex(/^[0-9A-Za-z-]{4,32}$/, 'Expected the id of a cluster, or its first four characters or more')
      .describe('Its id on /liq clusters or on an alert, or the first four characters or more'),
  }),

  async run({ options, at }, app) {
    const found = await app.explainCluster(options.cluster)
    const rule = app.eventRule()
    switch (found.kind) {
      case 'standing':
        return explain(found.cluster, { at, seenAt: found.seenAt, rule })
      case 'vanished': {
        const fate = found.reached ? 'price has been at its peak since' : 'price has not been at its peak since'
        return explain(found.cluster, {
          at,
          seenAt: found.seenAt,
          rule,
          gone: `No longer on the map: last seen ${formatTime(found.seenAt)}, ${formatAge(at - found.seenAt)} ago; ${fate}. This is how it stood then.`,
        })
      }
      case 'ambiguous':
        return {
          tone: 'refused',
          title: `${options.cluster} is the beginning of ${found.clusters.length} ids`,
          text: 'Type one more character of the one you mean.',
          fields: found.clusters.map(nameOf),
        }
      case 'not-found':
        return {
          tone: 'refused',
          title: `There is no cluster ${options.cluster}`,
          text: `None of the last ${REMEMBERED_DAYS} days has an id that begins so.${found.standing.length > 0 ? ' Nearest to the price stand:' : ' None stands now.'}`,
          fields: found.standing.slice(0, MOST_NAMED).map(nameOf),
        }
    }
  },
})

const nameOf = (cluster: Cluster) => ({
  name: shortId(cluster.clusterId),
  value: `${cluster.asset} ${sideOf(cluster)} at ${formatPrice(cluster.peakPrice)}, ${distanceOf(cluster)}`,
})

function explain(
  cluster: Cluster,
  { at, seenAt, gone, rule }: { at: TimestampMs; seenAt: TimestampMs; gone?: string; rule: EventRule },
): Card {
  const said = HORIZONS.map((horizon) => cluster.confidence[horizon])
  const estimated = said.find((one): one is Estimated => one.kind === 'estimated')
  const closing = cluster.side === 'sell' ? 'their closing orders sell' : 'their closing orders buy'
  return {
    tone: gone === undefined ? 'info' : 'warning',
    title: `${cluster.asset}: ${sideOf(cluster)} that would be liquidated at ${formatPrice(cluster.peakPrice)}`,
    ...(gone === undefined ? {} : { text: gone }),
    fields: [
      {
        name: 'Where',
        value: `${bandOf(cluster)}, peak ${formatPrice(cluster.peakPrice)}, ${distanceOf(cluster)}, ${cluster.distanceSigma.toFixed(1)} standard deviations of a day; ${closing}`,
      },
      {
        name: 'Size',
        value: `${formatUsd(cluster.notional)}, ${formatPercent(cluster.shareOfOpenInterest)} of open interest`,
      },
      { name: 'Cascade gain', value: gainOf(cluster) },
      { name: 'Venues', value: sharesOf(cluster.venueShares) || 'not known' },
      { name: 'Leverage', value: leverageOf(cluster, seenAt) },
      {
        name: 'Age',
        value: `half of it is older than ${formatAge(cluster.age)}; first seen ${formatTime(cluster.firstSeenAt)}`,
      },
      {
        name: 'What is asked',
        value: `price trades at ${formatPrice(cluster.peakPrice)}, and ${inWords(rule)}`,
      },
      ...HORIZONS.map((horizon) => ({ name: `Within ${horizon}`, value: madeOf(cluster.confidence[horizon]) })),
      ...(estimated ? [{ name: 'Data', value: describeData(estimated) }] : []),
    ],
    footer: `Cluster ${cluster.clusterId}, forecast ${formatAge(at - seenAt)} old; ${ESTIMATE}`,
  }
}

const inWords = ({ fallWindow, minFall, fallOfCluster }: EventRule): string =>
  `within ${formatAge(fallWindow)} (longer where open interest comes more seldom) open interest falls by ${formatPercent(minFall, 0)}${fallOfCluster > 0 ? ` or by ${formatPercent(fallOfCluster, 0)} of the cluster, whichever is more` : ''}, or 20 % of the cluster is printed as liquidations`

const gainOf = ({ gain, side }: Cluster): string =>
  gain === undefined
    ? 'not known: no order book is shown of the venues whose open interest it is'
    : `${gain.toFixed(2)}: of each 1 % that price ${side === 'sell' ? 'falls' : 'rises'} into it, forced orders push it ${(gain).toFixed(2)} % further against the depth there is; from 1 on it feeds itself`

/** A share that would be written as 0 % is left out. */
const WORTH_NAMING = 0.005

function leverageOf({ leverage }: Cluster, seenAt: TimestampMs): string {
  const named = leverage.filter(({ share }) => share >= WORTH_NAMING)
  if (named.length === 0) return 'not known'
  return named
    .map(
      (one) =>
        `${one.leverage}x ${formatPercent(one.share, 0)}: entered at ${formatPrice(one.lowEntryPrice)}–${formatPrice(one.highEntryPrice)}, opened ${formatAge(seenAt - one.openedAt)} before on average`,
    )
    .join('\n')
}

const madeOf = (said: ClusterConfidence): string =>
  said.kind === 'undetermined'
    ? `undetermined: ${WHY_UNDETERMINED[said.reason]}`
    : `touch ${formatPercent(said.pTouch)} × event when touched ${formatPercent(said.pEventGivenTouch)} = ${formatPercent(said.pTouch * said.pEventGivenTouch)}, calibrated ${formatChance(said.confidence)} [${formatPercent(said.low)}, ${formatPercent(said.high)}]; distance and volatility alone ${formatChance(said.baseline)}`
