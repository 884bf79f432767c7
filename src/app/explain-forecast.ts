import type { Forecast } from '../domain/forecast.ts'
import type { Asset } from '../domain/market/tick.ts'
import type { Explanation } from '../domain/model/explanation.ts'
import { PROPOSAL_ID, toProposalId } from '../domain/proposal.ts'
import { duration, HOUR, later, type TimestampMs } from '../domain/units.ts'
import type { Ports } from './ports.ts'

export type ForecastExplanation =
  | {
      readonly kind: 'explained'
      readonly asset: Asset
      readonly modelId: string
      /** When the forecast was made that is explained. */
      readonly at: TimestampMs
      /** When the answer was made that was asked about; later where that one itself was not explained. */
      readonly askedAt: TimestampMs
      readonly why: readonly Explanation[]
    }
  | { readonly kind: 'not-explained'; readonly asset: Asset; readonly at: TimestampMs; readonly reason: string }
  /** With the assets of the book. */
  | { readonly kind: 'not-found'; readonly assets: readonly Asset[] }

/** A forecast is made twice a minute; one older than this was not the newest when a proposal was made. */
const FORECAST_WITHIN = HOUR
/** Networks are explained once an hour: the newest explanation within so long before stands for what was asked. */
const EXPLAINED_WITHIN = duration(1.5 * HOUR)

/**
 * Which inputs made the newest forecast of an asset, or the one a proposal was sized on.
 *
 * @param what - an asset of the book, or the id of a proposal
 */
export const createExplainForecast =
  ({ store, settings }: Ports) =>
  async (what: string): Promise<ForecastExplanation> => {
    const assets = Object.keys(settings.book.exposures)
    const forecast = assets.includes(what.toUpperCase())
      ? (await store.forecasts.latest(what.toUpperCase()))?.forecast
      : await forecastOf(store, what)
    if (!forecast) return { kind: 'not-found', assets }
    const { asset, at, prediction } = forecast
    if (prediction.kind === 'undetermined') return { kind: 'not-explained', asset, at, reason: prediction.detail }
    const explained = prediction.why ? forecast : await lastExplained(store, forecast)
    if (explained?.prediction.kind !== 'estimated' || !explained.prediction.why) {
      return { kind: 'not-explained', asset, at, reason: `${prediction.modelId} kept no explanation with it` }
    }
    const { why, modelId } = explained.prediction
    return { kind: 'explained', asset, modelId, at: explained.at, askedAt: at, why }
  }

async function forecastOf(store: Ports['store'], what: string): Promise<Forecast | undefined> {
  if (!PROPOSAL_ID.test(what.toUpperCase())) return undefined
  const proposal = await store.proposals.find(toProposalId(what.toUpperCase()))
  if (!proposal) return undefined
  const { asset, proposedAt } = proposal
  return (await store.forecasts.between(asset, later(proposedAt, -FORECAST_WITHIN), proposedAt)).at(-1)
}

/** The newest of the same model that was explained, not long before. */
async function lastExplained(
  store: Ports['store'],
  { asset, at, prediction }: Forecast,
): Promise<Forecast | undefined> {
  const earlier = await store.forecasts.between(asset, later(at, -EXPLAINED_WITHIN), at)
  return earlier.findLast(
    (one) =>
      one.prediction.kind === 'estimated' &&
      prediction.kind === 'estimated' &&
      one.prediction.modelId === prediction.modelId &&
      one.prediction.why !== undefined,
  )
}
