import { createCipheriv, createDecipheriv, createHmac, randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'

/** Of scrypt: memory is 128 · N · r bytes. */
export interface Cost {
  readonly N: number
  readonly r: number
  readonly p: number
}

/** 128 MiB and a third of a second a guess; the most that OWASP's password storage sheet asks of scrypt. */
export const STRONG_COST: Cost = { N: 2 ** 17, r: 8, p: 1 }
/** Beyond it a file that someone else wrote could take all our memory. */
const MOST_MEMORY = 2 ** 30

export interface DerivedKeys {
  readonly sealing: Buffer
  readonly authenticating: Buffer
}

export interface Sealed {
  readonly nonce: string
  readonly text: string
  readonly tag: string
}

const derive = promisify<string, Buffer, number, object, Buffer>(scrypt)
const ALGORITHM = 'aes-256-gcm'
const [KEY_BYTES, NONCE_BYTES, TAG_BYTES] = [32, 12, 16]

/** Whether scrypt would take it, in bounded memory. */
export const isCost = ({ N, r, p }: Cost): boolean =>
  [N, r, p].every(Number.isSafeInteger) &&
  N >= 2 &&
  Number.isInteger(Math.log2(N)) &&
  r >= 1 &&
  p >= 1 &&
  p <= 16 &&
  128 * N * r <= MOST_MEMORY

/** The two keys of a passphrase; the same letters typed in another way (composed or not) are the same passphrase. */
export async function deriveKeys(
  passphrase: string,
  { salt, cost }: { salt: Buffer; cost: Cost },
): Promise<DerivedKeys> {
  const both = await derive(passphrase.normalize('NFKC'), salt, 2 * KEY_BYTES, {
    ...cost,
    maxmem: 128 * cost.N * cost.r + 128 * cost.r * cost.p + 2 ** 20,
  })
  return { sealing: both.subarray(0, KEY_BYTES), authenticating: both.subarray(KEY_BYTES) }
}

/** AES-256-GCM under a nonce of its own; opens only where the same `boundTo` is given. */
export function seal(text: string, { key, boundTo }: { key: Buffer; boundTo: string }): Sealed {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(boundTo))
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
  return {
    nonce: nonce.toString('base64'),
    text: sealed.toString('base64'),
    tag: cipher.getAuthTag().toString('base64'),
  }
}

/** Undefined: it is not what was sealed, or not for this. */
export function unseal(sealed: Sealed, { key, boundTo }: { key: Buffer; boundTo: string }): string | undefined {
  const [nonce, text, tag] = [sealed.nonce, sealed.text, sealed.tag].map((part) => Buffer.from(part, 'base64'))
  if (nonce!.length !== NONCE_BYTES || tag!.length !== TAG_BYTES) return undefined
  const decipher = createDecipheriv(ALGORITHM, key, nonce!, { authTagLength: TAG_BYTES })
  decipher.setAAD(Buffer.from(boundTo)).setAuthTag(tag!)
  const opened = decipher.update(text!)
  try {
    return Buffer.concat([opened, decipher.final()]).toString('utf8')
  } catch {
    return undefined // the one thing that `final` throws for: the tag does not fit
  }
}

export const authenticate = (key: Buffer, text: string): string =>
  createHmac('sha256', key).update(text).digest('base64')

export const isSame = (a: string, b: string): boolean =>
  a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b))
