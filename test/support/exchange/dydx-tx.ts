import { createECDH, createPublicKey, verify } from 'node:crypto'

/** The chain's messages as the package that ccxt ships describes them: what it encodes is decoded by the same words. */
const client = new URL('./src/static_dependencies/dydx-v4-client/', import.meta.resolve('ccxt'))
const load = async (path: string): Promise<Record<string, Codec>> => import(new URL(path, client).href)
interface Codec {
  decode(bytes: Uint8Array): Message
  encode(message: unknown): { finish(): Uint8Array }
  fromPartial(message: unknown): unknown
}
// biome-ignore lint/suspicious/noExplicitAny: as deep as the chain's messages are
type Message = Record<string, any>

const [{ TxRaw, TxBody, AuthInfo, SignDoc }, { MsgPlaceOrder, MsgCancelOrder }, { TxExtension }, { PubKey }] =
  await Promise.all([
    load('cosmos/tx/v1beta1/tx.js'),
    load('dydxprotocol/clob/tx.js'),
    load('dydxprotocol/accountplus/tx.js'),
    load('cosmos/crypto/secp256k1/keys.js'),
  ])

export interface OrderId {
  readonly owner: string
  readonly subaccount: number
  readonly number: number
  readonly flags: number
  readonly clobPair: number
}

export interface PlacedOrder {
  readonly kind: 'place'
  readonly id: OrderId
  readonly side: 'buy' | 'sell'
  readonly quantums: string
  readonly subticks: string
  readonly goodTilBlock: number | undefined
  /** s since 1970. */
  readonly goodTilBlockTime: number | undefined
  readonly timeInForce: 'gtt' | 'ioc' | 'post-only'
  readonly reduceOnly: boolean
  readonly routerAddress: string
}

export interface Transaction {
  readonly message:
    | PlacedOrder
    | { readonly kind: 'cancel'; readonly id: OrderId; readonly goodTilBlockTime: number | undefined }
    | { readonly kind: 'other'; readonly typeUrl: string }
  /** A sequence number, or a time in ms. */
  readonly nonce: number
  readonly authenticators: readonly number[]
  /** Compressed, base64. */
  readonly publicKey: string
  /** Whether the key above has signed it for this account of this chain. */
  isSigned(by: { readonly publicKey: string; readonly accountNumber: number; readonly chainId: string }): boolean
}

const TIMES_IN_FORCE = { 0: 'gtt', 1: 'ioc', 2: 'post-only' } as const

/** @param hex - as it stands in the address of a broadcast, with 0x */
export function decodeTransaction(hex: string): Transaction {
  const raw = TxRaw!.decode(Buffer.from(hex.replace(/^0x/, ''), 'hex'))
  const body = TxBody!.decode(raw.bodyBytes)
  const authInfo = AuthInfo!.decode(raw.authInfoBytes)
  const [signer] = authInfo.signerInfos
  const [extension] = body.nonCriticalExtensionOptions
  const selected = extension ? TxExtension!.decode(extension.value).selectedAuthenticators : []
  return {
    message: messageFrom(body.messages[0]),
    nonce: Number(signer.sequence),
    authenticators: selected.map(Number),
    publicKey: Buffer.from(PubKey!.decode(signer.publicKey.value).key).toString('base64'),
    isSigned({ publicKey, accountNumber, chainId }) {
      const { bodyBytes, authInfoBytes } = raw
      const signed = SignDoc!
        .encode(SignDoc!.fromPartial({ bodyBytes, authInfoBytes, chainId, accountNumber }))
        .finish()
      return verify('sha256', signed, { key: keyFrom(publicKey), dsaEncoding: 'ieee-p1363' }, raw.signatures[0])
    },
  }
}

function messageFrom({ typeUrl, value }: Message): Transaction['message'] {
  switch (typeUrl) {
    case '/dydxprotocol.clob.MsgPlaceOrder': {
      const { order } = MsgPlaceOrder!.decode(value)
      return {
        kind: 'place',
        id: idFrom(order.orderId),
        side: order.side === 1 ? 'buy' : 'sell',
        quantums: String(order.quantums),
        subticks: String(order.subticks),
        goodTilBlock: order.goodTilBlock,
        goodTilBlockTime: order.goodTilBlockTime,
        timeInForce: TIMES_IN_FORCE[order.timeInForce as keyof typeof TIMES_IN_FORCE],
        reduceOnly: order.reduceOnly,
        routerAddress: order.orderRouterAddress,
      }
    }
    case '/dydxprotocol.clob.MsgCancelOrder': {
      const { orderId, goodTilBlockTime } = MsgCancelOrder!.decode(value)
      return { kind: 'cancel', id: idFrom(orderId), goodTilBlockTime }
    }
    default:
      return { kind: 'other', typeUrl }
  }
}

const idFrom = ({ subaccountId, clientId, orderFlags, clobPairId }: Message): OrderId => ({
  owner: subaccountId.owner,
  subaccount: subaccountId.number,
  number: clientId,
  flags: orderFlags,
  clobPair: clobPairId,
})

/** What stands before a compressed point of secp256k1 in DER. */
const SPKI = Buffer.from('3036301006072a8648ce3d020106052b8104000a032200', 'hex')
const keyFrom = (publicKey: string) =>
  createPublicKey({ key: Buffer.concat([SPKI, Buffer.from(publicKey, 'base64')]), format: 'der', type: 'spki' })

/** Compressed, base64. */
export function publicKeyOf(privateKey: string): string {
  const pair = createECDH('secp256k1')
  pair.setPrivateKey(Buffer.from(privateKey.replace(/^0x/, ''), 'hex'))
  return pair.getPublicKey(null, 'compressed').toString('base64')
}
