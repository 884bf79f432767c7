import { fileURLToPath } from 'node:url'
import { Resvg } from '@resvg/resvg-js'

const fontFiles = ['DejaVuSans.ttf', 'DejaVuSans-Bold.ttf'].map((name) =>
  fileURLToPath(import.meta.resolve(`dejavu-fonts-ttf/ttf/${name}`)),
)

/** The renderer alone: ms from the SVG that the chart has become to its PNG. */
export function bareRender(svg: string): number {
  const started = performance.now()
  new Resvg(svg, { font: { loadSystemFonts: false, fontFiles, defaultFontFamily: 'DejaVu Sans' } }).render().asPng()
  return performance.now() - started
}
