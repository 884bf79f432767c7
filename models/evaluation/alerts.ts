/**
 * What a desk would have had of the alerts: how many came true, how many episodes they were there for, how early, what they were
 * worth.
 *
 * @module
 * @see specification §2.5
 */
import type { Asset } from '../../src/domain/market/tick.ts'
import { createRandom } from '../../src/domain/random.ts'
import { DAY, HOUR } from '../../src/domain/units.ts'
import { type Spread, spreadOf } from '../metrics.ts'
import { episodesOf, type Positive } from './episodes.ts'

/** One answer and what came of it. */
export interface Decision {
  readonly asset: Asset
  readonly at: number
  readonly probability: number
  /** At this probability and above an alert is raised; NaN where none is. */
  readonly threshold: number
  readonly label: number
  /** What a hedge against the event earns over the horizon per unit, before costs and carry: minus the return for a fall. */
  readonly move?: number
  /** Funding it earns over the horizon per unit. */
  readonly carry?: number
}

export interface AlertFigures {
  readonly alerts: number
  /** Over all assets. */
  readonly alertsPerDay: number
  readonly falseAlertsPerDay: number
  /** Share of alerts after which the event came. NaN without alerts. */
  readonly precision: number
  readonly episodes: number
  /** Share of episodes with an alert at one of their positive hours. NaN without episodes. */
  readonly recall: number
  /** Hours from the first alert within the 72 before an episode's first positive hour; one entry an episode that had one. */
  readonly leadHours: readonly number[]
  readonly lead?: Spread
  /** Share of episodes whose first alert came at least `LEAD_STEPS` hours before, one entry a step. */
  readonly leadShares: readonly number[]
  /** The same number of alerts at hours that mean nothing: the same alerts moved round the period, mean over many moves. */
  readonly byChance: {
    readonly precision: number
    readonly recall: number
    readonly leadMedian: number
    readonly leadShares: readonly number[]
  }
}

export const COOLDOWN_HOURS = 6
export const LOOK_BACK_HOURS = 72
export const LEAD_STEPS = Array.from({ length: 13 }, (_, k) => LOOK_BACK_HOURS - 6 * k)
const CHANCE_DRAWS = 50

/**
 * Figures of the alerts that the thresholds raise, each asset silent for six hours after one.
 *
 * At an alert a day, most episodes have one within three days before them by chance alone; so chance stands beside every figure.
 *
 * @param decisions - in order of time
 */
export function alertFigures(decisions: readonly Decision[], { seed }: { seed: number }): AlertFigures {
  const alerts = raise(decisions, ({ probability, threshold }) => probability >= threshold)
  const episodes = episodesOf(positivesOf(decisions))
  const days = daysOf(decisions)
  const figures = judge(alerts, episodes)
  return {
    alerts: alerts.length,
    alertsPerDay: alerts.length / days,
    falseAlertsPerDay: alerts.filter(({ label }) => label === 0).length / days,
    episodes: episodes.length,
    ...figures,
    lead: spreadOf(figures.leadHours),
    leadShares: leadSharesOf(figures.leadHours, episodes.length),
    byChance: chanceOf(decisions, alerts, { episodes, seed }),
  }
}

/** The decisions at which an alert is raised: those asked for, unless the asset had one within six hours before. */
export function raise(decisions: readonly Decision[], isAsked: (decision: Decision) => boolean): readonly Decision[] {
  const silentUntil = new Map<Asset, number>()
  return decisions.filter((decision) => {
    if (!isAsked(decision) || decision.at < (silentUntil.get(decision.asset) ?? 0)) return false
    silentUntil.set(decision.asset, decision.at + COOLDOWN_HOURS * HOUR)
    return true
  })
}

type Alert = Pick<Decision, 'asset' | 'at' | 'label'>
type Found = ReturnType<typeof episodesOf>

function judge(alerts: readonly Alert[], episodes: Found): Pick<AlertFigures, 'precision' | 'recall' | 'leadHours'> {
  const byAsset = Map.groupBy(alerts, ({ asset }) => asset)
  let caught = 0
  const leadHours: number[] = []
  for (const { from, to, assets } of episodes) {
    const own = byAsset.get(assets[0]!) ?? []
    const first = firstFrom(own, from - LOOK_BACK_HOURS * HOUR)
    if (own[first] && own[first].at <= from) leadHours.push((from - own[first].at) / HOUR)
    for (let k = firstFrom(own, from); k < own.length && own[k]!.at <= to; k++) {
      if (own[k]!.label === 0) continue
      caught++
      break
    }
  }
  return {
    precision: alerts.filter(({ label }) => label === 1).length / alerts.length,
    recall: caught / episodes.length,
    leadHours,
  }
}

/** Number of the first alert at an instant or after it, of alerts in order of time. */
function firstFrom(alerts: readonly Alert[], at: number): number {
  let [low, high] = [0, alerts.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (alerts[middle]!.at < at) low = middle + 1
    else high = middle
  }
  return low
}

/** Alerts moved round each asset's own decisions by a step drawn at random: as many, as clustered, and blind. */
function chanceOf(
  decisions: readonly Decision[],
  alerts: readonly Decision[],
  { episodes, seed }: { episodes: Found; seed: number },
): AlertFigures['byChance'] {
  const random = createRandom(seed)
  const byAsset = Map.groupBy(decisions, ({ asset }) => asset)
  const places = [...byAsset].map(([asset, own]) => {
    const position = new Map(own.map((decision, i) => [decision, i]))
    return { own, at: alerts.flatMap((alert) => (alert.asset === asset ? [position.get(alert)!] : [])) }
  })
  const draws = Array.from({ length: CHANCE_DRAWS }, () => {
    const share = random()
    const moved = places.flatMap(({ own, at }) => {
      const step = Math.floor(share * own.length)
      return at.map((i) => own[(i + step) % own.length]!).sort((a, b) => a.at - b.at)
    })
    const { precision, recall, leadHours } = judge(moved, episodes)
    const leadMedian = spreadOf(leadHours)?.median ?? Number.NaN
    return { precision, recall, leadMedian, leadShares: leadSharesOf(leadHours, episodes.length) }
  })
  const meanOf = (of: (draw: (typeof draws)[number]) => number): number => {
    const known = draws.map(of).filter((value) => !Number.isNaN(value))
    return known.reduce((sum, value) => sum + value, 0) / known.length
  }
  return {
    precision: meanOf(({ precision }) => precision),
    recall: meanOf(({ recall }) => recall),
    leadMedian: meanOf(({ leadMedian }) => leadMedian),
    leadShares: LEAD_STEPS.map((_, k) => meanOf(({ leadShares }) => leadShares[k]!)),
  }
}

const leadSharesOf = (leadHours: readonly number[], episodes: number): readonly number[] =>
  LEAD_STEPS.map((step) => leadHours.filter((hours) => hours >= step).length / episodes)

const positivesOf = (decisions: readonly Decision[]): readonly Positive[] =>
  decisions.filter(({ label }) => label === 1).map(({ asset, at }) => ({ asset, at }))

/** Days that decisions were taken on: gaps between test segments are none. */
const daysOf = (decisions: readonly Decision[]): number =>
  Math.max(1, new Set(decisions.map(({ at }) => Math.floor(at / DAY))).size)

export interface ValueScore {
  /** 1 is worth as much as knowing the future, 0 as much as the better of always and never hedging, below 0 less. */
  readonly score: number
  /** What it rests on: what the market paid, or one unit a loss and a fixed share of it a false alarm. */
  readonly basis: 'returns' | 'unit losses'
  /** Utility of all alerts, per unit hedged (or in unit losses). */
  readonly model: number
  readonly climatology: number
  readonly perfect: number
}

/** Taker fee 5 bp and half the spread 1 bp, on each side. */
const SIDE_COST = 6e-4
/** Where returns are not at hand: what a needless hedge costs, as a share of the loss that a needful one saves. */
export const UNIT_COST = 0.1

/**
 * What the alerts were worth, on a scale from the better of always and never hedging (0) to knowing the future (1):
 *
 *     U = 1{event}·move − 1{no event}·(−move)⁺ − 2·cost + carry            VS = (U − U₀)/(U₁ − U₀)
 *
 * @returns undefined where knowing the future would have been worth no more than always or never hedging
 * @see specification §2.5
 */
export function valueScore(decisions: readonly Decision[]): ValueScore | undefined {
  const known = decisions.filter(({ move }) => move !== undefined)
  const basis = known.length > 0 ? 'returns' : 'unit losses'
  const judged = known.length > 0 ? known : decisions
  const utility = (alerts: readonly Decision[]): number =>
    alerts.reduce((sum, alert) => sum + utilityOf(alert, basis), 0)
  const model = utility(raise(judged, ({ probability, threshold }) => probability >= threshold))
  const climatology = Math.max(0, utility(raise(judged, () => true)))
  const perfect = utility(raise(judged, ({ label }) => label === 1))
  if (!(perfect > climatology)) return undefined
  return { score: (model - climatology) / (perfect - climatology), basis, model, climatology, perfect }
}

function utilityOf({ label, move = 0, carry = 0 }: Decision, basis: ValueScore['basis']): number {
  if (basis === 'unit losses') return label - UNIT_COST
  return (label === 1 ? move : -Math.max(0, -move)) - 2 * SIDE_COST + carry
}
