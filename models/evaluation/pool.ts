import type { Asset } from '../../src/domain/market/tick.ts'
import type { HeldOut } from '../held-out.ts'
import { RUNG_NAMES, type RungName } from '../rung.ts'
import { byTarget, TARGETS, type TargetKey } from '../targets.ts'

/** The test segments of all folds behind each other, the same samples for every rung. NaN is what was not said or is not known. */
export interface PooledLadder {
  /** From the lowest up. */
  readonly rungs: readonly RungName[]
  readonly assets: readonly Asset[]
  readonly folds: readonly HeldOut['segments'][]
  /** One entry a sample, in order of time. */
  readonly assetOf: readonly Asset[]
  readonly instants: Float64Array
  readonly labels: Readonly<Record<TargetKey, Float64Array>>
  /** What the training segment knew: its rate or mean, of the sample's fold. */
  readonly reference: Readonly<Record<TargetKey, Float64Array>>
  readonly answers: Readonly<Partial<Record<RungName, Readonly<Record<TargetKey, Float64Array>>>>>
  /** By fold, so by sample. */
  readonly thresholds: Readonly<Partial<Record<RungName, Readonly<Record<TargetKey, Float64Array>>>>>
  readonly returns?: Readonly<Record<'4h' | '24h' | '72h', Float64Array>>
  readonly funding?: Float64Array
}

const RETURNS = ['4h', '24h', '72h'] as const

/**
 * Lays the folds behind each other.
 *
 * @throws {RangeError} when a rung lacks a fold, when rungs were asked about other samples, or when test segments overlap
 */
export function poolHeldOut(heldOut: readonly HeldOut[]): PooledLadder {
  if (heldOut.length === 0) throw new RangeError('Expected held-out answers of at least one rung and fold, were none')
  const rungs = RUNG_NAMES.filter((name) => heldOut.some(({ rung }) => rung === name))
  const numbers = [...new Set(heldOut.map(({ fold }) => fold))]
  const folds = numbers
    .map((fold) => rungs.map((rung) => pieceOf(heldOut, rung, fold)))
    .sort((a, b) => (a[0]!.instants[0] ?? 0) - (b[0]!.instants[0] ?? 0))
  for (const pieces of folds) for (const piece of pieces) checkSame(pieces[0]!, piece)
  const firsts = folds.map((pieces) => pieces[0]!)
  const instants = Float64Array.from(firsts.flatMap((piece) => [...piece.instants]))
  checkOrder(firsts)
  const each = (of: (piece: HeldOut) => readonly (number | null)[], rung = 0): Float64Array =>
    Float64Array.from(
      folds.flatMap((pieces) => [...of(pieces[rung]!)]),
      (value) => value ?? Number.NaN,
    )
  const repeated = (value: number | undefined, { instants: at }: HeldOut): number[] => at.map(() => value ?? Number.NaN)
  const stakes = firsts.every((piece) => piece.stakes)
  return {
    rungs,
    assets: [...new Set(firsts.flatMap(({ assets }) => assets))],
    folds: firsts.map(({ segments }) => segments),
    assetOf: firsts.flatMap(({ assets }) => assets),
    instants,
    labels: byTarget(({ key }) => each((piece) => piece.labels[key])),
    reference: byTarget(({ key }) => each((piece) => repeated(piece.trainingMean[key], piece))),
    answers: Object.fromEntries(
      rungs.map((rung, r) => [rung, byTarget(({ key }) => each((piece) => piece.answers[key], r))]),
    ),
    thresholds: Object.fromEntries(
      rungs.map((rung, r) => [
        rung,
        byTarget(({ key }) => each((piece) => repeated(piece.alertThreshold[key], piece), r)),
      ]),
    ),
    ...(stakes
      ? {
          returns: Object.fromEntries(
            RETURNS.map((length) => [length, each((piece) => piece.stakes!.returns[length])]),
          ) as unknown as PooledLadder['returns'],
          funding: each((piece) => piece.stakes!.funding),
        }
      : {}),
  }
}

function pieceOf(heldOut: readonly HeldOut[], rung: RungName, fold: number): HeldOut {
  const found = heldOut.filter((piece) => piece.rung === rung && piece.fold === fold)
  if (found.length === 1) return found[0]!
  throw new RangeError(
    `Expected the held-out answers of ${rung} on fold ${fold} once, were ${found.length} times. Evaluate again with the same --work folder: what is missing is done, the rest is read.`,
  )
}

const REMEDY = 'Evaluate again with an empty --work folder.'

function checkSame(first: HeldOut, piece: HeldOut): void {
  const same =
    piece.instants.length === first.instants.length &&
    piece.instants.every((at, i) => at === first.instants[i] && piece.assets[i] === first.assets[i]) &&
    TARGETS.every(({ key }) => piece.labels[key].every((label, i) => label === first.labels[key][i]))
  if (same) return
  throw new RangeError(
    `Expected ${piece.rung} to be asked about the samples of ${first.rung} on fold ${piece.fold}, were others. ${REMEDY}`,
  )
}

function checkOrder(folds: readonly HeldOut[]): void {
  let last = Number.NEGATIVE_INFINITY
  for (const { fold, instants } of folds) {
    for (const at of instants) {
      if (at < last) {
        throw new RangeError(
          `Expected test segments behind each other and samples in order of time, was ${new Date(at).toISOString()} after ${new Date(last).toISOString()} in fold ${fold}. ${REMEDY}`,
        )
      }
      last = at
    }
    last += 1
  }
}
