import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import * as echarts from 'echarts'
import { renderPng } from '../../src/charts/render.ts'
import { describeRun, type RunChartData, runChart } from '../../src/charts/run-chart.ts'

const START = Date.UTC(2026, 0, 5)
const MINUTE = 60_000
const SIZE = { width: 900, height: 600 }

const hours = (value: (i: number) => number): [number, number][] =>
  Array.from({ length: 48 }, (_, i) => [START + i * 60 * MINUTE, value(i)])

const run = (over: Partial<RunChartData> = {}): RunChartData => ({
  asset: 'ETH',
  title: 'ETH, two days',
  subtitle: 'simulated, seed 7',
  prices: hours((i) => 3000 + 20 * Math.sin(i)),
  hedgeRatios: hours((i) => (i > 10 ? 0.4 : 0)),
  fills: [{ at: START + 600 * MINUTE, price: 2995, side: 'sell' }],
  alerts: [{ from: START + 900 * MINUTE, to: START + 1000 * MINUTE, price: 2750, side: 'sell' }],
  pCascadeDown: hours(() => 0.02),
  pCascadeDownBaseline: hours(() => 0.01),
  ...over,
})

/** Width and height from the header of a PNG. */
const sizeOf = (png: Buffer) => ({ width: png.readUInt32BE(16), height: png.readUInt32BE(20) })

test('a run is drawn as a PNG of the size asked for', () => {
  const png = renderPng(runChart(run(), { dark: false }), SIZE)
  assert.deepEqual([...png.subarray(0, 8)], [137, 80, 78, 71, 13, 10, 26, 10])
  assert.deepEqual(sizeOf(png), SIZE)
  assert.ok(png.length > 10_000, `${png.length} bytes`)
})

test('light and dark differ', () => {
  const [light, dark] = [false, true].map((mode) => renderPng(runChart(run(), { dark: mode }), SIZE))
  assert.notDeepEqual(light, dark)
})

test('text is painted, not dropped for want of a font', () => {
  const png = (title: string) => renderPng(runChart(run({ title }), { dark: false }), SIZE)
  const [blank, written, other] = [png(' '), png('ETH, two days'), png('BTC, two days')]
  assert.notDeepEqual(written, blank)
  assert.notDeepEqual(written, other)
})

test('title, subtitle, axes and every series are named in the picture', () => {
  const svg = svgOf(runChart(run(), { dark: false }))
  for (const text of [
    'ETH, two days',
    'simulated, seed 7',
    'ETH price',
    'hedge ratio',
    'P(cascade down)',
    'fill',
    'cluster alert',
    'model',
    'volatility alone',
  ]) {
    assert.ok(svg.includes(text), `${text} is written`)
  }
})

test('fills and alerts are marked, and a run without any is drawn all the same', () => {
  const marked = renderPng(runChart(run(), { dark: false }), SIZE)
  assert.notDeepEqual(renderPng(runChart(run({ fills: [] }), { dark: false }), SIZE), marked)
  assert.notDeepEqual(renderPng(runChart(run({ alerts: [] }), { dark: false }), SIZE), marked)
  const empty = run({ prices: [], hedgeRatios: [], fills: [], alerts: [], pCascadeDown: [], pCascadeDownBaseline: [] })
  assert.deepEqual(sizeOf(renderPng(runChart(empty, { dark: true }), SIZE)), SIZE)
})

test('a title that is markup stays text', () => {
  const svg = svgOf(runChart(run({ title: '<script>alert(1)</script> & "co"' }), { dark: false }))
  assert.ok(!svg.includes('<script>'))
  assert.ok(renderPng(runChart(run({ title: '<b> & "co"' }), { dark: false }), SIZE).length > 0)
})

test('a process that has drawn ends by itself', () => {
  const module = (path: string) => JSON.stringify(fileURLToPath(new URL(path, import.meta.url)))
  const program = `
    import { renderPng } from ${module('../../src/charts/render.ts')}
    import { runChart } from ${module('../../src/charts/run-chart.ts')}
    renderPng(runChart(${JSON.stringify(run())}, { dark: false }), { width: 300, height: 200 })`
  const { status, signal, stderr } = spawnSync(process.execPath, ['--input-type=module-typescript', '-e', program], {
    timeout: 60_000,
    encoding: 'utf8',
  })
  assert.deepEqual({ status, signal }, { status: 0, signal: null }, stderr)
})

test('a run is told in words too', () => {
  assert.equal(
    describeRun(run()),
    'ETH, two days: price from 3,000.00 to 3,002.47, hedge ratio up to 40 %, 1 fill, 1 alert.',
  )
  assert.equal(
    describeRun(run({ prices: [], hedgeRatios: [], fills: [], alerts: [] })),
    'ETH, two days: no prices, hedge ratio up to 0 %, 0 fills, 0 alerts.',
  )
})

function svgOf(options: Record<string, unknown>): string {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, ...SIZE })
  try {
    chart.setOption(options)
    return chart.renderToSVGString()
  } finally {
    chart.dispose()
  }
}

test('time is told in UTC wherever it is drawn', () => {
  const program = `
    import { renderSvg } from ${JSON.stringify(fileURLToPath(new URL('../../src/charts/render.ts', import.meta.url)))}
    import { runChart } from ${JSON.stringify(fileURLToPath(new URL('../../src/charts/run-chart.ts', import.meta.url)))}
    process.stdout.write(renderSvg(runChart(${JSON.stringify(run())}, { dark: false }), { width: 900, height: 600 }))`
  const drawn = ['UTC', 'Asia/Kolkata'].map(
    (TZ) =>
      spawnSync(process.execPath, ['--input-type=module-typescript', '-e', program], {
        timeout: 60_000,
        encoding: 'utf8',
        env: { ...process.env, TZ },
      }).stdout,
  )
  assert.match(drawn[0]!, />12:00</)
  assert.equal(drawn[0], drawn[1])
})
