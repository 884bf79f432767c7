/** The messages in which a card stands, in the order people see them. */
export interface Standing {
  /** First, when the card has a picture; `hash` tells whether a later version of the card shows the same. */
  readonly photo?: { readonly id: string; readonly hash: string }
  /** What the caption of the photo does not hold; the buttons stand under the last. Empty when it holds all. */
  readonly texts: readonly string[]
}

/** As one text, to find the messages again: `12,13`, or `11~3f9a61b0c2d4,12` with a photo. */
export const formatStanding = ({ photo, texts }: Standing): string =>
  [...(photo ? [`${photo.id}~${photo.hash}`] : []), ...texts].join(',')

/** Reads what `formatStanding` wrote. */
export function parseStanding(messageId: string): Standing {
  const [first = '', ...rest] = messageId.split(',')
  const [id = '', hash] = first.split('~')
  return hash === undefined ? { texts: [first, ...rest] } : { photo: { id, hash }, texts: rest }
}

export const messagesOf = ({ photo, texts }: Standing): readonly string[] => [...(photo ? [photo.id] : []), ...texts]
