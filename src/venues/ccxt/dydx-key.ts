import type { KeyRights } from '../../ports/venue.ts'
import { UnreadableError } from './failures.ts'
import { field, idText, list } from './readings.ts'

/** Who signs: the account's own key, or one that the account has permitted to do some things. */
export interface Signer {
  /** Ids of the permissions on the chain; empty for the account's own key. */
  readonly authenticators: readonly number[]
  readonly rights: KeyRights
}

/** The account's own key can do everything, and from anywhere. */
const OWNER: Signer = {
  authenticators: [],
  rights: { canTrade: true, canWithdraw: true, boundToAddresses: false },
}
const PLACE = '/dydxprotocol.clob.MsgPlaceOrder'
const CANCEL = '/dydxprotocol.clob.MsgCancelOrder'
/** Whoever may send nothing but these cannot move funds. */
const HARMLESS = new Set([PLACE, CANCEL, '/dydxprotocol.clob.MsgBatchCancel', '/dydxprotocol.clob.MsgUpdateLeverage'])

/** A permission as a tree: `SignatureVerification` names a key, `MessageFilter` what may be sent; the others combine them. */
type Permission =
  | { readonly type: 'AllOf' | 'AnyOf'; readonly parts: readonly Permission[] }
  | { readonly type: 'key'; readonly publicKey: string }
  | { readonly type: 'messages'; readonly urls: readonly string[] }
  /** Narrows to subaccounts or markets, or is of a kind that is not known here. */
  | { readonly type: 'other' }

/**
 * @param publicKey - of the key that we sign with, base64
 * @param ownKey - the account's own public key, base64
 * @param answer - the account's permissions as a node lists them; undefined for the account's own key
 * @returns undefined when the key is neither the account's nor permitted by it to trade
 * @see https://docs.dydx.xyz/concepts/trading/authenticators
 */
export function signerFrom(publicKey: string, ownKey: string, answer: unknown): Signer | undefined {
  if (publicKey === ownKey) return OWNER
  const permissions = list(field(answer, 'account_authenticators'), 'authenticators').map((each) => ({
    id: Number(idText(field(each, 'id'), 'authenticator id')),
    permission: permissionFrom(String(field(each, 'type')), bytesOf(field(each, 'config'))),
  }))
  const ours = permissions
    .filter(({ permission }) => keysOf(permission).includes(publicKey))
    .map(({ id, permission }) => ({ id, allowed: messagesOf(permission) }))
    .filter(({ allowed }) => allowed === 'all' || (allowed.has(PLACE) && allowed.has(CANCEL)))
  // One that allows less is taken before one that allows more; but the key has the rights of all.
  const [first] = ours.toSorted((a, b) => breadthOf(a.allowed) - breadthOf(b.allowed))
  if (!first) return undefined
  const canWithdraw = permissions.some(({ permission }) => {
    const allowed = messagesOf(permission)
    return (
      keysOf(permission).includes(publicKey) && (allowed === 'all' || [...allowed].some((url) => !HARMLESS.has(url)))
    )
  })
  return { authenticators: [first.id], rights: { canTrade: true, canWithdraw, boundToAddresses: false } }
}

const breadthOf = (allowed: ReadonlySet<string> | 'all'): number =>
  allowed === 'all' ? Number.POSITIVE_INFINITY : allowed.size

function permissionFrom(type: string, config: Buffer): Permission {
  switch (type) {
    case 'AllOf':
    case 'AnyOf':
      return {
        type,
        parts: list(json(config), 'permissions').map((part) =>
          permissionFrom(String(field(part, 'type')), bytesOf(field(part, 'config'))),
        ),
      }
    case 'SignatureVerification':
      return { type: 'key', publicKey: config.toString('base64') }
    case 'MessageFilter':
      return { type: 'messages', urls: config.toString().split(',') }
    default:
      return { type: 'other' }
  }
}

const keysOf = (permission: Permission): readonly string[] =>
  permission.type === 'key' ? [permission.publicKey] : 'parts' in permission ? permission.parts.flatMap(keysOf) : []

/** What may be sent under it, at most: a part that does not say is taken for one that lets everything through. */
function messagesOf(permission: Permission): ReadonlySet<string> | 'all' {
  switch (permission.type) {
    case 'messages':
      return new Set(permission.urls)
    case 'AllOf':
      return permission.parts.map(messagesOf).reduce(both, 'all')
    case 'AnyOf':
      return permission.parts.map(messagesOf).reduce<ReadonlySet<string> | 'all'>(either, new Set())
    default:
      return 'all'
  }
}

const both = (a: ReadonlySet<string> | 'all', b: ReadonlySet<string> | 'all'): ReadonlySet<string> | 'all' =>
  a === 'all' ? b : b === 'all' ? a : new Set([...a].filter((url) => b.has(url)))
const either = (a: ReadonlySet<string> | 'all', b: ReadonlySet<string> | 'all'): ReadonlySet<string> | 'all' =>
  a === 'all' || b === 'all' ? 'all' : new Set([...a, ...b])

const bytesOf = (value: unknown): Buffer => Buffer.from(typeof value === 'string' ? value : '', 'base64')

function json(config: Buffer): unknown {
  try {
    return JSON.parse(config.toString())
  } catch (error) {
    throw new UnreadableError(`Expected an authenticator's parts as JSON, was ${config.toString().slice(0, 100)}`, {
      cause: error,
    })
  }
}
