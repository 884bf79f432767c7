import type { FileSeen } from './multipart.ts'

const EPHEMERAL = 64
const SILENT = 4096

/** A file on a message, and what its sender said about it. */
export interface AttachmentSeen {
  readonly id: string
  readonly filename: string
  readonly description?: string
  readonly bytes: Buffer
}

/** A button; or a list to pick from, which has `options` and no label. */
export interface ComponentSeen {
  readonly custom_id: string
  readonly label: string
  readonly style: number
  readonly placeholder?: string
  readonly options?: readonly { label: string; value: string; description?: string }[]
}

/** A window with one field. */
export interface ModalSeen {
  readonly custom_id: string
  readonly title: string
  readonly components: readonly {
    readonly label: string
    readonly description?: string
    readonly component: { readonly custom_id: string; readonly max_length?: number; readonly required?: boolean }
  }[]
}

export interface DiscordMessageSeen {
  readonly id: string
  readonly channelId: string
  readonly content: string
  readonly embeds: readonly {
    title?: string
    description?: string
    color?: number
    footer?: { text: string }
    fields?: readonly { name: string; value: string }[]
    image?: { url: string }
  }[]
  readonly attachments: readonly AttachmentSeen[]
  readonly components: readonly { components: readonly ComponentSeen[] }[]
  readonly ephemeral: boolean
  /** Posted without a sound. */
  readonly silent: boolean
  /** The message it replies to. */
  readonly replyTo?: string
  readonly edits: number
  /** What a reader sees, without escapes: title, text, `name: value` lines, footer. */
  readonly text: string
}

export interface RegisteredCommand {
  name: string
  type?: number
  required?: boolean
  autocomplete?: boolean
  contexts?: readonly number[]
  options?: RegisteredCommand[]
}

export interface MessageBody {
  content?: string
  embeds?: DiscordMessageSeen['embeds']
  components?: DiscordMessageSeen['components']
  flags?: number
  nonce?: string
  enforce_nonce?: boolean
  message_reference?: { message_id: string; fail_if_not_exists?: boolean }
  /** Of a private chat that is opened. */
  recipient_id?: string
  attachments?: readonly { id: string | number; filename?: string; description?: string }[]
  /** The other parts of a multipart request. */
  files?: readonly FileSeen[]
}
export interface Acknowledgement {
  readonly type: number
  readonly data?: { readonly flags?: number; readonly choices?: readonly { name: string; value: string }[] }
}

export interface Fault {
  readonly method: string
  readonly path: RegExp
  readonly status: number
  readonly code?: number
  readonly retryAfter?: number
  /** The request is carried out, and its answer never arrives. */
  readonly lost?: boolean
  times: number
}
export interface Reply {
  readonly status: number
  readonly json?: unknown
  readonly headers?: Record<string, string>
}

export const ok = (json: unknown): Reply => ({ status: 200, json })
export const failure = (status: number, code: number, message: string, retryAfter?: number): Reply => ({
  status,
  json: { code, message, ...(retryAfter === undefined ? {} : { retry_after: retryAfter, global: false }) },
  headers: retryAfter === undefined ? {} : { 'retry-after': `${retryAfter}`, 'x-ratelimit-scope': 'user' },
})

let serial = 0n
export const snowflake = (): string => `${((BigInt(Date.now()) - 1_420_070_400_000n) << 22n) + serial++}`

/** A message as `body` makes or, given `before`, changes it. */
export function seen(channelId: string, body: MessageBody, before?: DiscordMessageSeen): DiscordMessageSeen {
  const content = body.content ?? before?.content ?? ''
  const embeds = body.embeds ?? before?.embeds ?? []
  const lines = embeds.flatMap(({ title, description, fields = [], footer }) => [
    title,
    description,
    ...fields.map(({ name, value }) => `${name}: ${value}`),
    footer?.text,
  ])
  return {
    id: before?.id ?? snowflake(),
    channelId,
    content,
    embeds,
    components: body.components ?? before?.components ?? [],
    attachments: attached(body, before?.attachments ?? []),
    ephemeral: before?.ephemeral ?? ((body.flags ?? 0) & EPHEMERAL) !== 0,
    silent: before?.silent ?? ((body.flags ?? 0) & SILENT) !== 0,
    replyTo: before?.replyTo ?? body.message_reference?.message_id,
    edits: before ? before.edits + 1 : 0,
    text: [content, ...lines]
      .filter(Boolean)
      .join('\n')
      .replace(/\\([^0-9A-Za-z\s])/g, '$1')
      .replaceAll('\u200b', ''),
  }
}

/** New files join those that stay; where `attachments` is given, only what it lists stays. */
function attached({ attachments, files = [] }: MessageBody, before: readonly AttachmentSeen[]): AttachmentSeen[] {
  const fresh = files.map(({ field, fileName, bytes }) => {
    const said = attachments?.find(({ id }) => `files[${id}]` === field)
    return { id: snowflake(), filename: said?.filename ?? fileName, description: said?.description, bytes }
  })
  return [...before.filter(({ id }) => !attachments || attachments.some((kept) => `${kept.id}` === id)), ...fresh]
}

export const toApi = ({ id, channelId, content, embeds, components, attachments, ephemeral }: DiscordMessageSeen) => ({
  id,
  channel_id: channelId,
  content,
  embeds,
  components,
  flags: ephemeral ? EPHEMERAL : 0,
  type: 0,
  tts: false,
  pinned: false,
  author: { id: '1', username: 'breakwater', discriminator: '0', avatar: null, bot: true },
  mention_everyone: false,
  mentions: [],
  mention_roles: [],
  attachments: attachments.map(({ bytes, ...said }) => ({ ...said, size: bytes.length, url: '', proxy_url: '' })),
  timestamp: new Date().toISOString(),
  edited_timestamp: null,
})

/** What Discord's own client would let a person send: a registered command with options of the declared types. */
export function typed(registered: readonly RegisteredCommand[], name: string, given: Record<string, unknown>) {
  const { leaf, wrap } = commandOf(registered, name)
  const unknown = Object.keys(given).find((key) => !leaf.options?.some((option) => option.name === key))
  if (unknown) throw new Error(`Expected an option of "${name}", was "${unknown}"`)
  const options = (leaf.options ?? [])
    .filter((option) => option.required || given[option.name] !== undefined)
    .map((option) => {
      if (given[option.name] === undefined)
        throw new Error(`Expected "${name}" with its required option "${option.name}"`)
      return { name: option.name, type: option.type, value: given[option.name] }
    })
  return wrap(options)
}

/** What Discord's own client sends while a person types in an option that was registered so. */
export function focused(registered: readonly RegisteredCommand[], name: string, option: string, text: string) {
  const { leaf, wrap } = commandOf(registered, name)
  const declared = leaf.options?.find((one) => one.name === option)
  if (!declared?.autocomplete) throw new Error(`Expected an option of "${name}" that is completed, was "${option}"`)
  return wrap([{ name: option, type: declared.type, value: text, focused: true }])
}

function commandOf(registered: readonly RegisteredCommand[], name: string) {
  const [group, subcommand] = name.split(' ')
  const top = registered.find((command) => command.name === group)
  const leaf = subcommand ? top?.options?.find((option) => option.type === 1 && option.name === subcommand) : top
  if (!top || !leaf) throw new Error(`Expected a registered command, was "${name}"`)
  const wrap = (options: readonly object[]) =>
    subcommand ? { name: group, options: [{ name: subcommand, type: 1, options }] } : { name: group, options }
  return { leaf, wrap }
}
