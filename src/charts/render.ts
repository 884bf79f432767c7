import { fileURLToPath } from 'node:url'
import { Resvg } from '@resvg/resvg-js'
import * as echarts from 'echarts'
import { textWidth } from './text.ts'
import { FONT } from './theme.ts'

/** A machine may have no fonts at all, and then text would vanish without a word: only the shipped one is used. */
const FONT_FILES = ['DejaVuSans.ttf', 'DejaVuSans-Bold.ttf'].map((name) =>
  fileURLToPath(import.meta.resolve(`dejavu-fonts-ttf/ttf/${name}`)),
)

export interface PictureSize {
  readonly width: number
  readonly height: number
}

// Without a page to measure on, ECharts takes every font for a narrow one, and labels would run into each other.
echarts.setPlatformAPI({
  measureText: (text, font = '') => ({
    width: textWidth(text, { size: Number(/([\d.]+)px/.exec(font)?.[1] ?? 12), bold: font.includes('bold') }),
  }),
})

/** Draws chart options as an SVG document, its text still text. */
export function renderSvg(options: Record<string, unknown>, { width, height }: PictureSize): string {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width, height })
  try {
    chart.setOption(options)
    return chart.renderToSVGString()
  } finally {
    // An undisposed server-side chart keeps the process alive.
    chart.dispose()
  }
}

/** Draws chart options as PNG. */
export function renderPng(options: Record<string, unknown>, size: PictureSize): Buffer {
  return new Resvg(renderSvg(options, size), {
    font: { loadSystemFonts: false, fontFiles: FONT_FILES, defaultFontFamily: FONT },
  })
    .render()
    .asPng()
}
