import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Resvg } from '@resvg/resvg-js'
import { placeLabels } from '../../src/charts/label-layout.ts'
import {
  formatTick,
  niceTicks,
  priceTickFormatter,
  shortPercent,
  shortPrice,
  shortUsd,
  timeTicks,
} from '../../src/charts/scales.ts'
import { fitText, printable, textWidth, wrapText } from '../../src/charts/text.ts'

const FONT_FILES = ['DejaVuSans.ttf', 'DejaVuSans-Bold.ttf'].map((name) =>
  fileURLToPath(import.meta.resolve(`dejavu-fonts-ttf/ttf/${name}`)),
)
const font = { loadSystemFonts: false, fontFiles: FONT_FILES, defaultFontFamily: 'DejaVu Sans' }

/** Width that a letter takes between two others, as the renderer sets it. */
function widthSet(letter: string, bold: boolean): number {
  const inkOf = (text: string) => {
    const escaped = text.replace(/[&<>]/g, (sign) => `&#${sign.charCodeAt(0)};`)
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="900" height="200"><text xml:space="preserve" x="50" y="100" font-size="100" font-weight="${bold ? 'bold' : 'normal'}" font-family="DejaVu Sans" style="font-kerning:none">${escaped}</text></svg>`
    return new Resvg(svg, { font }).getBBox()!.width
  }
  return inkOf(`H${letter}H`) - inkOf('HH')
}

test('text is as wide as the renderer sets it', () => {
  for (const bold of [false, true]) {
    for (const letter of ' aAgMWil1.,%$·−–…±≥(|~@') {
      const [ours, set] = [textWidth(letter, { size: 100, bold }), widthSet(letter, bold)]
      assert.ok(ours >= set - 2, `${letter}: ${ours} px here, ${set} px set`)
      if (letter <= '~') assert.ok(ours <= set + 2, `${letter}: ${ours} px here, ${set} px set`)
    }
  }
})

test('what does not fit ends in an ellipsis and fits', () => {
  assert.equal(fitText('now 3,120', { width: 200, size: 22 }), 'now 3,120')
  const cut = fitText('x'.repeat(90), { width: 200, size: 22 })
  assert.match(cut, /^x+…$/)
  assert.ok(textWidth(cut, { size: 22 }) <= 200)
})

test('text is broken between words over so many lines and no more', () => {
  const lines = wrapText('one two three four five six seven', { width: 110, lines: 3, size: 20 })
  assert.deepEqual(lines, ['one two', 'three four', 'five six s…'])
  assert.deepEqual(wrapText('', { width: 110, lines: 2, size: 20 }), [])
  assert.deepEqual(wrapText('  a \n b ', { width: 110, lines: 2, size: 20 }), ['a b'])
})

test('signs that break a document or turn the writing are left out, all others kept', () => {
  assert.equal(printable('a\u0000b\u202Ec\u200Fd\uFFFE'), 'abcd')
  assert.equal(printable('ETH–USD “é” <b>'), 'ETH–USD “é” <b>')
})

test('labels that would overlap are moved apart no further than needed', () => {
  const place = (wanted: number[]) =>
    placeLabels(
      wanted.map((wanted) => ({ wanted, height: 20 })),
      { top: 0, bottom: 200 },
    )
  assert.deepEqual(place([30, 100, 170]), [30, 100, 170])
  assert.deepEqual(place([100, 100]), [90, 110])
  assert.deepEqual(place([95, 100, 105]), [80, 100, 120])
  assert.deepEqual(place([0, 2]), [10, 30])
  assert.deepEqual(place([199, 200]), [170, 190])
  assert.deepEqual(place([]), [])
})

test('ticks are round and inside', () => {
  assert.deepEqual(niceTicks(2703, 3290, 6).values, [2800, 2900, 3000, 3100, 3200])
  assert.deepEqual(niceTicks(0, 0.4, 4).values, [0, 0.1, 0.2, 0.3, 0.4])
  assert.deepEqual(niceTicks(5, 5, 4).values, [5])
})

test('instants are round in UTC and few enough', () => {
  const from = Date.UTC(2026, 0, 5, 22, 10)
  const { values, step } = timeTicks(from, from + 24 * 3_600_000, 6)
  assert.deepEqual(
    values.map((at) => formatTick(at, step)),
    ['00:00\n6 Jan', '06:00\n6 Jan', '12:00\n6 Jan', '18:00\n6 Jan'],
  )
  const days = timeTicks(from, from + 10 * 24 * 3_600_000, 6)
  assert.equal(formatTick(days.values[0]!, days.step), '7 Jan')
  assert.ok(days.values.length <= 6)
})

test('numbers are short and say their unit', () => {
  assert.deepEqual([0, 950, 12_345, 61_400_000, 999_999_999, 2.05e9, 7e12, 3e19].map(shortUsd), [
    '$0',
    '$950',
    '$12.3 k',
    '$61.4 M',
    '$1 B',
    '$2.05 B',
    '$7 T',
    '$3.0e4 P',
  ])
  assert.deepEqual([0.0000123, 3012.5, 98_765, 98_765_432_109_876].map(shortPrice), [
    '0.0000123',
    '3,012.50',
    '98,765',
    '98.8 T',
  ])
  assert.deepEqual([0, 0.004, 0.42, 0.996, 1].map(shortPercent), ['0 %', '<1 %', '42 %', '>99 %', '100 %'])
  assert.equal(priceTickFormatter(50)(3250), '3,250')
  assert.equal(priceTickFormatter(2.5)(102.5), '102.5')
  assert.equal(priceTickFormatter(0.0000005)(0.0000125), '0.0000125')
})
