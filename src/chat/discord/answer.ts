import {
  InteractionResponseType,
  MessageFlags,
  type REST,
  RESTJSONErrorCodes,
  type RESTPostAPIInteractionCallbackWithResponseResult,
  Routes,
} from 'discord.js'
import type { Card } from '../../domain/card.ts'
import type { Logger } from '../../log.ts'
import type { Command, Dispatch } from '../command.ts'
import { discordCode, reasonOf } from './errors.ts'
import { type Asking, type Heard, placeOf } from './incoming.ts'
import type { TooLate } from './late.ts'
import { toModal } from './modal.ts'
import type { SendCard } from './send.ts'

const EPHEMERAL = MessageFlags.Ephemeral
const FAILED: Card = {
  tone: 'refused',
  title: 'Something failed',
  text: 'The command stopped with an error, which is in the log. Nothing is known about its outcome: check before you repeat it.',
}
const WITH_RESPONSE = new URLSearchParams({ with_response: 'true' })

export interface AnswerPorts {
  readonly rest: REST
  readonly sendCard: SendCard
  readonly dispatch: Dispatch
  readonly tooLate: TooLate
  readonly log: Logger
}

type Acknowledged =
  /** `placeholderId`: the message that shows that an answer is coming. */
  | { readonly kind: 'acknowledged'; readonly placeholderId: string | undefined }
  | { readonly kind: 'seen-before' }
  | { readonly kind: 'not-run' }

/**
 * Acknowledges first, then runs, then answers. Never throws.
 *
 * Discord wants to know within 3 s, before the work, whether the answer will be private. A press is answered privately:
 * the card it stands on is edited for everyone by the outbox. A command is acknowledged in public; when its card turns
 * out private or refused, the public placeholder is deleted and the card follows privately.
 *
 * Not acknowledged means not run: the asker was told that it failed. Acknowledged before (a redelivery, or a second
 * process on the same token) is passed on, because dispatch knows what was already answered.
 */
export async function answer(
  { interaction, input }: Extract<Heard, { kind: 'ask' }>,
  ports: AnswerPorts,
): Promise<void> {
  const { rest, dispatch, tooLate, log } = ports
  const facts = factsOf(interaction)
  const privately = !interaction.isChatInputCommand()
  const acknowledged = await acknowledge(interaction, { privately, ...ports })
  if (acknowledged.kind === 'not-run') return

  const card = await dispatch({ ...placeOf(interaction), interactionId: interaction.id, input }).catch(
    (error: unknown) => {
      log.error({ ...facts, reason: reasonOf(error) }, 'discord command failed')
      return FAILED
    },
  )
  const { applicationId, token } = interaction
  if (!card) {
    if (acknowledged.kind !== 'acknowledged') return
    await rest
      .delete(Routes.webhookMessage(applicationId, token, '@original'), { auth: false })
      .catch((error: unknown) => log.warn({ ...facts, reason: reasonOf(error) }, 'discord placeholder not removed'))
    return
  }
  const hidden = card.ephemeral === true || card.tone === 'refused'
  try {
    await show(card, interaction, { hidden, privately, ...ports })
  } catch (error) {
    log.warn({ ...facts, reason: reasonOf(error) }, 'discord answer not delivered, posting to the channel')
    const replyTo = privately ? pressedMessageId(interaction) : placeholderIdOf(acknowledged)
    await tooLate.answer(interaction, hidden ? undefined : card, { replyTo })
  }
}

/** A window that asks for a value: Discord takes it as the first response only, so nothing can be looked up before. */
export async function ask(
  { interaction, pressed }: Extract<Heard, { kind: 'prompt' }>,
  { rest, commands, tooLate, log }: Pick<AnswerPorts, 'rest' | 'tooLate' | 'log'> & { commands: readonly Command[] },
): Promise<void> {
  const command = commands.find(({ name }) => name === pressed.command)
  const data = toModal(interaction.customId, { command, option: pressed.option })
  await respond(interaction, { type: InteractionResponseType.Modal, data }, { rest }).catch((error: unknown) =>
    notTaken(interaction, error, { tooLate, log }),
  )
}

/** Says in private that nothing here belongs to this product. */
export async function disown(
  { interaction }: Extract<Heard, { kind: 'foreign' }>,
  { rest, log }: Pick<AnswerPorts, 'rest' | 'log'>,
): Promise<void> {
  const data = {
    content: 'This button is not one of ours: it does nothing. /help lists what you can say.',
    flags: EPHEMERAL,
    allowed_mentions: { parse: [] },
  }
  log.warn({ ...factsOf(interaction) }, 'discord press of a button that is not ours')
  await respond(interaction, { type: InteractionResponseType.ChannelMessageWithSource, data }, { rest }).catch(
    (error: unknown) => log.info({ ...factsOf(interaction), reason: reasonOf(error) }, 'discord press not answered'),
  )
}

async function acknowledge(
  interaction: Asking,
  { privately, rest, tooLate, log }: Pick<AnswerPorts, 'rest' | 'tooLate' | 'log'> & { privately: boolean },
): Promise<Acknowledged> {
  try {
    const body = {
      type: InteractionResponseType.DeferredChannelMessageWithSource,
      data: privately ? { flags: EPHEMERAL } : {},
    }
    const taken = await respond(interaction, body, { rest })
    return { kind: 'acknowledged', placeholderId: taken?.interaction.response_message_id }
  } catch (error) {
    if (discordCode(error) === RESTJSONErrorCodes.InteractionHasAlreadyBeenAcknowledged) return { kind: 'seen-before' }
    await notTaken(interaction, error, { tooLate, log })
    return { kind: 'not-run' }
  }
}

async function notTaken(
  interaction: Asking,
  error: unknown,
  { tooLate, log }: Pick<AnswerPorts, 'tooLate' | 'log'>,
): Promise<void> {
  log.warn({ ...factsOf(interaction), reason: reasonOf(error) }, 'discord interaction not acknowledged, so not run')
  if (discordCode(error) === RESTJSONErrorCodes.UnknownInteraction) await tooLate.hint(interaction)
}

const respond = async (
  { id, token }: Asking,
  body: { type: InteractionResponseType; data: object },
  { rest }: { rest: REST },
) =>
  (await rest.post(Routes.interactionCallback(id, token), { auth: false, query: WITH_RESPONSE, body })) as
    | RESTPostAPIInteractionCallbackWithResponseResult
    | undefined

/** The placeholder becomes the first message of the card; what is more follows, as visible as the first. */
async function show(
  card: Card,
  { applicationId, token }: Asking,
  {
    hidden,
    privately,
    rest,
    sendCard,
  }: Pick<AnswerPorts, 'rest' | 'sendCard'> & { hidden: boolean; privately: boolean },
): Promise<void> {
  const placeholder = Routes.webhookMessage(applicationId, token, '@original')
  const startAnew = hidden && !privately
  const flags = hidden || privately ? { flags: EPHEMERAL } : {}
  if (startAnew) await rest.delete(placeholder, { auth: false })
  await sendCard(card, async ([first, ...others]) => {
    if (!startAnew) await rest.patch(placeholder, { auth: false, ...first })
    for (const { body, files } of startAnew ? [first, ...others] : others) {
      await rest.post(Routes.webhook(applicationId, token), { auth: false, body: { ...body, ...flags }, files })
    }
  })
}

const factsOf = ({ id, user }: Asking) => ({ interactionId: id, asker: user.id })

const placeholderIdOf = (acknowledged: Acknowledged): string | undefined =>
  acknowledged.kind === 'acknowledged' ? acknowledged.placeholderId : undefined

/** Nobody can reply to a private placeholder, but to the card on which the button stands. */
function pressedMessageId(interaction: Asking): string | undefined {
  if (interaction.isChatInputCommand() || !interaction.message) return undefined
  return interaction.message.flags.has(EPHEMERAL) ? undefined : interaction.message.id
}
