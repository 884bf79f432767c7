import { randomUUID } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { clearScreenDown, createInterface, cursorTo, type Interface, moveCursor } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import type { Card } from '../domain/card.ts'
import { PLATFORM_USER_ID, type Role } from '../domain/member.ts'
import type { Logger } from '../log.ts'
import type { ChatAdapter, Command, Completing, Completion, Dispatch } from './command.ts'
import { renderCardText } from './console/render.ts'
import { optionSpecs } from './options.ts'
import { createPictures, type DrawPicture } from './pictures.ts'
import { toPlain } from './plain.ts'

export { renderCardText } from './console/render.ts'

/** The one channel that a terminal has. */
export const CONSOLE_CHANNEL = 'console'
const DEFAULT_WIDTH = 88
const SGR = { ok: 32, info: 36, warning: 33, critical: 31, refused: 35 } as const

const HINT: Card = {
  tone: 'info',
  title: 'That is not a command',
  text: 'Commands begin with a slash: /help lists them.',
}

export interface ConsoleIdentity {
  readonly platformUserId: string
  readonly name: string
  readonly role?: Role
}

export interface ConsoleOptions {
  /** Without it nobody types: lines come from `submit` only. */
  readonly input?: Readable
  readonly output: Writable & { readonly isTTY?: boolean; readonly columns?: number; hasColors?(): boolean }
  readonly commands: readonly Command[]
  /** Who can speak here; the first one does. */
  readonly identities: readonly ConsoleIdentity[]
  readonly log: Logger
  /** Default: on a terminal that has colours. */
  readonly colour?: boolean
  /** Lets `/as` change who speaks: for the demo only, where one person plays the whole desk. */
  readonly allowIdentitySwitch?: boolean
  /** Where pictures are saved for whoever sits at the terminal. Without it, and when the output is no terminal, only their
   * words are printed: the same lines every time. */
  readonly pictureFolder?: string
  /** Draws the pictures of cards; the charts by default. */
  readonly draw?: DrawPicture
}

export interface ConsoleChat extends ChatAdapter {
  /** Says a line as if it were typed, in turn with what is typed, and gives back what was answered. */
  submit(line: string, asUserId?: string): Promise<Card | undefined>
  /** Resolves when the input has ended (Ctrl-D, Ctrl-C on a terminal, end of a pipe) or `close` was called, and the last
   * line is answered. */
  readonly closed: Promise<void>
}

/**
 * The terminal chat: commands typed line by line, cards printed as text. On a terminal it shows who speaks in its
 * prompt and keeps the half-typed line in place when a card arrives; elsewhere it repeats each line before its answer.
 *
 * @throws {Error} when there is no identity, or one whose id is not numeric
 */
export function createConsoleChat(options: ConsoleOptions): ConsoleChat {
  const { input, output, commands, identities, log, allowIdentitySwitch = false } = options
  const isTerminal = output.isTTY === true
  const pictureFolder = isTerminal ? options.pictureFolder : undefined
  const pictures = createPictures({ platform: 'console', log, draw: options.draw })
  const colour = options.colour ?? (isTerminal && (output.hasColors?.() ?? false))
  const [first] = identities
  if (!first) throw new Error('Expected at least one identity for the console, were none')
  for (const { platformUserId } of identities) {
    if (!PLATFORM_USER_ID.test(platformUserId)) {
      throw new Error(`Expected a numeric user id for the console, was "${platformUserId}"`)
    }
  }

  let speaker = first
  let posted = 0
  let lines: Interface | undefined
  let prompting = false
  let turn: Promise<unknown> = Promise.resolve()
  let dispatch: Dispatch | undefined
  const closed = Promise.withResolvers<void>()

  const promptOf = (who: ConsoleIdentity): string =>
    `${toPlain(who.name).replace(/\s+/g, ' ')}${who.role ? ` (${who.role})` : ''}> `

  function prompt(): void {
    if (!lines || !isTerminal) return
    prompting = true
    lines.setPrompt(promptOf(speaker))
    lines.prompt(true)
  }

  /** Puts text above the prompt, and what was being typed back under it. */
  function print(text: string): void {
    if (!output.writable) return
    if (!lines || !prompting) {
      output.write(text)
      return
    }
    moveCursor(output, 0, -lines.getCursorPos().rows)
    cursorTo(output, 0)
    clearScreenDown(output)
    output.write(text)
    // readline would climb over the rows that its old prompt filled.
    Object.assign(lines, { prevRows: 0 })
    lines.prompt(true)
  }

  async function show(card: Card, updated = false): Promise<void> {
    const pictureFile = pictureFolder === undefined ? undefined : await savePicture(card, pictureFolder)
    const text = renderCardText(card, { width: output.columns ?? DEFAULT_WIDTH, updated, pictureFile })
    const [rule = '', ...rest] = text.split('\n')
    print(`\n${colour ? `\u001b[${SGR[card.tone]}m${rule}\u001b[0m` : rule}\n${rest.join('\n')}\n`)
  }

  async function savePicture(card: Card, folder: string): Promise<string | undefined> {
    const picture = await pictures.of(card)
    if (!picture) return undefined
    const savedAt = new Date().toISOString().replace(/[-:.]/g, '')
    const file = join(folder, picture.fileName.replace(/\.png$/, `-${savedAt}.png`))
    try {
      await mkdir(folder, { recursive: true })
      await writeFile(file, picture.png)
      return file
    } catch (error) {
      log.error({ err: error, file }, 'picture not saved, its words are printed')
      return undefined
    }
  }

  async function answer(line: string, who: ConsoleIdentity): Promise<Card | undefined> {
    if (/^\/as(\s|$)/.test(line)) return become(line.slice(3).trim())
    if (!line.startsWith('/') && !startsWithCommand(line, commands)) return HINT
    if (!dispatch) throw new Error('Expected the console to be started before it is spoken to')
    return dispatch({
      platform: 'console',
      platformUserId: who.platformUserId,
      channel: CONSOLE_CHANNEL,
      direct: true,
      interactionId: randomUUID(),
      input: { kind: 'text', text: line },
    })
  }

  function become(wanted: string): Card {
    const known = identities.map(({ platformUserId, name }) => `/as ${platformUserId}  ${name}`).join('\n')
    if (!allowIdentitySwitch) {
      return { tone: 'refused', title: 'You speak for yourself', text: '/as works in the demo only.' }
    }
    const matching = identities.filter(
      ({ platformUserId, name }) => platformUserId === wanted || name.toLowerCase() === wanted.toLowerCase(),
    )
    const [found] = matching
    if (!found || matching.length > 1) {
      const why = wanted === '' ? 'Say as whom.' : `Expected one known id or name, was "${wanted}".`
      return { tone: 'refused', title: 'Who speaks?', text: `${why}\n${known}` }
    }
    speaker = found
    return { tone: 'info', title: `You speak as ${promptOf(found).slice(0, -2)}` }
  }

  /** One line at a time, in the order they came. */
  function say(line: string, who: () => ConsoleIdentity, echo: boolean): Promise<Card | undefined> {
    const said = toPlain(line).trim()
    const answered = turn.then(async () => {
      if (said === '') return undefined
      if (echo) print(`${promptOf(who())}${said}\n`)
      const card = await answer(said, who()).catch((error: unknown): Card => {
        log.error({ err: error }, 'console command failed')
        return { tone: 'warning', title: 'That failed', text: 'The reason is in the log. Check before you repeat it.' }
      })
      if (card) await show(card)
      return card
    })
    turn = answered
    return answered
  }

  return {
    platform: 'console',
    channels: [CONSOLE_CHANNEL],
    closed: closed.promise,

    async start(to, complete) {
      if (dispatch) throw new Error('Expected the console to be started once, was started twice')
      dispatch = to
      output.on('error', (error) => {
        log.warn({ reason: error.message }, 'console output closed')
        lines?.close()
      })
      if (!input) return
      lines = createInterface({
        input,
        output,
        terminal: isTerminal,
        completer: isTerminal
          ? completer(
              commands,
              (asking) => complete?.(asking),
              () => speaker,
            )
          : undefined,
      })
      lines.on('line', (line) => {
        prompting = false
        void say(line, () => speaker, !isTerminal).then(prompt)
      })
      lines.on('close', () => {
        lines = undefined
        prompting = false
        if (isTerminal && output.writable) output.write('\n')
        void turn.then(() => closed.resolve())
      })
      prompt()
    },

    submit: (line, asUserId) =>
      say(
        line,
        () =>
          identities.find(({ platformUserId }) => platformUserId === asUserId) ??
          (asUserId === undefined ? speaker : { platformUserId: asUserId, name: asUserId }),
        true,
      ),

    async post(_channel, card) {
      const messageId = `${++posted}`
      await show(card)
      return { messageId }
    },

    async edit(_channel, messageId, card) {
      await show(card, true)
      return { messageId }
    },

    readyIn: () => 0,
    probe: async (channel) =>
      channel === CONSOLE_CHANNEL
        ? { works: true }
        : { works: false, reason: 'A terminal has no private chats: everything is said in the one channel.' },

    async close() {
      lines?.close()
      await turn
      closed.resolve()
    },
  }
}

const startsWithCommand = (line: string, commands: readonly Command[]): boolean => {
  const said = `${line.toLowerCase().split(/\s+/).join(' ')} `
  return commands.some(({ name }) => said.startsWith(`${name} `))
}

type CompleteLine = (typed: string, done: (error: null, result: [string[], string]) => void) => void

/** Tab completes a command's name, and after it what the command offers for the option that is being typed. */
const completer =
  (
    commands: readonly Command[],
    complete: (asking: Completing) => Promise<readonly Completion[]> | undefined,
    speaker: () => ConsoleIdentity,
  ): CompleteLine =>
  (typed, done) => {
    const names = commands.map(({ name }) => `/${name} `).filter((name) => name.startsWith(typed))
    const at = names.length > 0 ? undefined : optionAt(commands, typed)
    if (!at) return done(null, [names, typed])
    const asking: Completing = {
      platform: 'console',
      platformUserId: speaker().platformUserId,
      channel: CONSOLE_CHANNEL,
      direct: true,
      ...at,
    }
    // `complete` answers with nothing where it fails.
    void Promise.resolve(complete(asking)).then((offered) =>
      done(null, [(offered ?? []).map(({ value }) => value), at.typed]),
    )
  }

/** Which option of which command the end of a line is. */
function optionAt(
  commands: readonly Command[],
  line: string,
): Pick<Completing, 'command' | 'option' | 'typed'> | undefined {
  const command = commands
    .filter(({ name }) => line.toLowerCase().startsWith(`/${name} `))
    .sort((a, b) => b.name.length - a.name.length)[0]
  if (!command) return undefined
  const words = line.slice(command.name.length + 2).split(/\s+/)
  const option = optionSpecs(command)[words.length - 1]
  return option && { command: command.name, option: option.name, typed: words.at(-1)! }
}
