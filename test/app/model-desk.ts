import assert from 'node:assert/strict'
import type { MarketState } from '../../src/app/market-state.ts'
import type { Settings } from '../../src/app/settings.ts'
import { DAY, later, timestamp } from '../../src/domain/units.ts'
import type { ModelFiles, ModelRegistration, Trainer } from '../../src/ports.ts'
import type { Cleanup, TestDatabase } from '../support/database.ts'
import { member, openDesk, START, type TestDesk } from '../support/desk.ts'
import { testSettings } from '../support/desk-settings.ts'
import { aModel, modelFiles } from '../support/models.ts'

export const SHADOW_DAYS = 3

/** Tom trades, Ben and Cleo approve, Ana is admin. */
export function openModelDesk(
  t: Cleanup,
  {
    quorum = 1,
    models = {},
    ...rest
  }: {
    quorum?: number
    models?: Partial<ModelFiles>
    settings?: Partial<Settings>
    trainer?: Trainer
    database?: TestDatabase
    market?: MarketState
  } = {},
): Promise<TestDesk> {
  const settings = testSettings()
  return openDesk(t, {
    ...rest,
    models: modelFiles(models),
    settings: {
      approvals: { ...settings.approvals, quorum },
      models: { ...settings.models, shadowDays: SHADOW_DAYS },
      ...rest.settings,
    },
  })
}

/** On record, with something said on each of the last days. */
export async function shadowed(
  desk: TestDesk,
  modelId: string,
  { days = SHADOW_DAYS, ...changes }: Partial<ModelRegistration> & { days?: number } = {},
): Promise<void> {
  await desk.store.models.register(aModel(modelId, changes), START)
  await desk.store.modelForecasts.save(
    Array.from({ length: days }, (_, n) => ({
      modelId,
      asset: 'ETH' as const,
      at: later(START, -n * DAY),
      target: 'cascade-down-24h',
      probability: 0.04,
      dueAt: timestamp(later(START, -n * DAY) + DAY),
    })),
  )
}

/** Asked for by Tom; gives back the request. */
export async function ask(desk: TestDesk, modelId: string): Promise<string> {
  const asked = await desk.app.askForPromotion({ modelId, by: member('tom') })
  assert.equal(asked.kind, 'asked', JSON.stringify(asked))
  return asked.kind === 'asked' ? asked.request.requestId : ''
}

export async function putInForce(desk: TestDesk, modelId: string): Promise<void> {
  const requestId = await ask(desk, modelId)
  const decided = await desk.app.approvePromotion({ requestId, by: member('ben') })
  assert.equal(decided.kind, 'approved', JSON.stringify(decided))
}

export const championOf = async (desk: TestDesk): Promise<string | undefined> =>
  (await desk.store.models.champion('recorded'))?.modelId

export const actionsOf = async (desk: TestDesk): Promise<readonly string[]> =>
  (await desk.store.audit.recent(50, { action: 'model' })).map(({ action }) => action).toReversed()

/** Titles of everything the desk's channel was told, in its newest version. */
export async function toldOf(desk: TestDesk): Promise<readonly (string | undefined)[]> {
  await desk.app.deliverMessages()
  return desk.channel.posts.map(({ versions }) => versions.at(-1)?.title)
}
