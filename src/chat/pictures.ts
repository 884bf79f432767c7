import type { Card } from '../domain/card.ts'
import { canonicalJson, sha256 } from '../domain/hash.ts'
import type { Platform } from '../domain/member.ts'
import type { Picture } from '../domain/picture.ts'
import type { Logger } from '../log.ts'

/**
 * Which look the pictures of a platform have where the card asks for none: Discord is dark unless its user changes that,
 * Telegram is light, and a saved file is looked at on whatever stands behind it.
 */
const DARK: Readonly<Record<Platform, boolean>> = { discord: true, telegram: false, console: false }
/** A picture is about 100 kB; what goes to many channels goes to them within moments. */
const KEPT = 8

export type DrawPicture = (
  picture: Picture,
  options: { dark: boolean },
) => { readonly png: Buffer } | Promise<{ readonly png: Buffer }>

export interface DrawnPicture {
  readonly png: Buffer
  /** `liquidation-map-eth.png`: lower-case letters, digits and dashes, safe on every platform and disk. */
  readonly fileName: string
  readonly alt: string
  /** Of the data it shows and its look: 12 hexadecimal digits. */
  readonly hash: string
}

export interface Pictures {
  /** The card's picture; undefined when it has none or when it could not be drawn, which is logged. Never throws. */
  of(card: Card): Promise<DrawnPicture | undefined>
}

/**
 * Draws the pictures of cards for one platform, each once in each look, however many channels it goes to.
 *
 * @param draw - stands in for the charts; the default loads them with the first picture, in a thread of their own, so that a
 *   machine on which they cannot be loaded still gets every card, in words
 */
export function createPictures({
  platform,
  log,
  draw = drawWithCharts,
}: {
  platform: Platform
  log: Logger
  draw?: DrawPicture | undefined
}): Pictures {
  const kept = new Map<string, Promise<DrawnPicture>>()

  const drawn = async (picture: Picture, { dark, hash }: { dark: boolean; hash: string }): Promise<DrawnPicture> => {
    const { png } = await draw(picture, { dark })
    return { png, fileName: fileNameOf(picture), alt: picture.alt, hash }
  }

  const drawOnce = (picture: Picture, dark: boolean): Promise<DrawnPicture> => {
    const hash = sha256(canonicalJson({ picture, dark })).slice(0, 12)
    const drawing = kept.get(hash) ?? drawn(picture, { dark, hash })
    // Last used stands last; what failed is forgotten, for the next try may have the memory that this one lacked.
    kept.delete(hash)
    kept.set(hash, drawing)
    drawing.catch(() => kept.delete(hash))
    if (kept.size > KEPT) kept.delete(kept.keys().next().value!)
    return drawing
  }

  return {
    async of({ picture, title, theme }) {
      if (picture === undefined) return undefined
      try {
        return await drawOnce(picture, theme === undefined ? DARK[platform] : theme === 'dark')
      } catch (error) {
        log.error(
          { err: error, platform, picture: picture.kind, title },
          'picture not drawn, its words are sent instead',
        )
        return undefined
      }
    },
  }
}

/** The card for where its picture cannot be shown: the alt text stands in for it. */
export const inWords = ({ picture, ...card }: Card): Card =>
  picture === undefined ? card : { ...card, text: [card.text, picture.alt].filter(Boolean).join('\n\n') }

const drawWithCharts: DrawPicture = async (picture, options) =>
  (await import('../charts/drawing.ts')).drawBeside(picture, options)

const fileNameOf = (picture: Picture): string => {
  const name = [picture.kind, 'asset' in picture ? picture.asset : ''].join(' ').toLowerCase()
  return `${name.replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '') || 'picture'}.png`
}
