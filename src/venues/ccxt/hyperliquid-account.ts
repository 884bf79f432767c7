import type { KeyRights } from '../../ports/venue.ts'
import type { ContractMarket } from './contracts.ts'
import type { RawPosition, Session } from './exchange.ts'
import { accountOf, ask, askOf, signerOf } from './hyperliquid-actions.ts'
import { decimalText, field, oneOf, optionalDecimal } from './readings.ts'

/** How an account keeps its money. With one balance for everything, what the perpetuals have says nothing of its equity. */
const BALANCES = {
  ...{ default: 'own', disabled: 'own', dexAbstraction: 'own' },
  ...{ unifiedAccount: 'shared', portfolioMargin: 'shared' },
} as const

/** @throws {RangeError} when the account's money is shared with what is not traded here */
export async function requireOwnBalance(session: Session): Promise<void> {
  // A JSON text by itself, which ccxt leaves as it came.
  const mode = String(await askOf(session, 'userAbstraction')).replaceAll('"', '')
  if (oneOf(mode, BALANCES, 'mode of an account') === 'shared') {
    throw new RangeError(`Expected an account whose perpetuals have a balance of their own, was ${mode}`)
  }
}

export function toRawPosition(position: unknown, market: ContractMarket): RawPosition {
  const contracts = decimalText(field(position, 'szi'), 'position')
  const notional = Number(decimalText(field(position, 'positionValue'), 'position value'))
  return {
    market,
    contracts,
    averageEntryPrice: optionalDecimal(field(position, 'entryPx'), 'entry price'),
    ...(Number(contracts) !== 0 && { markPrice: (notional / Math.abs(Number(contracts))).toFixed(8) }),
    liquidationPrice: optionalDecimal(field(position, 'liquidationPx'), 'liquidation price'),
    leverage: optionalDecimal(field(field(position, 'leverage'), 'value'), 'leverage'),
  }
}

const ROLES = { user: 'user', agent: 'agent', vault: 'vault', subAccount: 'subAccount', missing: 'missing' } as const

/**
 * From whose key it is: an API wallet that the account approved trades and does nothing else; the account's own key does
 * everything. Nothing binds a key to addresses here.
 */
export async function rightsOf(session: Session): Promise<KeyRights> {
  const [account, user] = [accountOf(session), signerOf(session)]
  const answer = await ask(session.client, 'userRole', { user })
  const role = oneOf(field(answer, 'role'), ROLES, 'role of a wallet')
  const master = String(field(field(answer, 'data'), 'user') ?? '').toLowerCase()
  if (user === account && role === 'user') return { canTrade: true, canWithdraw: true }
  return { canTrade: role === 'agent' && master === account && user !== account, canWithdraw: false }
}
