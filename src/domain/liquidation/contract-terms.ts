/**
 * How each venue's contracts charge maintenance: the rules around the tables of `margin-tiers.ts`.
 *
 * @module
 */
import type { Asset, VenueId } from '../market/tick.ts'

export interface ContractTerms {
  readonly venue: VenueId
  readonly asset: Asset
  /** As the venue names it, which is how tier tables are found. */
  readonly contract: string
  /** `linear`: margin in the quote currency, quantity in coins. `inverse`: margin in coins, quantity in USD contracts. */
  readonly kind: 'linear' | 'inverse'
  /** What maintenance is charged on: the notional at the mark price, or the one at entry. */
  readonly maintenanceOn: 'mark' | 'entry'
  /** `slices`: a tier's rate holds for what exceeds the tier below. `whole`: the tier's rate holds for all of the position. */
  readonly chargedOn: 'slices' | 'whole'
  /** What decides the tier: the dollar notional, which moves with the price, or coins. */
  readonly sizedIn: 'usd' | 'coins'
}

type Rules = Omit<ContractTerms, 'venue' | 'asset' | 'contract'> & { readonly contractOf: (asset: Asset) => string }

const linear = { kind: 'linear', maintenanceOn: 'mark', chargedOn: 'slices', sizedIn: 'usd' } as const

/**
 * Bybit's help pages of September 2024 charge USDT and inverse contracts on entry; by May 2026 the inverse page charges on
 * mark, and the USDT page has not been seen to. OKX's rules charge the whole position at its tier's rate, and tiers count
 * contracts. Hyperliquid's maintenance is half the initial margin at the tier's maximum leverage; dYdX has one fraction per
 * market.
 */
const RULES: Readonly<Record<VenueId, Rules>> = {
  binance: { ...linear, contractOf: (asset) => `${asset}USDT` },
  bybit: { ...linear, maintenanceOn: 'entry', contractOf: (asset) => `${asset}USDT` },
  okx: { ...linear, chargedOn: 'whole', sizedIn: 'coins', contractOf: (asset) => `${asset}-USDT-SWAP` },
  deribit: { ...linear, kind: 'inverse', sizedIn: 'coins', contractOf: (asset) => `${asset}-PERPETUAL` },
  hyperliquid: { ...linear, contractOf: (asset) => asset },
  dydx: { ...linear, contractOf: (asset) => `${asset}-USD` },
}

/** The perpetual of an asset that is followed on a venue; undefined when the venue's rules are not known. */
export function contractTerms(venue: VenueId, asset: Asset): ContractTerms | undefined {
  if (!Object.hasOwn(RULES, venue)) return undefined
  const { contractOf, ...rules } = RULES[venue]!
  return { venue, asset, contract: contractOf(asset), ...rules }
}
