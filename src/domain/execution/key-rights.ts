/** What a venue tells of a key; the venue port's own shape. */
interface Rights {
  readonly canTrade: boolean
  readonly canWithdraw?: boolean | undefined
  readonly boundToAddresses?: boolean | undefined
}

/** Something about a key, and what to do about it at the venue. */
export interface KeyFinding {
  readonly code: 'KEY_CAN_WITHDRAW' | 'KEY_CANNOT_TRADE' | 'KEY_RIGHTS_UNTOLD' | 'KEY_NOT_BOUND'
  readonly reason: string
  readonly remedy: string
}

export type KeyJudgement =
  | { readonly kind: 'fit'; readonly warnings: readonly KeyFinding[] }
  /** Everything that stands in the way, first what matters most. */
  | { readonly kind: 'refused'; readonly findings: readonly KeyFinding[] }

const CAN_WITHDRAW: KeyFinding = {
  code: 'KEY_CAN_WITHDRAW',
  reason: 'the key can withdraw, so whoever gets hold of it can empty the account',
  remedy: 'Make a key without the right to withdraw or transfer, and delete this one at the venue.',
}
const CANNOT_TRADE: KeyFinding = {
  code: 'KEY_CANNOT_TRADE',
  reason: 'the key cannot trade',
  remedy: 'Give it the right to trade derivatives, or make another key that has it.',
}
const RIGHTS_UNTOLD: KeyFinding = {
  code: 'KEY_RIGHTS_UNTOLD',
  reason: 'the venue does not tell whether the key can withdraw',
  remedy: 'Look at the venue that it cannot.',
}
const NOT_BOUND: KeyFinding = {
  code: 'KEY_NOT_BOUND',
  reason: 'the key works from any address',
  remedy: 'Bind it to the address of this machine at the venue.',
}

/**
 * Whether a key may be traded with. One that can withdraw never may with real money, since no order needs that right; on a test
 * network it is a warning, for venues hand out such keys there and nothing can be lost.
 */
export function judgeKeyRights(
  { canTrade, canWithdraw, boundToAddresses }: Rights,
  { sandbox }: { sandbox: boolean },
): KeyJudgement {
  const refusals = [...(canWithdraw === true && !sandbox ? [CAN_WITHDRAW] : []), ...(canTrade ? [] : [CANNOT_TRADE])]
  if (refusals.length > 0) return { kind: 'refused', findings: refusals }
  return {
    kind: 'fit',
    warnings: [
      ...(canWithdraw === true ? [CAN_WITHDRAW] : []),
      ...(canWithdraw === undefined ? [RIGHTS_UNTOLD] : []),
      ...(boundToAddresses === false ? [NOT_BOUND] : []),
    ],
  }
}
