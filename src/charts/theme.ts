/** Colours, sizes and text style of every picture. */

/** ECharts options: plain data but for formatters and `renderItem` functions. */
export type ChartOptions = Record<string, unknown>

export interface Theme {
  readonly background: string
  /** Text, and the price. */
  readonly ink: string
  /** Text of second rank. */
  readonly muted: string
  /** Grid lines. */
  readonly faint: string
  /** Positions that would be liquidated, faintest first: longs wait below the price, shorts above it. */
  readonly longs: readonly string[]
  readonly shorts: readonly string[]
  /** The same two as text and lines. */
  readonly longsInk: string
  readonly shortsInk: string
  readonly price: string
  readonly hedge: string
  readonly fill: string
  readonly alert: string
  readonly baseline: string
}

// Both scales run through OKLab in nine equal steps of lightness, away from the background. Orange and blue stay apart for
// every common kind of colour blindness.
const LIGHT: Theme = {
  background: '#ffffff',
  ink: '#1c2733',
  muted: '#4d5b69',
  faint: '#dfe5ea',
  longs: ['#fdeedd', '#fbcda2', '#f7ab61', '#e58c43', '#d16d28', '#ba520b', '#994008', '#792f05', '#5a1f03'],
  shorts: ['#e4effb', '#bbd6f4', '#91bdec', '#6da3df', '#4e89ce', '#2e6fbd', '#1d579e', '#13407c', '#0a2a5c'],
  longsInk: '#ab480a',
  shortsInk: '#1f5fae',
  price: '#2563a6',
  hedge: '#0f766e',
  fill: '#b45309',
  alert: '#c2342b',
  baseline: '#8594a3',
}
const DARK: Theme = {
  background: '#11181f',
  ink: '#e4eaf0',
  muted: '#a6b3bf',
  faint: '#2b3742',
  longs: ['#2c1d13', '#502c15', '#763a14', '#9b4c12', '#bb641a', '#dc7c22', '#f39d4a', '#fac384', '#ffe9b8'],
  shorts: ['#13233a', '#183860', '#1c4f8a', '#2568ad', '#3683cb', '#479fea', '#78baf4', '#a7d5fa', '#d6efff'],
  longsInk: '#f6a350',
  shortsInk: '#79b9f4',
  price: '#7db4ee',
  hedge: '#4fc3b3',
  fill: '#f0a94f',
  alert: '#f07a72',
  baseline: '#8594a3',
}

export const themeOf = (dark: boolean): Theme => (dark ? DARK : LIGHT)

export const LEVELS = LIGHT.longs.length

/** Side of the closing order: `sell` closes longs. */
export const rampOf = (theme: Theme, side: 'buy' | 'sell'): readonly string[] =>
  side === 'sell' ? theme.longs : theme.shorts
export const inkOf = (theme: Theme, side: 'buy' | 'sell'): string =>
  side === 'sell' ? theme.longsInk : theme.shortsInk

/** Pictures are laid out at this width; a phone shows them at two fifths of it, so text is large. */
export const PICTURE_WIDTH = 1000
export const MARGIN = 24
/** Font sizes in px at that width. */
export const SIZE = { title: 32, longTitle: 28, text: 22, small: 20, note: 18 } as const

export const FONT = 'DejaVu Sans'

export interface TextStyle {
  readonly color: string
  readonly fontFamily: string
  readonly fontSize: number
  readonly fontWeight?: 'bold'
}
export const textStyle = (color: string, fontSize: number): TextStyle => ({ color, fontFamily: FONT, fontSize })

/** As `textStyle`, for drawn elements, which name it otherwise. */
export const drawnText = (
  fill: string,
  fontSize: number,
  extra: { fontWeight?: 'bold'; align?: string; verticalAlign?: string } = {},
) => ({ fill, fontFamily: FONT, fontSize, ...extra })
