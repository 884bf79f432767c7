/**
 * An explanation in words, and as data for its picture.
 *
 * @module
 */
import { formatChance } from '../format.ts'
import type { WaterfallPicture } from '../picture.ts'
import type { Contribution, Explanation } from './explanation.ts'
import { featureInWords } from './feature-words.ts'

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
  const first = told.length === count + 1 ? told : told.slice(0, count)
  const others = explanation.contributions.filter((one) => !first.includes(one))
  const rest = others.filter(({ contribution }) => contribution !== 0)
  const sum = rest.reduce((total, { contribution }) => total + contribution, 0)
  return [
    ...first.map((contribution) => contributionInWords(contribution, unit)),
    ...(rest.length > 0 ? [`${rest.length} others together: ${signedAmount(sum)} ${unit}`] : []),
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
      .map(({ feature, value, contribution }) => ({ name: featureInWords(feature, value), contribution })),
  }
}

/** With its sign, to two decimals, or to two figures where it is smaller. */
export function signedAmount(value: number): string {
  const size = Math.abs(value)
  const text = size >= 0.095 || size === 0 ? size.toFixed(2) : Number(size.toPrecision(2)).toString()
  return `${value < 0 ? '−' : '+'}${text}`
}
