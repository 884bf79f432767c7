import { sha256 } from './hash.ts'

/** 13 Crockford characters are 65 bits: nobody guesses one within its time. */
const CODE = /^[0-9A-HJKMNP-TV-Z]{13,26}$/
const GROUP_SIZE = 4

/**
 * A one-time code as it is shown once, in groups: `7K3M-9QX2-TB0A-HHVZ`.
 *
 * @param random - at least 13 base32 characters that nobody can foresee
 * @throws {RangeError} when there are fewer, or others
 */
export function toCode(random: string): string {
  const letters = random.toUpperCase()
  if (!CODE.test(letters)) throw new RangeError(`Expected 13 to 26 base32 characters, were ${random.length}`)
  return letters.match(new RegExp(`.{1,${GROUP_SIZE}}`, 'g'))!.join('-')
}

/**
 * Under which a code is kept, whichever way it was typed: case, dashes and spaces do not matter, nor do O for 0 and I or L for 1.
 *
 * @returns undefined for what cannot be a code
 */
export function codeHashOf(typed: string): string | undefined {
  const letters = typed.toUpperCase().replace(/[\s-]/g, '').replaceAll('O', '0').replace(/[IL]/g, '1')
  return CODE.test(letters) ? sha256(`one-time-code/${letters}`) : undefined
}
