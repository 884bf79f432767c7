import { createPager, type PagerOptions } from '../chat/pager.ts'
import { post } from '../chat/post.ts'
import type { Alert } from './words.ts'

/** One way to reach people. */
export interface Way {
  readonly name: string
  /** Throws when it was not taken; `retryAfter` on the error, in ms, where we are asked to wait. */
  send(alert: Alert): Promise<void>
}

export class NotTakenError extends Error {
  readonly retryAfter: number | undefined

  constructor(message: string, retryAfter?: number) {
    super(message)
    this.name = 'NotTakenError'
    this.retryAfter = retryAfter
  }
}

export interface WaySettings {
  readonly pager?: Omit<PagerOptions, 'timeoutMs'> | undefined
  readonly telegram?:
    | { readonly token: string; readonly chats: readonly string[]; readonly apiRoot: string }
    | undefined
  readonly discord?:
    | { readonly token: string; readonly channels: readonly string[]; readonly apiRoot: string }
    | undefined
}

const TIMEOUT_MS = 10_000
const INCIDENT = 'breakwater-heartbeat'
const LONGEST_REASON = 150

/** Every way that is configured: the pager first, then each chat and channel of the desk. */
export const waysOf = ({ pager, telegram, discord }: WaySettings, timeoutMs = TIMEOUT_MS): readonly Way[] => [
  ...(pager ? [pagerWay({ ...pager, timeoutMs })] : []),
  ...(telegram?.chats ?? []).map((chat) =>
    chatWay(`Telegram chat ${chat}`, {
      url: `${telegram!.apiRoot}/bot${telegram!.token}/sendMessage`,
      headers: {},
      // Plain text: nothing in it can be taken for a mark-up.
      body: ({ title, text, over }) => ({ chat_id: chat, text: `${title}\n\n${text}`, disable_notification: over }),
      reason: 'description',
      timeoutMs,
    }),
  ),
  ...(discord?.channels ?? []).map((channel) =>
    chatWay(`Discord channel ${channel}`, {
      url: `${discord!.apiRoot}/v10/channels/${channel}/messages`,
      headers: { authorization: `Bot ${discord!.token}` },
      body: ({ title, text }) => ({ content: `**${title}**\n${text}`, allowed_mentions: { parse: [] } }),
      reason: 'message',
      timeoutMs,
    }),
  ),
]

function pagerWay(options: PagerOptions): Way {
  const pager = createPager(options)
  return {
    name: `${options.kind} pager`,
    send: ({ over, title, text }) =>
      over
        ? pager.close({ key: INCIDENT, title, text })
        : pager.page({ key: INCIDENT, title, text, severity: 'critical' }),
  }
}

function chatWay(
  name: string,
  {
    url,
    headers,
    body,
    reason,
    timeoutMs,
  }: {
    url: string
    headers: Readonly<Record<string, string>>
    body: (alert: Alert) => object
    /** The field of an answer that says what was wrong. */
    reason: string
    timeoutMs: number
  },
): Way {
  return {
    name,
    async send(alert) {
      const answer = await post(url, {
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body(alert)),
        timeoutMs,
      }).catch((error: Error) => {
        throw new NotTakenError(`could not be reached: ${error.message}`)
      })
      if (answer.ok) return
      throw new NotTakenError(`answered HTTP ${answer.status}${saidIn(answer.text, reason)}`, answer.retryAfter)
    },
  }
}

/** What a platform says of its own, one line of plain characters. */
function saidIn(text: string, field: string): string {
  try {
    const said = (JSON.parse(text) as Record<string, unknown> | null)?.[field]
    return typeof said === 'string' ? `: ${said.replace(/[^\x20-\x7e]+/g, ' ').slice(0, LONGEST_REASON)}` : ''
  } catch {
    return '' // not JSON: the status has to do
  }
}
