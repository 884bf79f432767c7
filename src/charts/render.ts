import { fileURLToPath } from 'node:url'
import { Resvg } from '@resvg/resvg-js'
import * as echarts from 'echarts'

/** A machine may have no fonts at all, and then text would vanish without a word: only the shipped one is used. */
const FONT_FILES = ['DejaVuSans.ttf', 'DejaVuSans-Bold.ttf'].map((name) =>
  fileURLToPath(import.meta.resolve(`dejavu-fonts-ttf/ttf/${name}`)),
)

/** Draws chart options as PNG. */
export function renderPng(
  options: Record<string, unknown>,
  { width, height }: { width: number; height: number },
): Buffer {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width, height })
  try {
    chart.setOption(options)
    const svg = chart.renderToSVGString()
    return new Resvg(svg, { font: { loadSystemFonts: false, fontFiles: FONT_FILES, defaultFontFamily: 'DejaVu Sans' } })
      .render()
      .asPng()
  } finally {
    // An undisposed server-side chart keeps the process alive.
    chart.dispose()
  }
}
