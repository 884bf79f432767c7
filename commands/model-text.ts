import type { App } from '../src/app/app.ts'
import type { ModelList, ModelStanding } from '../src/app/model-registry.ts'
import { describeSkill, formatRefusal } from '../src/app/model-words.ts'
import { formatProgress } from '../src/app/train-model.ts'
import type { Asker, Completion } from '../src/chat/command.ts'
import type { Card } from '../src/domain/card.ts'
import { formatCount, formatTime } from '../src/domain/format.ts'

type Fields = NonNullable<Card['fields']>

export const NO_REGISTRY: Card = {
  tone: 'refused',
  title: 'No record of models is kept here',
  text: 'The model that was loaded at the start answers, and nothing about it can be changed in chat.',
}

/** Who is in force and who is in shadow, one field each. */
export const standingFields = ({ champion, challengers, shadowDays }: ModelList): Fields => [
  champion
    ? { name: `In force: ${champion.model.modelId}`, value: describeChampion(champion) }
    : {
        name: 'In force: none',
        value: challengers.some(({ model }) => model.demotedAt !== undefined)
          ? 'Volatility alone answers until a person puts a model in force.'
          : 'No model for this market was put in force so far.',
      },
  ...challengers.map((standing) => ({
    name: `In shadow: ${standing.model.modelId}`,
    value: describeChallenger(standing, shadowDays),
  })),
]

function describeChampion({ model, shadow, health }: ModelStanding): string {
  const { promotedBy, promotedAt, override } = model
  return [
    `${model.rung}, since ${formatTime(promotedAt ?? model.registeredAt)}${promotedBy === undefined || promotedBy === 'system' ? '' : `, by ${promotedBy}`}`,
    describeSkill(model),
    ...(override === undefined ? [] : [`Trained on less data than is asked for: ${override}`]),
    `${formatCount(shadow.known, 'forecast')} with a known outcome${health ? `; health ${health.verdict}` : ''}`,
  ].join('\n')
}

function describeChallenger({ model, shadow, refusals }: ModelStanding, needed: number): string {
  const { demotedAt, reason, override } = model
  return [
    `${model.rung}, ${shadow.days} of ${needed} days in shadow`,
    describeSkill(model),
    ...(override === undefined ? [] : [`Trained on less data than is asked for: ${override}`]),
    ...(demotedAt === undefined
      ? []
      : [`Taken out of force ${formatTime(demotedAt)}: ${reason ?? 'its health failed'}`]),
    refusals.length === 0
      ? `May be put in force: /model promote ${model.modelId}`
      : `Not yet: ${refusals.map(formatRefusal).join('; ')}`,
  ].join('\n')
}

export const progressField = (progress: Parameters<typeof formatProgress>[0]): Fields[number] => ({
  name: `In training: ${progress.request.rung}`,
  value: formatProgress(progress),
})

/** The one in force, then those in shadow. */
export async function modelsInUse(_: Asker, app: App): Promise<readonly Completion[]> {
  const list = await app.listModels()
  return [...(list?.champion ? [list.champion] : []), ...(list?.challengers ?? [])].map(({ model }) => ({
    value: model.modelId,
    label: `${model.modelId}, ${model.rung}, ${model.state}`,
  }))
}

/** Those that may be asked for come first. */
export async function challengers(_: Asker, app: App): Promise<readonly Completion[]> {
  const list = await app.listModels()
  return (list?.challengers ?? [])
    .toSorted((a, b) => a.refusals.length - b.refusals.length)
    .map(({ model, shadow }) => ({
      value: model.modelId,
      label: `${model.modelId}, ${model.rung}, ${formatCount(shadow.days, 'day')} in shadow`,
    }))
}
