import { createHash } from 'node:crypto'
import { VenueKeysError } from './errors.ts'

/** Where keys can be for: the places that TRADING_VENUES may name. */
export const KEY_VENUES = ['binance', 'bybit', 'okx', 'deribit', 'hyperliquid', 'dydx'] as const
export type KeyVenue = (typeof KEY_VENUES)[number]

/** By the names that ccxt gives them. */
export interface Credentials {
  readonly apiKey?: string
  readonly secret?: string
  readonly password?: string
  readonly walletAddress?: string
  readonly privateKey?: string
}
type FieldName = keyof Credentials

export interface KeyField {
  readonly name: FieldName
  /** In a file of plain keys, beside ccxt's own. */
  readonly alias?: string
  /** How a person is asked for it. */
  readonly label: string
  /** Completes "Expected …". */
  readonly what: string
  readonly form: RegExp
  /** Typed without an echo. */
  readonly hidden: boolean
}

const API_KEY: KeyField = {
  name: 'apiKey',
  label: 'API key',
  what: '4 to 256 characters without blanks',
  form: /^[\x21-\x7e]{4,256}$/,
  hidden: true,
}
const SECRET: KeyField = {
  name: 'secret',
  label: 'API secret',
  what: '8 to 8192 characters',
  form: /^[\x20-\x7e\r\n]{8,8192}$/, // a private key in PEM has lines
  hidden: true,
}
const PASSWORD: KeyField = {
  name: 'password',
  alias: 'passphrase',
  label: 'Passphrase of the API key',
  what: '1 to 128 characters',
  form: /^[\x20-\x7e]{1,128}$/,
  hidden: true,
}
const walletAddress = (what: string, form: RegExp): KeyField => ({
  name: 'walletAddress',
  label: 'Address of the account',
  what,
  form,
  hidden: false,
})
const privateKey = (label: string): KeyField => ({
  name: 'privateKey',
  label,
  what: '64 hexadecimal digits, with or without 0x',
  form: /^(0x)?[0-9a-fA-F]{64}$/,
  hidden: true,
})

/** What a venue wants, in the order in which a person is asked. */
export const FIELDS_OF: Readonly<Record<KeyVenue, readonly KeyField[]>> = {
  binance: [API_KEY, SECRET],
  bybit: [API_KEY, SECRET],
  okx: [API_KEY, SECRET, PASSWORD],
  deribit: [
    { ...API_KEY, label: 'Client id' },
    { ...SECRET, label: 'Client secret' },
  ],
  hyperliquid: [
    walletAddress('an address of 0x and 40 hexadecimal digits', /^0x[0-9a-fA-F]{40}$/),
    // The wallet's own key could withdraw; an API wallet's cannot.
    privateKey("Private key of the API wallet (never the account's own)"),
  ],
  dydx: [
    walletAddress('an address of dydx1 and 38 letters and digits', /^dydx1[0-9a-z]{38}$/),
    privateKey("Private key of a permitted key (the account's own can withdraw and is refused)"),
  ],
}

/**
 * What lets us in at a venue. Printing, serialising, cloning or spreading it gives the venue and the fingerprint: the secrets are
 * out of reach of everything but `reveal`.
 */
export class VenueKeys {
  readonly venue: KeyVenue
  /** Tells one key from another: 12 hexadecimal digits of its hash, in threes. */
  readonly fingerprint: string
  readonly #credentials: Credentials

  constructor(venue: KeyVenue, credentials: Credentials) {
    this.venue = venue
    this.#credentials = Object.freeze({ ...credentials })
    this.fingerprint = fingerprintOf(credentials)
    Object.freeze(this)
  }

  /** For the client that signs with them, and for nothing that prints. */
  reveal(): Credentials {
    return { ...this.#credentials }
  }
}

/**
 * Reads the credentials of a venue as they stand in a file of plain keys or were typed.
 *
 * @param origin - where they come from, for the message
 * @throws {VenueKeysError} `malformed`, naming the field and never its value
 */
export function parseVenueKeys(venue: KeyVenue, given: unknown, origin: string): VenueKeys {
  const fields = FIELDS_OF[venue]
  const malformed = (found: string): VenueKeysError =>
    new VenueKeysError('malformed', {
      found: `${origin}: ${found}`,
      remedy: `For ${venue} give ${fields.map(({ name, alias }) => alias ?? name).join(', ')}.`,
    })
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw malformed('Expected a JSON object, was something else.')
  }
  const values = new Map(Object.entries(given))
  const known = new Set(fields.flatMap(({ name, alias }) => [name, ...(alias === undefined ? [] : [alias])]))
  const unknown = [...values.keys()].filter((name) => !known.has(name))
  // A name may be a secret that lost its place: it is counted and not told.
  if (unknown.length > 0) throw malformed(`Expected no further fields, were ${unknown.length}.`)
  const read = fields.map(({ name, alias, what, form }): [FieldName, string] => {
    const called = alias !== undefined && values.has(alias) ? alias : name
    const value = values.get(called)
    const text = typeof value === 'string' ? value.trim() : undefined
    if (text === undefined || text === '') throw malformed(`Expected ${alias ?? name}, was none.`)
    if (!form.test(text)) throw malformed(`Expected ${alias ?? name} to be ${what}, was something else.`)
    return [name, text]
  })
  return new VenueKeys(venue, Object.fromEntries(read))
}

/** @throws {RangeError} when the venue is not one that can be traded on */
export function toKeyVenue(name: string): KeyVenue {
  const venue = KEY_VENUES.find((one) => one === name)
  if (venue === undefined) throw new RangeError(`Expected one of ${KEY_VENUES.join(', ')}, was ${name}`)
  return venue
}

/** Keys are long and random, so that a part of their hash gives nothing away. */
function fingerprintOf({ apiKey, privateKey }: Credentials): string {
  const hash = createHash('sha256')
    .update(`breakwater key fingerprint\n${apiKey ?? privateKey}`)
    .digest('hex')
  return hash.slice(0, 12).replace(/...(?=.)/g, '$&-')
}
