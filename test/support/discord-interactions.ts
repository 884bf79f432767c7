import type { createDiscordChannels } from './discord-channels.ts'
import {
  type Acknowledgement,
  type DiscordMessageSeen,
  failure,
  focused,
  type MessageBody,
  type ModalSeen,
  ok,
  type RegisteredCommand,
  type Reply,
  seen,
  snowflake,
  toApi,
  typed,
} from './discord-shapes.ts'

/** https://discord.com/developers/docs/interactions/receiving-and-responding */
const KIND = { command: 2, component: 3, autocomplete: 4, modal: 5 } as const
const RESPONSE = { message: 4, deferred: 5, choices: 8, modal: 9 } as const
const [BUTTON, SELECT, LABEL, TEXT_INPUT] = [2, 3, 18, 4]

export interface Sent {
  readonly id: string
  readonly token: string
  /** The answer that its asker gets to see: the edited placeholder, or a private follow-up. Rejects after 15 s. */
  answer(): Promise<DiscordMessageSeen>
  /** All messages of the answer as they stand, in order. */
  readonly answers: readonly DiscordMessageSeen[]
  /** Resolves when the placeholder has been taken away. */
  removed(): Promise<true>
  /** The window that opened. */
  modal(): Promise<ModalSeen>
  /** What was offered for the option that is being typed. */
  choices(): Promise<readonly { readonly name: string; readonly value: string }[]>
}

interface Interaction {
  readonly id: string
  readonly token: string
  readonly channelId: string
  readonly payload: Record<string, unknown>
  readonly type: number
  acknowledged: boolean
  expired: boolean
  placeholder?: DiscordMessageSeen
  /** The placeholder still says that an answer is coming. */
  loading: boolean
  removed: boolean
  modal?: ModalSeen
  choices?: readonly { name: string; value: string }[]
  answers: DiscordMessageSeen[]
}

/** What someone can choose for themselves, or an admin of the server gives them. */
export interface Appearance {
  readonly name?: string
  /** Bits: 8 is administrator of the server. */
  readonly permissions?: string
}

interface Options {
  readonly applicationId: string
  readonly guildId: string
  readonly channelId: string
  readonly channels: ReturnType<typeof createDiscordChannels>
  readonly registered: () => { readonly commands: readonly RegisteredCommand[]; readonly everywhere: boolean }
  readonly dispatch: (event: string, payload: unknown) => void
  readonly until: <T>(look: () => T | undefined, what: string) => Promise<T>
}

/** What people do in the loopback Discord, and how a bot may respond to it. */
export function createDiscordInteractions(options: Options) {
  const { applicationId, guildId, channels, registered, dispatch, until } = options
  const interactions = new Map<string, Interaction>()

  function interact(
    userId: string,
    channelId: string,
    type: number,
    fields: Record<string, unknown>,
    { name = `user${userId}`, permissions = '0' }: Appearance = {},
  ): Sent {
    const [id, token] = [snowflake(), `token-${snowflake()}`]
    const { direct, type: channelType } = channels.describe(channelId)
    const user = { id: userId, username: name, discriminator: '0', avatar: null, global_name: name }
    const channel = direct
      ? { id: channelId, type: channelType, recipients: [user] }
      : { id: channelId, type: channelType, guild_id: guildId, name: 'desk' }
    const payload = {
      ...{ id, token, type, application_id: applicationId, channel_id: channelId, channel, version: 1 },
      ...(direct
        ? { user, context: 1 }
        : { member: memberOf(user, permissions), guild_id: guildId, guild_locale: 'en-GB', context: 0 }),
      ...{ locale: 'en-GB', app_permissions: '0', entitlements: [], authorizing_integration_owners: {} },
      ...fields,
    }
    const interaction: Interaction = {
      ...{ id, token, channelId, payload, type },
      ...{ acknowledged: false, expired: false, loading: false, removed: false, answers: [] },
    }
    interactions.set(id, interaction)
    dispatch('INTERACTION_CREATE', payload)
    const what = JSON.stringify(fields.data)
    return {
      id,
      token,
      answer: () => until(() => interaction.answers[0], `an answer to ${what}`),
      answers: interaction.answers,
      removed: () => until(() => interaction.removed || undefined, `no placeholder for ${what}`),
      modal: () => until(() => interaction.modal, `a window after ${what}`),
      choices: () => until(() => interaction.choices, `choices for ${what}`),
    }
  }

  const show = (interaction: Interaction, message: DiscordMessageSeen): DiscordMessageSeen => {
    const at = interaction.answers.findIndex(({ id }) => id === message.id)
    if (at >= 0) interaction.answers[at] = message
    else interaction.answers.push(message)
    return message
  }

  function onComponent(
    userId: string,
    { id }: DiscordMessageSeen,
    find: (message: DiscordMessageSeen) => object,
  ): Sent {
    const shown = [...interactions.values()].flatMap(({ answers }) => answers)
    const message = [...channels.messages, ...shown].find((one) => one.id === id)
    if (!message) throw new Error(`Expected a message that stands, was ${id}`)
    return interact(userId, message.channelId, KIND.component, { message: toApi(message), data: find(message) })
  }

  return {
    acknowledge(id: string, token: string, body: Acknowledgement, withResponse: boolean): Reply {
      const interaction = interactions.get(id)
      if (!interaction || interaction.token !== token || interaction.expired)
        return failure(404, 10062, 'Unknown interaction')
      if (interaction.acknowledged) return failure(400, 40060, 'Interaction has already been acknowledged.')
      if ((body.type === RESPONSE.choices) !== (interaction.type === KIND.autocomplete))
        return failure(400, 50035, `Invalid Form Body: a response of type ${body.type} does not fit`)
      if (body.type === RESPONSE.modal && interaction.type === KIND.modal)
        return failure(400, 50035, 'Invalid Form Body: a window cannot follow a window')
      interaction.acknowledged = true
      if (body.type === RESPONSE.choices) interaction.choices = body.data?.choices ?? []
      if (body.type === RESPONSE.modal) interaction.modal = body.data as unknown as ModalSeen
      if (body.type === RESPONSE.deferred || body.type === RESPONSE.message) {
        interaction.placeholder = seen(interaction.channelId, { ...(body.data as MessageBody) })
        interaction.loading = body.type === RESPONSE.deferred
        if (!interaction.loading) show(interaction, interaction.placeholder)
      }
      if (!withResponse) return { status: 204 }
      const placeholder = interaction.placeholder && { response_message_id: interaction.placeholder.id }
      return ok({ interaction: { id, type: interaction.type, ...placeholder } })
    },

    webhook(method: string, token: string, messageId: string | undefined, body: MessageBody): Reply {
      const interaction = [...interactions.values()].find((one) => one.token === token)
      if (!interaction?.acknowledged) return failure(404, 10015, 'Unknown Webhook')
      if (interaction.expired) return failure(401, 50027, 'Invalid Webhook Token')
      const edit = (): Reply => {
        interaction.loading = false
        interaction.placeholder = seen(interaction.channelId, body, interaction.placeholder)
        return ok(toApi(show(interaction, interaction.placeholder)))
      }
      // Right after a deferral a follow-up takes the place of the placeholder, as visible as that was.
      if (messageId === undefined) {
        return interaction.loading ? edit() : ok(toApi(show(interaction, seen(interaction.channelId, body))))
      }
      if (!interaction.placeholder) return failure(404, 10008, 'Unknown Message')
      if (method !== 'DELETE') return edit()
      const gone = interaction.placeholder.id
      interaction.placeholder = undefined
      interaction.loading = false
      interaction.removed = true
      interaction.answers.splice(0, interaction.answers.length, ...interaction.answers.filter(({ id }) => id !== gone))
      return { status: 204 }
    },

    /** A member types a slash command; in a private chat with the bot when `direct`. */
    sendCommand({
      userId,
      name,
      options: given = {},
      direct = false,
      as,
    }: {
      userId: string
      name: string
      options?: Record<string, unknown>
      direct?: boolean
      as?: Appearance
    }): Sent {
      const { commands, everywhere } = registered()
      if (direct && !everywhere) throw new Error('Expected commands for private chats, were those of one server')
      const channelId = direct ? channels.directOf(userId).id : options.channelId
      const place = direct ? {} : { guild_id: guildId }
      const data = { id: snowflake(), type: 1, ...place, ...typed(commands, name, given) }
      return interact(userId, channelId, KIND.command, { data }, as)
    },

    /** A member types in an option, and has not sent the command yet. */
    completeOption({
      userId,
      name,
      option,
      typed: text = '',
    }: {
      userId: string
      name: string
      option: string
      typed?: string
    }): Sent {
      const data = {
        id: snowflake(),
        type: 1,
        guild_id: guildId,
        ...focused(registered().commands, name, option, text),
      }
      return interact(userId, options.channelId, KIND.autocomplete, { data })
    },

    /** A member presses a button by its label; on the message as it stands now. */
    pressButton({ userId, message, label }: { userId: string; message: DiscordMessageSeen; label: string }): Sent {
      return onComponent(userId, message, ({ components }) => {
        const button = components.flatMap((row) => row.components).find((one) => one.label === label)
        if (!button) throw new Error(`Expected a button "${label}" on the message, was ${JSON.stringify(components)}`)
        return { custom_id: button.custom_id, component_type: BUTTON }
      })
    },

    /** A member picks from a list by the label of a choice; on the message as it stands now. */
    choose({ userId, message, label }: { userId: string; message: DiscordMessageSeen; label: string }): Sent {
      return onComponent(userId, message, ({ components }) => {
        const list = components.flatMap((row) => row.components).find(({ options: given }) => given)
        const choice = list?.options?.find((one) => one.label === label)
        if (!list || !choice) throw new Error(`Expected a choice "${label}", was ${JSON.stringify(components)}`)
        return { custom_id: list.custom_id, component_type: SELECT, values: [choice.value] }
      })
    },

    /** A member fills in the window that a press opened, and sends it. */
    async submitModal({ userId, opened, value }: { userId: string; opened: Sent; value: string }): Promise<Sent> {
      const { custom_id, components } = await opened.modal()
      const { payload, channelId } = interactions.get(opened.id)!
      const [label] = components
      const input = label!.component
      if (input.max_length !== undefined && value.length > input.max_length)
        throw new Error(`Expected at most ${input.max_length} characters, were ${value.length}`)
      const component = { type: TEXT_INPUT, id: 2, custom_id: input.custom_id, value }
      return interact(userId, channelId, KIND.modal, {
        ...('message' in payload ? { message: payload.message } : {}),
        data: { custom_id, components: [{ type: LABEL, id: 1, component }] },
      })
    },

    /**
     * A member does something with a component that the bot never sent, as a forger or an older bot would have made it: a
     * button, or a list from which `values` were picked.
     */
    pressForeign: ({
      userId,
      message,
      customId,
      values,
    }: {
      userId: string
      message: DiscordMessageSeen
      customId: string
      values?: readonly string[]
    }) =>
      onComponent(userId, message, () => ({
        custom_id: customId,
        ...(values ? { component_type: SELECT, values } : { component_type: BUTTON }),
      })),

    /** Sends an interaction that was sent before once more. */
    redeliver: ({ id }: Pick<Sent, 'id'>) => dispatch('INTERACTION_CREATE', interactions.get(id)!.payload),

    /** 15 minutes pass for this interaction: its token no longer works. */
    expire({ id }: Pick<Sent, 'id'>) {
      interactions.get(id)!.expired = true
    },

    /** The message that says that an answer is coming. */
    placeholderOf: ({ id }: Pick<Sent, 'id'>) => interactions.get(id)?.placeholder?.id,
  }
}

const memberOf = (user: { readonly username: string }, permissions: string) => ({
  ...{ user, roles: [], permissions, joined_at: '2026-01-01T00:00:00Z', deaf: false, mute: false, flags: 0 },
  ...{ nick: null, avatar: null, premium_since: null, pending: false },
})
