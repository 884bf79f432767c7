/**
 * The two colour scales as people without one kind of cone see them.
 *
 * @see Machado, Oliveira, Fernandes (2009), "A Physiologically-based Model for Simulation of Color Vision Deficiency", IEEE
 *   TVCG 15(6): matrices for severity 1, on linear RGB
 * @see Ottosson (2020), "A perceptual color space for image processing": OKLab
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { themeOf } from '../../src/charts/theme.ts'

type Triple = readonly [number, number, number]
const SIGHT: Readonly<Record<string, readonly [Triple, Triple, Triple]>> = {
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
}
/** Distance in OKLab; about 0.02 is just noticeable side by side. */
const APART = 0.06

for (const [name, matrix] of Object.entries(SIGHT)) {
  test(`longs and shorts are told apart, and more from less, with ${name}`, () => {
    for (const dark of [false, true]) {
      const { longs, shorts } = themeOf(dark)
      const seen = (colour: string) => toLab(times(matrix, linear(colour)))
      // The faintest colour of both scales is close to the background on purpose.
      for (let level = 1; level < longs.length; level++) {
        const apart = distance(seen(longs[level]!), seen(shorts[level]!))
        assert.ok(apart > APART, `level ${level + 1}: ${longs[level]} and ${shorts[level]} are ${apart} apart`)
        for (const ramp of [longs, shorts]) {
          const [less, more] = [seen(ramp[level - 1]!)[0], seen(ramp[level]!)[0]]
          assert.ok(dark ? more > less : more < less, `${ramp[level]} is stronger than ${ramp[level - 1]}`)
        }
      }
    }
  })
}

const linear = (colour: string): Triple =>
  [1, 3, 5].map((i) => {
    const share = Number.parseInt(colour.slice(i, i + 2), 16) / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  }) as unknown as Triple

const times = (matrix: readonly Triple[], [x, y, z]: Triple): Triple =>
  matrix.map(([a, b, c]) => Math.min(1, Math.max(0, a * x + b * y + c * z))) as unknown as Triple

function toLab([red, green, blue]: Triple): Triple {
  const l = Math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
  const m = Math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
  const s = Math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ]
}

const distance = (a: Triple, b: Triple): number => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2])
