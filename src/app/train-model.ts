import type { Card } from '../domain/card.ts'
import { formatPercent } from '../domain/format.ts'
import { DAY, later, MINUTE } from '../domain/units.ts'
import type {
  ModelRecord,
  ModelRegistration,
  Store,
  TrainingEnd,
  TrainingProgress,
  TrainingRequest,
  TrainingStarted,
} from '../ports.ts'
import { announce, wakeDelivery } from './announce.ts'
import { announceModel } from './model-card.ts'
import { registerModel } from './model-registry.ts'
import type { Ports } from './ports.ts'

export type TrainingAsked =
  | TrainingStarted
  /** No model is in force whose kind could be taken. */
  | { readonly kind: 'which-rung'; readonly known: readonly string[] }
  | { readonly kind: 'unknown-rung'; readonly known: readonly string[] }

export interface TrainingWish {
  /** That of the champion where it is left out. */
  readonly rung?: string | undefined
  readonly seed?: number | undefined
  readonly override?: string | undefined
  readonly startedBy: string
}

const FIRST_SEED = 1
const LOOK_EVERY = MINUTE

/** Starts training in a process of its own; who asks is told at once, and the desk as it goes on. */
export const createStartTraining =
  (ports: Ports) =>
  async (wish: TrainingWish): Promise<TrainingAsked> => {
    const { models, trainer, store, clock } = ports
    if (!models || !trainer) return { kind: 'impossible', reason: 'no trainer is set up in this process' }
    const rung = wish.rung ?? (await store.models.champion(models.market))?.rung
    if (rung === undefined) return { kind: 'which-rung', known: models.rungs }
    if (!models.rungs.includes(rung)) return { kind: 'unknown-rung', known: models.rungs }
    const request: TrainingRequest = {
      rung,
      seed: wish.seed ?? FIRST_SEED,
      startedBy: wish.startedBy,
      ...(wish.override !== undefined && { override: wish.override }),
    }
    const started = await trainer.start(request)
    if (started.kind !== 'started') return started
    const at = clock.now()
    await store.transaction(async (tx) => {
      await tx.audit.append({
        at,
        actor: wish.startedBy,
        action: 'model.training-started',
        subject: rung,
        details: { seed: request.seed, ...(request.override !== undefined && { override: request.override }) },
      })
      await announceProgress(tx, ports, started.progress)
    })
    await lookAgain(ports)
    await wakeDelivery(ports.queue)
    return started
  }

/** Ends what is running; what it has learned so far is thrown away. */
export const createCancelTraining =
  (ports: Ports) =>
  async ({ by }: { by: string }): Promise<TrainingProgress | undefined> => {
    const progress = await ports.trainer?.progress()
    if (!progress || !(await ports.trainer!.cancel())) return undefined
    await ports.store.audit.append({
      at: ports.clock.now(),
      actor: by,
      action: 'model.training-cancelled',
      subject: progress.request.rung,
      details: { share: progress.share, startedBy: progress.request.startedBy },
    })
    await ports.queue.add({ name: 'tend-training', data: {}, jobId: 'tend-training' })
    return progress
  }

export const createTrainingProgress =
  ({ trainer }: Ports) =>
  async (): Promise<TrainingProgress | undefined> =>
    trainer?.progress()

/** Tells the desk how far training is, and once it has ended puts its model on record; looks again while it runs. */
export const createTendTraining = (ports: Ports) => async (): Promise<void> => {
  const { trainer, store } = ports
  if (!trainer) return
  const progress = await trainer.progress()
  if (progress) {
    await store.transaction((tx) => announceProgress(tx, ports, progress))
    await lookAgain(ports)
  } else {
    const end = await trainer.ended()
    if (!end) return
    await takeIn(ports, end)
    await trainer.settle()
  }
  await wakeDelivery(ports.queue)
}

const lookAgain = async ({ queue, clock }: Ports): Promise<void> => {
  const at = later(clock.now(), LOOK_EVERY)
  await queue.add({ name: 'tend-training', data: {}, jobId: `tend-training-${at}`, at })
}

async function takeIn(ports: Ports, end: TrainingEnd): Promise<void> {
  switch (end.kind) {
    case 'trained':
      return takeModelIn(ports, end.model)
    case 'cancelled':
    case 'failed':
    case 'too-little-data':
      return sayNoModel(ports, end)
  }
}

async function takeModelIn(ports: Ports, registration: ModelRegistration): Promise<void> {
  const { store, clock, settings } = ports
  const at = clock.now()
  if (!(await registerModel(store, registration, at))) return
  await store.transaction(async (tx) => {
    const model = (await tx.models.find(registration.modelId))!
    await retireOlder(tx, model, at)
    await announceModel(tx, ports, { news: { what: 'trained', model, shadowDays: settings.models.shadowDays }, at })
  })
}

/** One challenger of a rung is asked in shadow, besides one that approvers are deciding on. */
async function retireOlder(tx: Store, model: ModelRecord, at: ModelRecord['registeredAt']): Promise<void> {
  const asked = (await tx.requests.list({ state: 'pending', limit: 100 })).map(({ subject }) => subject)
  const older = (await tx.models.list(model.market)).filter(
    ({ state, rung, modelId }) =>
      state === 'challenger' &&
      rung === model.rung &&
      modelId !== model.modelId &&
      !asked.some((subject) => subject.kind === 'model' && subject.modelId === modelId),
  )
  for (const { modelId } of older) {
    const reason = `${model.modelId} of the same rung took its place in shadow`
    if (!(await tx.models.retire({ modelId, at, by: 'system', reason }))) continue
    await tx.audit.append({ at, actor: 'system', action: 'model.retired', subject: modelId, details: { reason } })
  }
}

async function sayNoModel(ports: Ports, end: Exclude<TrainingEnd, { kind: 'trained' }>): Promise<void> {
  const { store, clock } = ports
  const at = clock.now()
  const { rung } = end.request
  await store.transaction(async (tx) => {
    await tx.audit.append({
      at,
      actor: 'system',
      action: `model.training-ended`,
      subject: rung,
      details: { outcome: end.kind, startedBy: end.request.startedBy, ...wordsOf(end) },
    })
    await announce(tx, ports, { cardKey: `training-ended:${at}`, at, urgency: 'normal', card: cardOf(end) })
  })
}

const wordsOf = (end: Exclude<TrainingEnd, { kind: 'trained' }>): { reason?: string } => {
  switch (end.kind) {
    case 'cancelled':
      return {}
    case 'failed':
      return { reason: end.reason }
    case 'too-little-data':
      return { reason: end.groups.map(({ group, has }) => `${group} has ${Math.floor(has / DAY)} days`).join(', ') }
  }
}

function cardOf(end: Exclude<TrainingEnd, { kind: 'trained' }>): Card {
  const { rung } = end.request
  switch (end.kind) {
    case 'cancelled':
      return {
        tone: 'info',
        title: `Training of ${rung} was cancelled`,
        text: 'Nothing was kept, and nothing changed.',
      }
    case 'failed':
      return { tone: 'warning', title: `Training of ${rung} failed`, text: `${end.reason}. Nothing changed.` }
    case 'too-little-data':
      return {
        tone: 'warning',
        title: `Too little data to train ${rung}`,
        text: `${wordsOf(end).reason}. Two years of each are asked for. Nothing changed.`,
        footer: `/model train ${rung} and why trains all the same; the reason stays on the model.`,
      }
  }
}

/** One card a training, edited as it goes on. */
const announceProgress = (tx: Store, ports: Ports, progress: TrainingProgress): Promise<void> =>
  announce(tx, ports, {
    cardKey: `training:${progress.startedAt}`,
    at: ports.clock.now(),
    urgency: 'low',
    card: {
      tone: 'info',
      title: `Training ${progress.request.rung}`,
      text: formatProgress(progress),
      ...(progress.request.override === undefined
        ? {}
        : { fields: [{ name: 'Trained on less data than is asked for', value: progress.request.override }] }),
      footer: '/model cancel ends it.',
    },
  })

/** `42 %, about 12 min left: epoch 5 of 8` */
export const formatProgress = ({ share, text, left }: TrainingProgress): string =>
  `${formatPercent(share, 0)}${left === undefined ? '' : `, about ${formatLength(left)} left`}: ${text}`

const formatLength = (length: number): string =>
  length >= DAY
    ? `${Math.round(length / DAY)} d`
    : length >= 90 * MINUTE
      ? `${Math.round(length / (60 * MINUTE))} h`
      : `${Math.max(1, Math.round(length / MINUTE))} min`
