import { DAY, later, type TimestampMs, timestamp } from '../domain/units.ts'
import type { ModelFiles, ModelHealth, ModelRecord, ModelRegistration, ShadowRecord, Store } from '../ports.ts'
import { judgePromotion, type PromotionRefusal } from './model-gate.ts'
import type { Ports } from './ports.ts'

/** A model on record, how long it has been asked, and what stands against putting it in force. */
export interface ModelStanding {
  readonly model: ModelRecord
  readonly shadow: ShadowRecord
  readonly health: ModelHealth | undefined
  readonly refusals: readonly PromotionRefusal[]
}

export interface ModelList {
  readonly market: ModelFiles['market']
  readonly champion: ModelStanding | undefined
  /** Newest first. */
  readonly challengers: readonly ModelStanding[]
  /** Newest first. */
  readonly retired: readonly ModelRecord[]
  readonly shadowDays: number
}

/** `/model list`: undefined where this process keeps no record of models. */
export const createListModels = (ports: Ports) => async (): Promise<ModelList | undefined> => {
  const { models, store, settings } = ports
  if (!models) return undefined
  const all = await store.models.list(models.market)
  const standings = await Promise.all(
    all.filter(({ state }) => state !== 'retired').map((model) => readStanding(store, ports, models, model)),
  )
  return {
    market: models.market,
    champion: standings.find(({ model }) => model.state === 'champion'),
    challengers: standings.filter(({ model }) => model.state === 'challenger'),
    retired: all.filter(({ state }) => state === 'retired'),
    shadowDays: settings.models.shadowDays,
  }
}

export async function readStanding(
  store: Store,
  { settings }: Pick<Ports, 'settings'>,
  { market, featureHash }: Pick<ModelFiles, 'market' | 'featureHash'>,
  model: ModelRecord,
): Promise<ModelStanding> {
  const [shadow, health] = await Promise.all([
    store.modelForecasts.shadow(model.modelId),
    store.modelHealth.latest(model.modelId),
  ])
  const refusals = judgePromotion(
    { model, shadow, health },
    { market, featureHash, shadowDays: settings.models.shadowDays },
  )
  return { model, shadow, health, refusals }
}

/**
 * Puts the models that came with the code on record. The newest of this desk's market is in force from the start, and after an
 * upgrade it takes the place of one that nobody chose or that this code cannot ask: installing a version is a decision of
 * people. Where a person has chosen, or health has failed, it is a challenger like any other.
 *
 * Said again, nothing changes.
 */
export const createRegisterShipped =
  ({ store, clock, models }: Ports) =>
  async (): Promise<void> => {
    if (!models) return
    const shipped = await models.shipped()
    const fresh: ModelRegistration[] = []
    for (const model of shipped) if (await registerModel(store, model, clock.now())) fresh.push(model)
    const newest = fresh
      .filter(({ market, featureHash }) => market === models.market && featureHash === models.featureHash)
      .toSorted((a, b) => b.trainedAt - a.trainedAt)
      .at(0)
    if (newest) await putShippedInForce(store, models, { modelId: newest.modelId, at: clock.now() })
  }

/** @returns whether it is new on record */
export const registerModel = (store: Store, model: ModelRegistration, at: TimestampMs): Promise<boolean> =>
  store.transaction(async (tx) => {
    if ((await tx.models.register(model, at)) === 'known') return false
    const { modelId, rung, market, origin, dataHash, featureHash, codeVersion, override } = model
    await tx.audit.append({
      at,
      actor: 'system',
      action: 'model.registered',
      subject: modelId,
      details: {
        rung,
        market,
        origin,
        dataHash,
        featureHash,
        codeVersion,
        ...(override !== undefined && { override }),
      },
    })
    return true
  })

const putShippedInForce = (
  store: Store,
  { market, featureHash }: ModelFiles,
  { modelId, at }: { modelId: string; at: TimestampMs },
): Promise<void> =>
  store.transaction(async (tx) => {
    const champion = await tx.models.champion(market)
    const demoted = (await tx.models.list(market)).some(({ demotedAt }) => demotedAt !== undefined)
    const isChosen = champion && champion.promotedBy !== 'system' && champion.featureHash === featureHash
    if (isChosen || (!champion && demoted)) return
    const reason = champion ? 'came with a newer version' : 'came with the code'
    const over = champion?.modelId
    const { kind } = await tx.models.promote({ modelId, over, at, by: 'system', reason })
    // A process that started at the same moment was faster.
    if (kind !== 'promoted') return
    await tx.audit.append({
      at,
      actor: 'system',
      action: 'model.promoted',
      subject: modelId,
      details: { market, reason, over: over ?? null },
    })
  })

/** Older, everything that models said is forgotten. */
const KEEP_FORECASTS = 730 * DAY
/** Of the last days every forecast is kept, then one an hour. */
const KEEP_ALL = 2 * DAY
const THINNED_UNTIL = 'model-forecasts.thinned-until'

/** Keeps what models said to one an hour, and two years of it; returns how many rows went. */
export async function applyModelRetention({ store, clock }: Pick<Ports, 'store' | 'clock'>): Promise<number> {
  const at = clock.now()
  const to = timestamp(Math.max(0, Math.floor((at - KEEP_ALL) / DAY) * DAY))
  const from = timestamp(Number((await store.settings.get(THINNED_UNTIL)) ?? 0))
  let gone = await store.modelForecasts.deleteBefore(later(at, -KEEP_FORECASTS))
  if (from >= to) return gone
  gone += await store.modelForecasts.thin({ from, to })
  await store.settings.set(THINNED_UNTIL, String(to))
  return gone
}
