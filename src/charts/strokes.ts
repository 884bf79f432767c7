import { fitText } from './text.ts'
import { drawnText, MARGIN, PICTURE_WIDTH, SIZE, type Theme } from './theme.ts'

/** What tells curves apart beside their colour. */
export interface Stroke {
  readonly colour: string
  readonly symbol: 'circle' | 'diamond' | 'triangle'
  readonly line: 'solid' | 'dashed' | 'dotted'
  readonly hollow: boolean
}

export const LEGEND_ROW = 32

/** Of the first three curves, the model first; a fourth is drawn as the first. */
export const strokesOf = (theme: Theme): readonly Stroke[] => [
  { colour: theme.price, symbol: 'circle', line: 'solid', hollow: false },
  { colour: theme.fill, symbol: 'diamond', line: 'dashed', hollow: true },
  { colour: theme.hedge, symbol: 'triangle', line: 'dotted', hollow: true },
]

/** A row a curve, and one for the dotted grey line that all are held against. */
export function curveLegend(
  top: number,
  {
    rows,
    last,
    theme,
    signs = true,
  }: {
    rows: readonly { readonly name: string; readonly stroke: Stroke }[]
    last: string
    theme: Theme
    /** Whether the curves have points with signs. */
    signs?: boolean
  },
): Record<string, unknown>[] {
  const row = (i: number, name: string, sample: readonly Record<string, unknown>[]) => [
    ...sample.map((element) => ({ silent: true, x: MARGIN, y: top + i * LEGEND_ROW + 14, ...element })),
    {
      type: 'text',
      silent: true,
      style: {
        ...drawnText(theme.ink, SIZE.small, { verticalAlign: 'middle' }),
        text: fitText(name, { width: PICTURE_WIDTH - 2 * MARGIN - 84, size: SIZE.small }),
        x: MARGIN + 84,
        y: top + i * LEGEND_ROW + 14,
      },
    },
  ]
  const line = (stroke: string, lineDash: readonly number[] | undefined, lineWidth: number) => ({
    type: 'line',
    shape: { x1: 0, y1: 0, x2: 70, y2: 0 },
    style: { stroke, lineWidth, lineDash },
  })
  const dash = { solid: undefined, dashed: [12, 8], dotted: [3, 6] }
  return [
    ...rows.flatMap(({ name, stroke }, i) =>
      row(i, name, [
        line(stroke.colour, dash[stroke.line], 3),
        ...(signs ? [{ ...sign(stroke, theme), x: MARGIN + 35 }] : []),
      ]),
    ),
    ...row(rows.length, last, [line(theme.muted, [2, 6], 2)]),
  ]
}

/** Drawn pictures in a legend know no paths, only shapes. */
const SIGNS = {
  circle: { type: 'circle', shape: { r: 9 } },
  diamond: {
    type: 'polygon',
    shape: {
      points: [
        [0, -10],
        [10, 0],
        [0, 10],
        [-10, 0],
      ],
    },
  },
  triangle: {
    type: 'polygon',
    shape: {
      points: [
        [0, -10],
        [10, 8],
        [-10, 8],
      ],
    },
  },
}
const sign = ({ symbol, colour, hollow }: Stroke, theme: Theme): Record<string, unknown> => ({
  ...SIGNS[symbol],
  style: { fill: hollow ? theme.background : colour, stroke: hollow ? colour : theme.background, lineWidth: 3 },
})
