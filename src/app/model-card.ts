import type { Card } from '../domain/card.ts'
import type { TimestampMs } from '../domain/units.ts'
import type { ModelRecord, Store } from '../ports.ts'
import { announce } from './announce.ts'
import { describeSkill } from './model-words.ts'
import type { Ports } from './ports.ts'

/** What has become of a model, for the desk. */
export type ModelNews =
  | { readonly what: 'promoted'; readonly model: ModelRecord; readonly by: string }
  | {
      readonly what: 'rolled-back'
      readonly model: ModelRecord
      readonly retired: ModelRecord
      readonly by: string
      readonly reason: string
    }
  | { readonly what: 'demoted'; readonly model: ModelRecord; readonly reason: string }
  | { readonly what: 'trained'; readonly model: ModelRecord; readonly shadowDays: number }

/** Tells the desk, inside the transaction that brought it about. */
export const announceModel = (
  tx: Store,
  ports: Pick<Ports, 'settings' | 'ids'>,
  { news, at }: { news: ModelNews; at: TimestampMs },
): Promise<void> =>
  announce(tx, ports, {
    cardKey: `model:${news.model.modelId}:${news.what}:${at}`,
    card: cardOf(news),
    at,
    urgency: news.what === 'trained' ? 'normal' : 'urgent',
  })

function cardOf(news: ModelNews): Card {
  const { model } = news
  const facts: NonNullable<Card['fields']> = [
    { name: 'Model', value: `${model.architecture}; trained on ${model.trainedOn}` },
    { name: 'What it beats', value: describeSkill(model) },
    ...(model.override === undefined
      ? []
      : [{ name: 'Trained on less data than is asked for', value: model.override }]),
  ]
  switch (news.what) {
    case 'promoted':
      return {
        tone: 'ok',
        title: `Model ${model.modelId} is in force`,
        text: `Approved by ${news.by}.${model.replaced === undefined ? '' : ` It takes the place of ${model.replaced}.`}`,
        fields: facts,
        footer: '/model rollback puts the one before it back at once.',
      }
    case 'rolled-back':
      return {
        tone: 'warning',
        title: `Rolled back to model ${model.modelId}`,
        text: `${news.by} took ${news.retired.modelId} out of force: ${news.reason}.`,
        fields: facts,
      }
    case 'demoted':
      return {
        tone: 'critical',
        title: `Model ${model.modelId} is out of force`,
        text: `Its health failed: ${news.reason}. Volatility alone answers until a person puts a model in force.`,
        fields: facts,
        footer:
          '/model health says more; /model rollback goes back to the one before it; /model promote asks for one anew.',
      }
    case 'trained':
      return {
        tone: 'info',
        title: `Model ${model.modelId} is trained`,
        text: `It is asked in shadow from now on, and may be put in force after ${news.shadowDays} days of that.`,
        fields: facts,
        footer: '/model list shows how it does.',
      }
  }
}
