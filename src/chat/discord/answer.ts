import {
  type ButtonInteraction,
  type ChatInputCommandInteraction,
  InteractionResponseType,
  MessageFlags,
  type REST,
  RESTJSONErrorCodes,
  Routes,
} from 'discord.js'
import type { Card } from '../../domain/card.ts'
import type { Logger } from '../../log.ts'
import type { Dispatch, Incoming } from '../command.ts'
import { discordCode, reasonOf } from './errors.ts'
import type { SendCard } from './send.ts'

const EPHEMERAL = MessageFlags.Ephemeral
const FAILED: Card = {
  tone: 'refused',
  title: 'Something failed',
  text: 'The command stopped with an error, which is in the log. Nothing is known about its outcome: check before you repeat it.',
}

export interface Ask {
  readonly interaction: ChatInputCommandInteraction | ButtonInteraction
  readonly input: Incoming['input']
}

interface Ports {
  readonly rest: REST
  readonly sendCard: SendCard
  readonly dispatch: Dispatch
  readonly log: Logger
}

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
export async function answer({ interaction, input }: Ask, { rest, sendCard, dispatch, log }: Ports): Promise<void> {
  const facts = { interactionId: interaction.id, asker: interaction.user.id }
  const privately = interaction.isButton()
  try {
    await rest.post(Routes.interactionCallback(interaction.id, interaction.token), {
      auth: false,
      body: {
        type: InteractionResponseType.DeferredChannelMessageWithSource,
        data: privately ? { flags: EPHEMERAL } : {},
      },
    })
  } catch (error) {
    const seenBefore = discordCode(error) === RESTJSONErrorCodes.InteractionHasAlreadyBeenAcknowledged
    if (!seenBefore) {
      log.warn({ ...facts, reason: reasonOf(error) }, 'discord interaction not acknowledged, so not run')
      return
    }
  }

  const card = await dispatch({
    platform: 'discord',
    platformUserId: interaction.user.id,
    channel: interaction.channelId ?? '',
    interactionId: interaction.id,
    input,
  }).catch((error: unknown) => {
    log.error({ ...facts, reason: reasonOf(error) }, 'discord command failed')
    return FAILED
  })
  if (!card) return

  const hidden = card.ephemeral === true || card.tone === 'refused'
  const { applicationId, token } = interaction
  const placeholder = Routes.webhookMessage(applicationId, token, '@original')
  try {
    if (hidden && !privately) {
      await rest.delete(placeholder, { auth: false })
      await sendCard(card, ({ body, files }) =>
        rest.post(Routes.webhook(applicationId, token), { auth: false, body: { ...body, flags: EPHEMERAL }, files }),
      )
    } else await sendCard(card, (message) => rest.patch(placeholder, { auth: false, ...message }))
  } catch (error) {
    log.warn({ ...facts, reason: reasonOf(error) }, 'discord answer not delivered, posting to the channel')
    await answerInChannel(interaction, card.ephemeral ? undefined : card, { rest, sendCard, log })
  }
}

/** The token of an interaction lives for 15 minutes; what takes longer is posted to the channel for its asker. */
async function answerInChannel(
  interaction: Ask['interaction'],
  card: Card | undefined,
  { rest, sendCard, log }: Pick<Ports, 'rest' | 'sendCard' | 'log'>,
): Promise<void> {
  const asker = interaction.user.id
  const route = Routes.channelMessages(interaction.channelId ?? '')
  const say = (words: string) => ({ content: `<@${asker}> ${words}`, allowed_mentions: { parse: [], users: [asker] } })
  try {
    if (!card) await rest.post(route, { body: say('your private answer came too late to be shown; ask again.') })
    else {
      await sendCard(card, ({ body, files }) =>
        rest.post(route, { body: { ...body, ...say('here is your answer.') }, files }),
      )
    }
  } catch (error) {
    log.error({ interactionId: interaction.id, reason: reasonOf(error) }, 'discord answer lost')
  }
}
