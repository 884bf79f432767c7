import type { Feature } from './feature.ts'
import { LAGS } from './feature.ts'
import { FEATURES, LOOKBACK_HOURS, VENUE_FEATURES, WINDOW_HOURS } from './features.ts'
import { ROBUST_CLIP, ROBUST_HOURS, ROBUST_MIN_HOURS } from './robust.ts'

/** One feature as a reader wants it. */
export interface CatalogueEntry {
  readonly name: string
  readonly group: string
  readonly scope: 'market' | 'venue'
  readonly formula: string
  readonly unit: string
  /** The feeds it is made of; none for the calendar. */
  readonly source: readonly string[]
  /** When a recorded observation counts as known after it was true; of several feeds the one of each. */
  readonly lag: string
}

/** Every feature, in the order of the rows, the market's first. */
export const featureCatalogue = (): readonly CatalogueEntry[] => [
  ...FEATURES.map(toEntry),
  ...VENUE_FEATURES.map(toEntry),
]

const toEntry = ({
  name,
  group,
  scope,
  formula,
  unit,
  feeds,
}: Pick<Feature<never>, 'name' | 'group' | 'scope' | 'formula' | 'unit' | 'feeds'>): CatalogueEntry => ({
  name,
  group,
  scope,
  formula,
  unit,
  source: feeds,
  lag: [...new Set(feeds.map((feed) => LAGS[feed]))].join('; ') || 'none',
})

/** The catalogue as a page of Markdown. */
export function formatCatalogue(entries: readonly CatalogueEntry[] = featureCatalogue()): string {
  const of = (scope: CatalogueEntry['scope']) => entries.filter((entry) => entry.scope === scope)
  return `${[
    '# Features',
    '',
    'Written from the code by `npm run breakwater -- features`.',
    '',
    `A window is ${WINDOW_HOURS} hourly rows, the last at the asked instant, with ${LOOKBACK_HOURS} hours of history behind the first. Each row is made of what had been received by its own instant; an observation older than twice its feed's cadence is not known, and what is not known is 0 with mask 0.`,
    '',
    `\`rz(x) = (x − median) / max(1.4826·MAD, floor)\` over the last ${ROBUST_HOURS} hours, held within ±${ROBUST_CLIP}; not known with fewer than ${ROBUST_MIN_HOURS} known hours. σ6, σ48 and σ336 are EWMA standard deviations of hourly log returns by half-life in hours. OI is open interest, f8 funding per eight hours, P the price.`,
    '',
    'Lags are those of recorded data; live, an observation counts from when it was received.',
    ...section(`Of the market (${of('market').length})`, of('market')),
    ...section(`Of each venue (${of('venue').length})`, of('venue')),
  ].join('\n')}\n`
}

function section(title: string, entries: readonly CatalogueEntry[]): string[] {
  return [
    '',
    `## ${title}`,
    ...[...Map.groupBy(entries, ({ group }) => group)].flatMap(([group, members]) => [
      '',
      `### ${group[0]!.toUpperCase()}${group.slice(1)}`,
      '',
      '| name | formula | unit | source | lag |',
      '|---|---|---|---|---|',
      ...members.map(({ name, formula, unit, source, lag }) =>
        row([`\`${name}\``, formula, unit, source.join(', ') || 'clock', lag]),
      ),
    ]),
  ]
}

const row = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
