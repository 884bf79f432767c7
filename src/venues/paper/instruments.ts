import { type Instrument, instrumentIdOf } from '../../domain/instrument.ts'
import type { Asset, VenueId } from '../../domain/market/tick.ts'
import { usd } from '../../domain/units.ts'

const CONTRACTS: Readonly<Record<Asset, Pick<Instrument, 'lotSize' | 'tickSize' | 'minNotional'>>> = {
  BTC: { lotSize: '0.001', tickSize: '0.1', minNotional: usd(50) },
  ETH: { lotSize: '0.001', tickSize: '0.01', minNotional: usd(20) },
}
const OTHER = { lotSize: '0.01', tickSize: '0.0001', minNotional: usd(5) }
const ASSET = /^[A-Z0-9]{1,15}$/

/**
 * The perpetual of an asset with steps as large venues have them; any other asset gets fine general steps.
 *
 * @throws {RangeError} when the asset is not a ticker in capitals
 */
export function paperInstrument(asset: Asset, venue: VenueId): Instrument {
  if (!ASSET.test(asset)) throw new RangeError(`Expected an asset in capitals such as ETH, was ${asset}`)
  return { instrumentId: instrumentIdOf(asset, venue), asset, venue, ...(CONTRACTS[asset] ?? OTHER) }
}

/** The instrument with this id, or undefined when it is not one of this venue's. */
export function findPaperInstrument(instrumentId: string, venue: VenueId): Instrument | undefined {
  const asset = instrumentId.split('-')[0] ?? ''
  if (!ASSET.test(asset)) return undefined
  const instrument = paperInstrument(asset, venue)
  return instrument.instrumentId === instrumentId ? instrument : undefined
}
