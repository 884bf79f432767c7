/** Bins of known values; one more holds what is not known. */
export const MAX_BINS = 64
/** Codes per feature in a histogram. */
export const CODES = MAX_BINS + 1
/** The code of what is not known; known values have codes from 1 up. */
export const UNKNOWN = 0

/** Between which values a tree may cut, by feature, rising: a value up to edge c − 1, and beyond edge c − 2, has code c. */
export type Edges = readonly Float32Array[]

/**
 * Cuts every feature into at most 64 bins of about equal count, halfway between values that occur.
 *
 * @param rows - row-major, NaN where not known
 */
export function findEdges(rows: Float32Array, width: number): Edges {
  return Array.from({ length: width }, (_, f) => {
    const column = new Float32Array(rows.length / width)
    let known = 0
    for (let at = f; at < rows.length; at += width) if (!Number.isNaN(rows[at])) column[known++] = rows[at]!
    return Float32Array.from(cutsOf(column.subarray(0, known).sort()))
  })
}

function cutsOf(sorted: Float32Array): number[] {
  const distinct: number[] = [] // positions at which a new value begins, the first left out
  for (let k = 1; k < sorted.length; k++) if (sorted[k]! > sorted[k - 1]!) distinct.push(k)
  const cuts = distinct.length < MAX_BINS ? distinct : evenly(distinct, sorted.length)
  return cuts.map((k) => halfway(sorted[k - 1]!, sorted[k]!))
}

/** Of the places where a cut is possible, the first at or after each 64th of the samples. */
function evenly(places: readonly number[], count: number): number[] {
  const cuts: number[] = []
  let next = 0
  for (let bin = 1; bin < MAX_BINS; bin++) {
    while (next < places.length && places[next]! < (bin * count) / MAX_BINS) next++
    if (next === places.length) break
    if (places[next] !== cuts.at(-1)) cuts.push(places[next]!)
  }
  return cuts
}

/** Below `high` also where nothing lies between the two. */
function halfway(low: number, high: number): number {
  const middle = Math.fround(low + (high - low) / 2)
  return middle < high ? middle : low
}

/** Codes of rows, feature by feature [features × samples], so that a histogram reads one stretch of memory. */
export function encodeRows(rows: Float32Array, edges: Edges): Uint8Array {
  const width = edges.length
  const count = rows.length / width
  const codes = new Uint8Array(rows.length)
  for (let f = 0; f < width; f++) {
    const cuts = edges[f]!
    for (let k = 0; k < count; k++) codes[f * count + k] = codeOf(cuts, rows[k * width + f]!)
  }
  return codes
}

function codeOf(cuts: Float32Array, value: number): number {
  if (Number.isNaN(value)) return UNKNOWN
  let [low, high] = [0, cuts.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (value <= cuts[middle]!) high = middle
    else low = middle + 1
  }
  return low + 1
}
