import type { Picture } from '../domain/picture.ts'
import { chartOptions, PICTURE_SIZE } from './options.ts'
import { renderPng } from './render.ts'

/**
 * Draws a picture as PNG, for chat and the command line.
 *
 * @returns `width` and `height` in px
 * @throws {RangeError} for a map without a snapshot
 */
export function drawPicture(
  picture: Picture,
  { dark = false }: { dark?: boolean } = {},
): { readonly png: Buffer; readonly width: number; readonly height: number } {
  return { png: renderPng(chartOptions(picture, { dark }), PICTURE_SIZE), ...PICTURE_SIZE }
}
