/**
 * Why venue keys could not be had, and what to do about it. No message holds anything of a key, nor of the text that it was read
 * from.
 */
export class VenueKeysError extends Error {
  readonly code: VenueKeysFault
  readonly remedy: string

  constructor(code: VenueKeysFault, { found, remedy }: { found: string; remedy: string }) {
    super(`${found} ${remedy}`)
    this.name = 'VenueKeysError'
    this.code = code
    this.remedy = remedy
  }

  /** What was found, without what to do. */
  get found(): string {
    return this.message.slice(0, -this.remedy.length - 1)
  }
}

export type VenueKeysFault =
  | 'absent'
  | 'readable-by-others'
  | 'unreadable'
  /** Not what was written, whoever changed it. */
  | 'damaged'
  | 'no-passphrase'
  | 'wrong-passphrase'
  /** A field is missing, unknown or not of its form. */
  | 'malformed'
  | 'busy'
