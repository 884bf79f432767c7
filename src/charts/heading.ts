import { printable, textWidth, wrapText } from './text.ts'
import { drawnText, MARGIN, PICTURE_WIDTH, SIZE, type Theme, textStyle } from './theme.ts'

const TITLE_LINE = 40
const SUBTITLE_LINE = 27
const WIDTH = PICTURE_WIDTH - 2 * MARGIN

/** Title and subtitle over the whole width, broken into lines that fit, and where what is below them may begin. */
export function heading(
  { title, subtitle }: { readonly title: string; readonly subtitle: string },
  theme: Theme,
): { readonly title: Record<string, unknown>; readonly bottom: number } {
  const size = textWidth(printable(title), { size: SIZE.title, bold: true }) <= WIDTH ? SIZE.title : SIZE.longTitle
  const titleLines = wrapText(title, { width: WIDTH, lines: 2, size, bold: true })
  const subtitleLines = wrapText(subtitle, { width: WIDTH, lines: 3, size: SIZE.small })
  return {
    title: {
      text: titleLines.join('\n'),
      subtext: subtitleLines.join('\n'),
      left: MARGIN,
      top: 20,
      padding: 0,
      itemGap: 8,
      textStyle: { ...textStyle(theme.ink, size), fontWeight: 'bold', lineHeight: TITLE_LINE },
      subtextStyle: { ...textStyle(theme.muted, SIZE.small), lineHeight: SUBTITLE_LINE },
    },
    bottom: 20 + titleLines.length * TITLE_LINE + 8 + subtitleLines.length * SUBTITLE_LINE,
  }
}

/** Says in an empty plot why it is empty. */
export const noteInPlot = (text: string, theme: Theme): Record<string, unknown> => ({
  type: 'custom',
  silent: true,
  data: [[0, 0]],
  renderItem: ({ coordSys }: { coordSys: { x: number; y: number; width: number; height: number } }) => ({
    type: 'text',
    style: {
      ...drawnText(theme.muted, SIZE.text, { align: 'center', verticalAlign: 'middle' }),
      text,
      x: coordSys.x + coordSys.width / 2,
      y: coordSys.y + coordSys.height / 5,
    },
  }),
})
