import type { ClientOrderId } from '../../domain/execution/order.ts'

/** Our id of an order as one venue carries it. */
export interface ClientIds {
  /** @throws {RangeError} when the id is none that we make */
  toVenue(clientOrderId: ClientOrderId): string
  /** Undefined: not one that we could have made. */
  fromVenue(clientId: string): ClientOrderId | undefined
}

/** Crockford's base32: no I, L, O, U. 26 characters are 130 bits, so the first carries three and is at most 7. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const CLIENT_ORDER_ID = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/
const HEX_128 = /^0x[0-9a-f]{32}$/
const BITS = 128n

export const isClientOrderId = (text: string): text is ClientOrderId => CLIENT_ORDER_ID.test(text)

function checked(clientOrderId: ClientOrderId): ClientOrderId {
  if (isClientOrderId(clientOrderId)) return clientOrderId
  throw new RangeError(`Expected a client order id of 26 characters of base32, was ${clientOrderId}`)
}

/**
 * As it is. Binance takes `^[.A-Z:/a-z0-9_-]{1,36}$`, Bybit 36 characters of letters, digits, `-` and `_`, OKX 32 letters and
 * digits, Deribit a label of 64 characters.
 */
export const plainIds: ClientIds = {
  toVenue: checked,
  fromVenue: (clientId) => (isClientOrderId(clientId) ? clientId : undefined),
}

/** The same 128 bits as `0x` and 32 hexadecimal digits, as Hyperliquid wants its `cloid`. */
export const hexIds: ClientIds = {
  toVenue(clientOrderId) {
    let bits = 0n
    for (const character of checked(clientOrderId)) bits = (bits << 5n) | BigInt(ALPHABET.indexOf(character))
    return `0x${bits.toString(16).padStart(32, '0')}`
  },
  fromVenue(clientId) {
    const text = clientId.toLowerCase()
    if (!HEX_128.test(text)) return undefined
    let bits = BigInt(text)
    let id = ''
    for (let left = BITS; left > 0n; left -= 5n) {
      id = `${ALPHABET[Number(bits & 31n)]}${id}`
      bits >>= 5n
    }
    return id as ClientOrderId
  },
}

/** Who took which 32-bit number: at a venue whose ids are that short, a number is given out once. */
export interface NumberTable {
  /** The number of this id, the same every time; a number that another id has is never given. */
  numberOf(clientOrderId: ClientOrderId): number
  idOf(number: number): ClientOrderId | undefined
}

/** By a table of numbers below 2³², as dYdX wants them. The table outlives the process, or ids are lost with it. */
export const numberedIds = (table: NumberTable): ClientIds => ({
  toVenue(clientOrderId) {
    const number = table.numberOf(checked(clientOrderId))
    if (Number.isInteger(number) && number >= 0 && number < 2 ** 32) return String(number)
    throw new RangeError(`Expected a number of 32 bits for ${clientOrderId}, was ${number}`)
  },
  fromVenue: (clientId) => (/^\d{1,10}$/.test(clientId) ? table.idOf(Number(clientId)) : undefined),
})
