/**
 * An explanation in words, and as data for its picture.
 *
 * @module
 */
import { formatChance } from '../format.ts'
import type { WaterfallPicture } from '../picture.ts'
import type { Contribution, Explanation } from './explanation.ts'
import { featureInWords, featuresIn } from './feature-words.ts'

/** Contributions that are said; the others are said together. */
export const TOLD = 5
export const LOG_ODDS = 'log odds'

export interface ExplainWords {
  /** Of base, score and contributions; `log odds` for an event, the target's unit for a value. */
  readonly unit: string
  /** Default `TOLD`. */
  readonly count?: number
}

/** `open interest rose 4.2 % in a day: +0.31 log odds` */
export const contributionInWords = ({ feature, value, contribution }: Contribution, unit: string): string =>
  `${featureInWords(feature, value)}: ${signedAmount(contribution)} ${unit}`

/** The largest contributions, one a line, and what all the others make together. */
export function explanationInWords(explanation: Explanation, { unit, count = TOLD }: ExplainWords): readonly string[] {
  const told = explanation.contributions.filter(({ contribution }) => contribution !== 0)
  const own = told.filter(({ feature }) => featuresIn(feature) === 1)
  // One that is left over takes no more room than saying that there is one.
  const first = told.length === own.length && own.length === count + 1 ? own : own.slice(0, count)
  const rest = told.filter((contribution) => !first.includes(contribution))
  const others = rest.reduce((total, { feature }) => total + featuresIn(feature), 0)
  const sum = rest.reduce((total, { contribution }) => total + contribution, 0)
  return [
    ...first.map((contribution) => contributionInWords(contribution, unit)),
    ...(rest.length > 0 ? [`${others} others together: ${signedAmount(sum)} ${unit}`] : []),
  ]
}

export interface WaterfallWords {
  readonly title: string
  readonly subtitle: string
  readonly unit: string
  /** Of an event: what base and score are told as. */
  readonly probabilities?: { readonly base: number; readonly score: number }
}

/** An explanation as a picture. */
export function waterfallOf(
  explanation: Explanation,
  { title, subtitle, unit, probabilities }: WaterfallWords,
): WaterfallPicture {
  const { base, score, contributions } = explanation
  const ends = probabilities
    ? `from ${formatChance(probabilities.base)} to ${formatChance(probabilities.score)}`
    : `from ${signedAmount(base)} to ${signedAmount(score)} ${unit}`
  return {
    kind: 'waterfall',
    title,
    subtitle,
    alt: [`${title}: ${ends}.`, ...explanationInWords(explanation, { unit }).map((line) => `${line}.`)].join(' '),
    base,
    score,
    unit,
    ...(probabilities && { probabilities }),
    bars: contributions
      .filter(({ contribution }) => contribution !== 0)
      .map(({ feature, value, contribution }) => ({
        name: featureInWords(feature, value),
        contribution,
        ...(featuresIn(feature) > 1 && { features: featuresIn(feature) }),
      })),
  }
}

/** With its sign, to two decimals, or to two figures where it is smaller. */
export function signedAmount(value: number): string {
  const size = Math.abs(value)
  const text = size >= 0.095 || size === 0 ? size.toFixed(2) : Number(size.toPrecision(2)).toString()
  return `${value < 0 ? '−' : '+'}${text}`
}
