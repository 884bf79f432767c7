import { z } from 'zod'
import type { App } from '../src/app/app.ts'
import { describeCalibration } from '../src/app/cards.ts'
import { command } from '../src/chat/command.ts'
import { HORIZONS } from '../src/domain/forecast.ts'
import { formatPercent } from '../src/domain/format.ts'
import { progressField, standingFields } from './model-text.ts'

/** `/model status`: which model answers, on which engine, what it was trained and calibrated on, what it beats, and who else is there. */
export default command({
  name: 'model status',
  description: 'Which model answers, what it was trained on and what it beats',
  role: 'viewer',
  options: z.object({}),

  async run(_, app) {
    const model = await app.describeModel()
    const list = await app.listModels()
    const progress = await app.trainingProgress()
    const others = [...(list ? standingFields(list) : []), ...(progress ? [progressField(progress)] : [])]
    if (!model)
      return {
        tone: 'warning',
        title: 'No model is loaded',
        text: 'Forecasts are undetermined; hedges follow the base policy without overlay. Train one with npm run train.',
        ...(others.length > 0 && { fields: others }),
      }
    return {
      tone: 'info',
      title: `Model ${model.modelId}`,
      fields: [
        { name: 'Architecture', value: `${model.architecture} on ${model.engine}` },
        { name: 'Trained', value: `${model.trainedAt.slice(0, 10)} on ${model.trainedOn}` },
        { name: 'Calibration', value: describeCalibration(model.calibratedOn) },
        ...EVENTS.flatMap((event) => describeEvent(model, event)),
        ...others,
      ],
      footer: 'On held-out hours with every feed there; volatility alone in brackets',
    }
  },
})

interface Event {
  readonly name: string
  /** Horizon and head, shortest first. */
  readonly heads: readonly (readonly [string, string])[]
}

const EVENTS: readonly Event[] = [
  { name: 'Cascade down', heads: HORIZONS.map((horizon) => [horizon, `cascade-down-${horizon}`]) },
  { name: 'Cascade up', heads: HORIZONS.map((horizon) => [horizon, `cascade-up-${horizon}`]) },
  { name: 'Hedge overlay pays', heads: [['24h', 'overlay-pays-24h']] },
]

type Model = NonNullable<Awaited<ReturnType<App['describeModel']>>>
type Figure = Model['metrics'][string]

const LINES: readonly {
  readonly name: string
  readonly metric: string
  readonly format: (figure: Figure) => string
}[] = [
  // Ranked by chance, the average precision is the rate at which the event came.
  { name: 'came in', metric: 'averagePrecision', format: ({ base }) => formatPercent(base) },
  { name: 'lift', metric: 'lift', format: beside((value) => value.toFixed(2)) },
  { name: 'Brier skill', metric: 'brierSkill', format: beside(formatPercent) },
  { name: 'calibration error', metric: 'ece', format: beside(formatPercent) },
]

function beside(format: (value: number) => string) {
  return ({ model, baseline }: Figure): string => `${format(model)} (${format(baseline)})`
}

/** One line per figure, the horizons side by side; nothing for an event that the model does not answer. */
function describeEvent({ metrics, gates }: Model, { name, heads }: Event) {
  const row = (label: string, cell: (head: string) => string | undefined): string[] => {
    const cells = heads.flatMap(([horizon, head]) => {
      const text = cell(head)
      return text === undefined ? [] : `${horizon} ${text}`
    })
    return cells.length > 0 ? [`${label} ${cells.join(', ')}`] : []
  }
  const lines = [
    ...LINES.flatMap(({ name: label, metric, format }) =>
      row(label, (head) => {
        const figure = metrics[`${head}.${metric}`]
        return figure && format(figure)
      }),
    ),
    ...row('calibration gate', (head) => (gates[head] === undefined ? undefined : gates[head] ? 'passed' : 'failed')),
  ]
  return lines.length > 0 ? [{ name, value: lines.join('\n') }] : []
}
