import assert from 'node:assert/strict'
import { pino } from 'pino'
import type { ChatAdapter, Incoming } from '../../src/chat/command.ts'
import type { DrawPicture } from '../../src/chat/pictures.ts'
import type { Timing } from '../../src/chat/telegram/calls.ts'
import type { TelegramLimits } from '../../src/chat/telegram/limits.ts'
import type { WebhookOptions } from '../../src/chat/telegram/webhook.ts'
import { createTelegramChat } from '../../src/chat/telegram.ts'
import type { Card } from '../../src/domain/card.ts'
import { startTelegramServer, type TelegramServer, type TelegramServerOptions } from './telegram-server.ts'

export const DESK = -1001
export const ANNA = { id: 42, name: 'Anna' }
export const COMMANDS = [
  { name: 'help', description: 'Everything I understand' },
  { name: 'hedge status', description: 'Exposure, hedge and open proposals' },
  { name: 'approve', description: 'Approve a proposed hedge' },
]
export const APPROVE_ID = 'k7m3q9x2tbk7m3q9'
export const DECLINE_ID = 'd7m3q9x2tbk7m3q9'
export const PROPOSAL: Card = {
  tone: 'info',
  title: 'Hedge proposed',
  buttons: [
    { label: 'Approve', command: '/approve 7K3M9QX2TB', style: 'primary', id: APPROVE_ID },
    { label: 'Decline', command: '/decline 7K3M9QX2TB', style: 'danger', id: DECLINE_ID },
  ],
}

export const NO_LIMITS: TelegramLimits = { chat: [], group: [], global: [] }

/** What was heard, in one line. */
export const said = ({ input }: Pick<Incoming, 'input'>): string => {
  switch (input.kind) {
    case 'text':
      return input.text
    case 'named':
      return input.name
    case 'press':
      return `pressed ${[input.buttonId, ...Object.entries(input.values ?? {}).flat()].join(' ')}`
  }
}

export interface TelegramDesk {
  readonly server: TelegramServer
  readonly chat: ChatAdapter
  readonly heard: Incoming[]
  readonly logged: string[]
}

/** The adapter against a server of its own; closes both, and no line of the log may tell the token or the webhook's secret. */
export async function onTelegram(
  use: (desk: TelegramDesk) => Promise<void>,
  {
    answer = (heard) => ({ tone: 'ok', title: `heard ${said(heard)} from ${heard.platformUserId}` }),
    token,
    timing,
    commands = COMMANDS,
    draw,
    webhook,
    server: options,
    before,
  }: {
    answer?: (heard: Incoming) => Card | undefined | Promise<Card | undefined>
    token?: string
    timing?: Partial<Timing>
    commands?: readonly { readonly name: string; readonly description: string }[]
    draw?: DrawPicture
    webhook?: WebhookOptions
    server?: TelegramServerOptions
    before?: (server: TelegramServer) => void | Promise<void>
  } = {},
): Promise<void> {
  const server = await startTelegramServer(options)
  await before?.(server)
  const heard: Incoming[] = []
  const logged: string[] = []
  const chat = createTelegramChat({
    ...{ apiRoot: `${server.apiRoot}/`, channels: [String(DESK)], commands, draw, webhook },
    token: token ?? server.token,
    log: pino({ level: 'debug' }, { write: (line: string) => void logged.push(line) }),
    timing: { limits: NO_LIMITS, backoffMs: 20, pollSeconds: 5, ...timing },
  })
  try {
    await chat.start(async (incoming) => {
      heard.push(incoming)
      return await answer(incoming)
    })
    await use({ server, chat, heard, logged })
  } finally {
    await chat.close()
    await server.close()
  }
  for (const secret of [server.token.split(':')[1]!, ...(webhook ? [webhook.secret] : [])]) {
    assert.ok(!logged.join('').includes(secret), 'a secret was logged')
  }
}
