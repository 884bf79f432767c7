import { formatPercent, formatTime } from '../domain/format.ts'
import { createRandom } from '../domain/random.ts'
import { DAY, type TimestampMs } from '../domain/units.ts'
import type { ModelFigure, ModelForecast, ModelRecord } from '../ports.ts'
import { announce, wakeDelivery } from './announce.ts'
import { formatFigure } from './model-words.ts'
import type { Ports } from './ports.ts'

/** What one model said of what became known in a span, and how it stands beside the champion. */
export interface ModelValidation {
  readonly modelId: string
  readonly state: ModelRecord['state']
  /** Forecasts with a known outcome. */
  readonly known: number
  /** 1 − Brier/Brier of the base rates of its own held-out data; undefined below `LEAST`. */
  readonly brierSkill?: number | undefined
  /** Brier of the champion minus its own, relative to the champion's, on forecasts that both made; positive = better. */
  readonly overChampion?: ModelFigure | undefined
}

/** Fewer say nothing. */
const LEAST = 50
const DRAWS = 300
const SEED = 20_250_203

/**
 * Compares champion and challengers on what they said in a span and what came of it, and tells the desk. Nothing is decided by
 * it: a month holds few episodes, and intervals say so.
 */
export const createValidateModels =
  (ports: Ports) =>
  async ({ from, to }: { from: TimestampMs; to: TimestampMs }): Promise<readonly ModelValidation[]> => {
    const { store, clock, models } = ports
    if (!models) return []
    const inUse = (await store.models.list(models.market)).filter(({ state }) => state !== 'retired')
    const said = new Map<string, readonly Known[]>()
    for (const { modelId } of inUse)
      said.set(modelId, (await store.modelForecasts.between({ modelId, from, to })).filter(isKnown))
    const champion = inUse.find(({ state }) => state === 'champion')
    const theirs = champion && said.get(champion.modelId)!
    const validations = inUse.map(
      (model): ModelValidation => ({
        modelId: model.modelId,
        state: model.state,
        known: said.get(model.modelId)!.length,
        brierSkill: skillOver(said.get(model.modelId)!, model),
        overChampion: theirs && model !== champion ? paired(said.get(model.modelId)!, theirs) : undefined,
      }),
    )
    if (validations.length === 0) return validations
    const at = clock.now()
    await store.transaction(async (tx) => {
      await tx.audit.append({
        at,
        actor: 'system',
        action: 'model.validated',
        subject: models.market,
        details: { from, to, validations },
      })
      await announce(tx, ports, {
        cardKey: `model-validation:${at}`,
        at,
        urgency: 'low',
        card: {
          tone: 'info',
          title: `Models from ${formatTime(from)} to ${formatTime(to)}`,
          fields: validations.map((validation) => ({
            name: `${validation.modelId}, ${validation.state}`,
            value: describe(validation),
          })),
          footer: 'What was said in that time and came true or did not; /model list shows what may be put in force.',
        },
      })
    })
    await wakeDelivery(ports.queue)
    return validations
  }

type Known = ModelForecast & { readonly outcome: boolean }
const isKnown = (forecast: ModelForecast): forecast is Known => forecast.outcome !== undefined

const errorOf = ({ probability, outcome }: Known): number => (probability - (outcome ? 1 : 0)) ** 2

function skillOver(said: readonly Known[], { metrics: { targets } }: ModelRecord): number | undefined {
  const comparable = said.filter(({ target }) => targets[target] !== undefined)
  if (comparable.length < LEAST) return undefined
  const own = sum(comparable.map(errorOf))
  const base = sum(comparable.map((one) => errorOf({ ...one, probability: targets[one.target]!.base })))
  return base > 0 ? 1 - own / base : undefined
}

/** By whole days, for the hours of one day share their outcome. */
function paired(mine: readonly Known[], theirs: readonly Known[]): ModelFigure | undefined {
  const keyOf = ({ asset, at, target }: Known): string => `${asset} ${at} ${target}`
  const other = new Map(theirs.map((one) => [keyOf(one), errorOf(one)]))
  const days = new Map<number, { gain: number; theirs: number }>()
  let pairs = 0
  for (const one of mine) {
    const error = other.get(keyOf(one))
    if (error === undefined) continue
    const day = Math.floor(one.at / DAY)
    const sums = days.get(day) ?? { gain: 0, theirs: 0 }
    days.set(day, { gain: sums.gain + error - errorOf(one), theirs: sums.theirs + error })
    pairs++
  }
  if (pairs < LEAST) return undefined
  const list = [...days.values()]
  const ratio = (of: typeof list): number => {
    const total = sum(of.map((day) => day.theirs))
    return total > 0 ? sum(of.map(({ gain }) => gain)) / total : 0
  }
  const random = createRandom(SEED)
  const draws = Array.from({ length: DRAWS }, () =>
    ratio(list.map(() => list[Math.floor(random() * list.length)]!)),
  ).sort((a, b) => a - b)
  return { value: ratio(list), low: draws[Math.floor(0.025 * DRAWS)]!, high: draws[Math.floor(0.975 * DRAWS)]! }
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

function describe({ known, brierSkill, overChampion }: ModelValidation): string {
  if (brierSkill === undefined) return `${known} known outcomes: too few to say`
  return [
    `${known} known outcomes, Brier skill ${formatPercent(brierSkill)}`,
    ...(overChampion ? [`over the champion ${formatFigure(overChampion)}`] : []),
  ].join('; ')
}
