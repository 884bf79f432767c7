import { Decimal } from 'decimal.js'
import type { ContractMarket } from './contracts.ts'
import { type Signer, signerFrom } from './dydx-key.ts'
import { FLAGS, type Flags, heightOf, SUBACCOUNT } from './dydx-shapes.ts'
import type { Expiry, Session, WireOrder } from './exchange.ts'
import { UnreadableError } from './failures.ts'
import { decimalText, field, idText } from './readings.ts'
import { call, type TradingClient } from './trading-client.ts'

/** How far a transaction's nonce may be behind the time of the block, and ahead of it: the chain's rule. */
const NONCE_WINDOW_MS = 30_000
/** Slower blocks than these are rare: an order good for so many blocks is not taken after their time. */
const SLOW_BLOCK_MS = 1_500
/** An immediate order that has found nothing after this many blocks finds nothing any more. The chain allows 20. */
const MOST_BLOCKS = 5
/** "Good till cancelled" has an end on the chain, at most 95 days away. */
const RESTS_FOR_S = 30 * 24 * 3600
/** A cancel must be good for longer than what it cancels. */
const CANCEL_LASTS_S = RESTS_FOR_S + 3600
const CANCEL_VALIDITY_MS = 10_000
/** What ccxt counts a price's decimals from: USDC has six. */
const QUOTE_RESOLUTION = -6

/** What ccxt calls an account: its number, and the key that signs. */
interface Account {
  readonly account_number: string
  readonly pub_key: { readonly key: string }
}
interface Message {
  readonly typeUrl: string
  readonly value: { readonly order?: Record<string, unknown>; readonly [name: string]: unknown }
}
/** The part of ccxt's dYdX that signs. */
interface DydxClient extends TradingClient {
  readonly walletAddress?: string
  readonly privateKey?: string
  fetchDydxAccount(): Promise<unknown>
  retrieveCredentials(): { readonly privateKey: string; readonly publicKey: string }
  createOrderRequest(
    symbol: string,
    type: 'limit',
    side: 'buy' | 'sell',
    amount: string,
    price: string,
    params: Readonly<Record<string, unknown>>,
  ): readonly [id: string, message: Message]
  createOrderIdFromParts(address: string, subaccount: number, client: number, flags: number, clobPair: number): string
  signDydxTx(
    privateKey: string,
    message: unknown,
    memo: string,
    chain: unknown,
    account: Account,
    authenticators: readonly number[],
  ): string
  request(path: string, api: string, method: string, params: Readonly<Record<string, unknown>>): Promise<unknown>
}
const clientOf = ({ client }: Pick<Session, 'client'>): DydxClient => client as unknown as DydxClient

/** The node's side: transactions that order and cancel. */
export interface Chain {
  /** Learns who signs. @throws {RangeError} when the key may not trade for the account */
  prepare(session: Session): Promise<void>
  signer(): Signer
  /**
   * The last block that may fill an immediate order, so near that it has passed by `validUntil`; undefined for one that rests.
   *
   * @throws {UnreadableError} when there is no time left
   */
  lastBlockFor(session: Session, order: Pick<WireOrder, 'timeInForce' | 'expiry'>): Promise<number | undefined>
  /** Gives an order to a node, which has then checked it and holds it for the next blocks: nothing is certain yet. */
  place(session: Session, order: WireOrder, as: { number: number; goodTilBlock: number | undefined }): Promise<void>
  /** Gives the cancel of an order that rests to a node. */
  cancel(session: Session, market: ContractMarket, number: number): Promise<void>
}

export function createChain(): Chain {
  const used = new Set<number>()
  let signing: { readonly account: Account; readonly signer: Signer } | undefined

  function prepared(): { readonly account: Account; readonly signer: Signer } {
    if (signing) return signing
    throw new Error('Expected an account that was asked for, was none')
  }

  /**
   * The time that stands in a transaction instead of a sequence number. The chain takes it for half a minute, so that one that is
   * set back is refused after `validUntil`. Each can be used once.
   */
  function nonceFor({ signedAt, validUntil }: Expiry): number {
    for (const old of used) if (old < signedAt - 2 * NONCE_WINDOW_MS) used.delete(old)
    let nonce = Math.min(signedAt, validUntil - NONCE_WINDOW_MS)
    // Of two in one millisecond the later is good for one more; the chain wants them rising when there are many.
    while (used.has(nonce)) nonce += 1
    used.add(nonce)
    return nonce
  }

  async function broadcast(session: Session, message: Message, expiry: Expiry): Promise<void> {
    const client = clientOf(session)
    const { account, signer } = prepared()
    const nonce = nonceFor(expiry)
    // ccxt takes the nonce from its clock.
    const view = Object.create(client, { milliseconds: { value: () => nonce } }) as DydxClient
    const { privateKey } = client.retrieveCredentials()
    const tx = view.signDydxTx(privateKey, message, '', client.options.chainName, account, signer.authenticators)
    const answer = await call(client, 'nodeRpcGetBroadcastTxSync', { tx })
    const code = field(field(answer, 'result'), 'code')
    if (Number(code) !== 0 || code === null) {
      throw new UnreadableError(`Expected the code of a transaction, was ${JSON.stringify(code)}`)
    }
  }

  return {
    signer: () => prepared().signer,
    async prepare(session) {
      const client = clientOf(session)
      const { walletAddress, privateKey } = client
      if (!walletAddress || !privateKey)
        throw new RangeError('Expected an address and a private key for dYdX, was none')
      // The chain's key. ccxt would take it for an Ethereum key and derive another from it, by a way that is not dYdX's own.
      client.options.privateKey = privateKey
      spellExponents(client)
      const account = await client.fetchDydxAccount()
      const ownKey = idText(field(field(account, 'pub_key'), 'key'), 'public key of the account')
      const publicKey = Buffer.from(client.retrieveCredentials().publicKey, 'hex').toString('base64')
      const permissions =
        publicKey === ownKey
          ? undefined
          : await client.request('dydxprotocol/accountplus/authenticators/{account}', 'nodeRest', 'GET', {
              account: walletAddress,
            })
      const signer = signerFrom(publicKey, ownKey, permissions)
      if (!signer) throw new RangeError(`Expected a key that may trade for ${walletAddress}, was another`)
      const accountNumber = idText(field(account, 'account_number'), 'account number')
      signing = { signer, account: { account_number: accountNumber, pub_key: { key: publicKey } } }
    },

    async lastBlockFor(session, { timeInForce, expiry }) {
      if (timeInForce === 'gtc') return undefined
      const answer = await call(session.client, 'nodeRpcGetAbciInfo')
      const height = heightOf(field(field(field(answer, 'result'), 'response'), 'last_block_height'))
      const leftMs = expiry.validUntil - session.venueNow()
      if (leftMs <= 0) throw new UnreadableError('Expected time left to sign, was none')
      return height + Math.max(1, Math.min(MOST_BLOCKS, Math.floor(leftMs / SLOW_BLOCK_MS)))
    },

    async place(session, order, { number, goodTilBlock }) {
      const client = clientOf(session)
      const [, message] = client.createOrderRequest(
        order.market.symbol,
        'limit',
        order.side,
        order.contracts,
        order.limitPrice,
        {
          clientOrderId: number,
          timeInForce: order.timeInForce === 'ioc' ? 'IOC' : 'GTT',
          postOnly: order.postOnly,
          reduceOnly: order.reduceOnly,
          goodTillBlock: goodTilBlock,
        },
      )
      const { order: placed } = message.value
      if (!placed) throw new UnreadableError('Expected an order to sign, was none')
      // ccxt names itself as the one who brought the order, and is paid for it.
      placed.orderRouterAddress = ''
      // It counts from the machine's clock.
      if (goodTilBlock === undefined) placed.goodTilBlockTime = Math.floor(session.venueNow() / 1000) + RESTS_FOR_S
      checkSizes(placed, order, client)
      await broadcast(session, message, order.expiry)
    },

    async cancel(session, market, number) {
      const client = clientOf(session)
      const signedAt = session.venueNow()
      const message: Message = {
        typeUrl: '/dydxprotocol.clob.MsgCancelOrder',
        value: {
          orderId: {
            subaccountId: { owner: client.walletAddress, number: SUBACCOUNT },
            clientId: number,
            orderFlags: FLAGS.long,
            clobPairId: clobPairOf(client, market),
          },
          goodTilBlockTime: Math.floor(signedAt / 1000) + CANCEL_LASTS_S,
        },
      }
      await broadcast(session, message, { signedAt, validUntil: signedAt + CANCEL_VALIDITY_MS })
    },
  }
}

/** The venue's id of an order, which follows from ours. */
export function venueIdOf(session: Session, market: ContractMarket, number: number, flags: Flags): string {
  const client = clientOf(session)
  return client.createOrderIdFromParts(addressOf(session), SUBACCOUNT, number, flags, clobPairOf(client, market))
}

export const addressOf = (session: Session): string => clientOf(session).walletAddress ?? ''

export const clobPairOf = (client: TradingClient, { symbol }: Pick<ContractMarket, 'symbol'>): number =>
  Number(decimalText(field(client.market(symbol).info, 'clobPairId'), 'CLOB pair id'))

/**
 * ccxt scales by powers of ten that are wrong from 10⁰ down, and rounds: what is signed is compared with what was ordered.
 *
 * @throws {UnreadableError} when they differ; nothing has been sent
 */
function checkSizes(placed: Record<string, unknown>, order: WireOrder, client: TradingClient): void {
  const { info } = client.market(order.market.symbol)
  const resolution = Number(field(info, 'atomicResolution'))
  const exponent = Number(field(info, 'quantumConversionExponent'))
  const quantums = new Decimal(order.contracts).mul(new Decimal(10).pow(-resolution))
  const subticks = new Decimal(order.limitPrice).mul(new Decimal(10).pow(resolution - exponent - QUOTE_RESOLUTION))
  for (const [name, expected] of Object.entries({ quantums, subticks })) {
    if (expected.toFixed() !== String(placed[name])) {
      throw new UnreadableError(
        `Expected ${name} of ${expected.toFixed()} for ${order.market.asset}, was ${placed[name]}`,
      )
    }
  }
}

/** ccxt reckons with these as texts, and reads them as numbers from most answers. */
function spellExponents({ markets = {} }: TradingClient): void {
  for (const { info } of Object.values(markets)) {
    const facts = info as Record<string, unknown>
    for (const name of ['atomicResolution', 'quantumConversionExponent']) facts[name] = String(facts[name])
  }
}
