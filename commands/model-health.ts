import { z } from 'zod'
import { CHECK_TITLES, notable, TONES, VERDICT_TEXTS } from '../src/app/model-health-card.ts'
import type { ModelHealthAnswer } from '../src/app/report-model-health.ts'
import { command } from '../src/chat/command.ts'
import { formatPercent, formatTime } from '../src/domain/format.ts'
import type { HealthFinding } from '../src/domain/model/health.ts'
import type { ModelHealthPicture } from '../src/domain/picture.ts'
import { modelId } from './arguments.ts'
import { modelsInUse, NO_REGISTRY } from './model-text.ts'

/** `/model health [model]`: how a model in use does, every check with its number and its limit, and a picture. */
export default command({
  name: 'model health',
  description: 'How a model in use does: losses, calibration, drift, coverage, each with its limit',
  role: 'viewer',
  options: z.object({
    model: modelId.optional().describe('Which one; the one in force by default'),
  }),
  complete: { model: modelsInUse },

  async run({ options }, app) {
    const answer = await app.reportModelHealth({ modelId: options.model })
    switch (answer.kind) {
      case 'no-registry':
        return NO_REGISTRY
      case 'not-found':
        return {
          tone: 'refused',
          title: options.model ? `There is no model ${options.model}` : 'No model is in force',
          text:
            answer.known.length === 0
              ? 'Volatility alone answers; there is nothing to judge.'
              : `Volatility alone answers. In shadow: ${answer.known.join(', ')}.`,
        }
      case 'not-measured':
        return {
          tone: 'info',
          title: `Model ${answer.model.modelId} (${answer.model.state}): not judged yet`,
          text: 'Every model in use is judged once a day at 00:20 UTC, on what came of its answers.',
        }
      case 'measured': {
        const { model, day, report } = answer
        const { verdict, findings } = report
        const worth = notable(findings)
        return {
          tone: TONES[verdict],
          title: `Model ${model.modelId} (${model.state}): ${VERDICT_TEXTS[verdict]}`,
          text: worth.length > 0 ? worth.map(describe).join('\n') : 'Nothing is beyond its limit.',
          fields: findings.map((finding) => ({ name: nameOf(finding), value: finding.text })),
          picture: pictureOf(answer),
          footer: `Judged ${formatTime(day).slice(0, 10)}, on forecasts of the last 90 days, a day ahead`,
        }
      }
    }
  },
})

const describe = ({ check, text, remedy }: HealthFinding): string =>
  `${CHECK_TITLES[check]}: ${text}.${remedy ? ` ${remedy}` : ''}`

const SIGNS: Readonly<Record<HealthFinding['level'], string>> = {
  unknown: 'not known',
  fine: 'fine',
  warn: 'watch',
  recalibrate: 'recalibrate',
  failed: 'failed',
}

const nameOf = ({ check, level }: HealthFinding): string => `${CHECK_TITLES[check]}: ${SIGNS[level]}`

function pictureOf({ model, report }: Extract<ModelHealthAnswer, { kind: 'measured' }>): ModelHealthPicture {
  const { days, moved, reliability, verdict } = report
  const last = days.at(-1)
  const events = days.reduce((sum, day) => sum + day.events, 0)
  const forecasts = days.reduce((sum, day) => sum + day.forecasts, 0)
  const losses = last
    ? `Log loss of ${dayOf(last.day)} ${last.logLoss.toFixed(3)}${last.baselineLogLoss === undefined ? '' : `, volatility alone ${last.baselineLogLoss.toFixed(3)}`}.`
    : 'No forecasts have come due yet.'
  const curve = (reliability[0]?.bins ?? [])
    .map(({ meanProbability, rate }) => `said ${formatPercent(meanProbability)}, came ${formatPercent(rate)}`)
    .join('; ')
  return {
    kind: 'model-health',
    title: `Model ${model.modelId}: ${VERDICT_TEXTS[verdict]}`,
    subtitle: `${model.rung}, ${model.state}; ${forecasts} forecasts a day ahead on ${days.length} days, ${events} of them came true`,
    alt: [
      losses,
      ...(moved[0] ? [`Most moved: ${moved[0].name} on ${moved[0].asset}, ${moved[0].psi.toFixed(2)}.`] : []),
      ...(curve ? [`${curve}.`] : []),
    ].join(' '),
    days: days.map(({ day, logLoss, baselineLogLoss }) => ({
      at: day,
      logLoss,
      ...(baselineLogLoss !== undefined && { baselineLogLoss }),
    })),
    moved: moved.map(({ asset, name, psi, limits, level }) => ({
      name: `${name}, ${asset}`,
      psi,
      limit: limits.act,
      level,
    })),
    reliability,
  }
}

const dayOf = (day: number): string => new Date(day).toISOString().slice(0, 10)
