import type { Engine } from '../../models/engine.ts'
import { createForecasterOf } from '../../models/forecaster.ts'
import { baselineOf, unpackArtifact } from '../../models/registry.ts'
import type { Logger } from '../log.ts'
import type { Forecaster, ModelFiles, ModelRecord, Store } from '../ports.ts'

export type ChampionForecaster = Forecaster & Required<Pick<Forecaster, 'refresh'>>

export interface ChampionOptions {
  readonly store: Pick<Store, 'models'>
  readonly files: Pick<ModelFiles, 'market' | 'featureHash'>
  readonly engine: Engine
  /** Answers while no model is on record. */
  readonly otherwise: Forecaster
  readonly log: Logger
}

interface Wanted {
  readonly model: ModelRecord
  readonly as: 'itself' | 'baseline'
}

interface Loaded {
  readonly champion: Forecaster
  readonly shadow: readonly Forecaster[]
}

const keyOf = ({ model, as }: Wanted): string => `${model.modelId} as ${as}`

/**
 * The forecaster on whichever model is in force, by the record, at the moment it is asked: a promotion, a rollback and a demotion
 * hold from the next forecast on, in every process. Where health has taken the champion out of force, the volatility-only model
 * that was fitted beside it answers, and without a model on record that reads the features of this code `otherwise`. Challengers
 * are its shadow.
 *
 * @throws {Error} when the champion's artifact is damaged; a challenger that cannot be loaded is logged and left out
 */
export async function createChampionForecaster(options: ChampionOptions): Promise<ChampionForecaster> {
  const { store, files, engine, otherwise, log } = options
  const cache = new Map<string, Promise<Forecaster | undefined>>()
  let loaded: Loaded = { champion: otherwise, shadow: [] }
  let answering = 'none'

  const load = async ({ model, as }: Wanted): Promise<Forecaster> => {
    const packed = await store.models.artifact(model.modelId)
    if (!packed) throw new Error(`Expected the artifact of ${model.modelId} on record, was none`)
    const artifact = unpackArtifact(model.modelId, packed)
    return createForecasterOf(as === 'itself' ? artifact : baselineOf(artifact), engine)
  }
  const loadChallenger = (wanted: Wanted): Promise<Forecaster | undefined> =>
    load(wanted).catch((error: unknown) => {
      log.error({ err: error, modelId: wanted.model.modelId }, 'a challenger cannot be asked')
      return undefined
    })
  const once = (wanted: Wanted, how: (wanted: Wanted) => Promise<Forecaster | undefined>) => {
    const key = keyOf(wanted)
    const loading = cache.get(key) ?? how(wanted)
    cache.set(key, loading)
    // What failed for the sake of the database, say, is tried again.
    loading.catch(() => cache.delete(key))
    return loading
  }

  const look = async (): Promise<Loaded> => {
    // What an older or newer version was fitted for cannot be asked here; the start puts a shipped model in its place.
    const models = (await store.models.list(files.market)).filter(
      ({ featureHash }) => featureHash === files.featureHash,
    )
    const first = whoAnswers(models)
    const challengers = models
      .filter(({ state }) => state === 'challenger')
      .map((model): Wanted => ({ model, as: 'itself' }))
    const wanted = new Set([...(first ? [first] : []), ...challengers].map(keyOf))
    for (const key of cache.keys()) if (!wanted.has(key)) cache.delete(key)
    const champion = first ? (await once(first, load))! : otherwise
    const shadow = await Promise.all(challengers.map((one) => once(one, loadChallenger)))
    const now = first ? keyOf(first) : 'none'
    if (now !== answering) log.info({ before: answering, now }, 'another model answers')
    answering = now
    loaded = { champion, shadow: shadow.filter((one) => one !== undefined) }
    return loaded
  }

  await look()
  return {
    get model() {
      return loaded.champion.model
    },
    get drift() {
      return loaded.champion.drift
    },
    get shadow() {
      return loaded.shadow
    },
    get lastRow() {
      return loaded.champion.lastRow
    },
    predict: async (...asked) => (await look()).champion.predict(...asked),
    refresh: async () => void (await look()),
  } as ChampionForecaster
}

/** The champion; or, where health took one out of force and nobody was put in its place, the baseline beside the last of them. */
function whoAnswers(models: readonly ModelRecord[]): Wanted | undefined {
  const champion = models.find(({ state }) => state === 'champion')
  if (champion) return { model: champion, as: 'itself' }
  const demoted = models
    .filter(({ demotedAt }) => demotedAt !== undefined)
    .toSorted((a, b) => b.demotedAt! - a.demotedAt!)
    .at(0)
  return demoted && { model: demoted, as: 'baseline' }
}
