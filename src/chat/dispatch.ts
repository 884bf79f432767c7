import type { App } from '../app/app.ts'
import { createAnswerButtons } from '../app/issue-buttons.ts'
import { type Access, type AccessRules, judgeAccess } from '../domain/access.ts'
import type { Card } from '../domain/card.ts'
import { inZone } from '../domain/local-time.ts'
import { type Identity, type Member, PLATFORM_USER_ID } from '../domain/member.ts'
import { DEFAULT_PREFERENCES } from '../domain/preferences.ts'
import type { Logger } from '../log.ts'
import type { Clock, Heard, Ids, Store } from '../ports.ts'
import type { Asker, Command, Complete, Dispatch, Incoming } from './command.ts'
import { completionsOf, MOST_COMPLETIONS } from './dispatch/complete.ts'
import { createPaces, type PaceLimits } from './dispatch/pace.ts'
import { judgePress } from './dispatch/press.ts'
import { createHeavyTurns } from './dispatch/turns.ts'
import { recordable, type Understood, understand, usage, wrongOptions } from './dispatch/understand.ts'
import { optionSpecs } from './options.ts'
import { type Texts, textsIn } from './texts.ts'

export interface DispatchDependencies {
  readonly commands: readonly Command[]
  readonly app: App
  readonly store: Store
  readonly clock: Clock
  readonly ids: Ids
  /** This process, as it claims what it hears. */
  readonly instanceId: string
  readonly access: AccessRules
  readonly paceLimits?: PaceLimits
  readonly log: Logger
}

/** What a press wants, once it is known to be genuine. */
interface Wanted {
  readonly understood: Understood
  /** Set when the command came from a button that counts once. */
  readonly onceButton?: string
  /** Answers at once, without running anything. */
  readonly card?: Card
}

interface Hearing {
  readonly incoming: Incoming
  readonly asker: Asker
  readonly member: Member | undefined
  readonly texts: Texts
}

/**
 * The one way in: keep the pace, recognise a redelivery, find the member, find the command, check right and place, parse, run,
 * answer.
 *
 * Deny by default: someone whose numeric id is not a member's may do nothing but ask who they are, a group gives no right, and
 * every *forbidden* is answered and audited until it comes too often.
 *
 * @throws {Error} when the rules name a command that does not exist
 */
export function createDispatch(dependencies: DispatchDependencies): { dispatch: Dispatch; complete: Complete } {
  const { app, store, clock, ids, instanceId, access, log } = dependencies
  const commands = withRules(dependencies.commands, access)
  const pace = createPaces(dependencies.paceLimits)
  const inHeavyTurn = createHeavyTurns()
  const withButtons = createAnswerButtons(store, ids)

  const dispatch: Dispatch = async (incoming) => {
    const at = clock.now()
    const { platform, platformUserId, interactionId } = incoming
    const who = `${platform}:${platformUserId}`
    let texts = textsIn(DEFAULT_PREFERENCES.language)
    try {
      if (!PLATFORM_USER_ID.test(platformUserId))
        throw new RangeError(`Expected a numeric user id, was ${JSON.stringify(platformUserId)}`)
      // Who sits at the terminal has the machine itself.
      const going = platform === 'console' ? ({ kind: 'go' } as const) : pace('heard', who, at)
      if (going.kind === 'silent') return undefined
      if (going.kind === 'last') return slowDown(going.seconds, texts)

      const heard = await store.commands.hear({ identity: { platform, platformUserId }, interactionId }, instanceId, at)
      if (heard.claim !== 'mine') return undefined
      const asker = { ...askerOf(incoming, heard, at), commands }
      texts = textsIn(heard.preferences.language)
      const card = await answer({ incoming, asker, member: heard.member, texts })
      const finished = card && (await finish(card, { incoming, asker, member: heard.member }))
      // Noted before it goes out: whoever takes over from this process must not answer it again. What the command did stands,
      // so its answer goes out even where that cannot be noted.
      await store.commands
        .answered(platform, interactionId, at)
        .catch((error: unknown) => log.error({ err: error, platform, interactionId }, 'answer not noted as given'))
      return finished
    } catch (error) {
      log.error({ err: error, platform, interactionId }, 'command failed')
      return { tone: 'warning', title: texts.failed, text: texts.failedWhy({ interactionId }) }
    }
  }

  async function answer(hearing: Hearing): Promise<Card | undefined> {
    const { incoming, asker, member, texts } = hearing
    const wanted = await readInput(hearing)
    if (wanted === undefined) return undefined
    if (wanted.card) return wanted.card
    const { understood, onceButton } = wanted
    // What someone says to another bot in a group is not ours to comment on.
    if (understood.kind === 'unknown' && !member && !incoming.direct) return undefined
    if (understood.kind === 'unknown') return member ? understood.card : forbid(hearing, undefined, NOT_A_MEMBER)
    const { command } = understood
    const right = judgeAccess(access, { command, member, place: incoming })
    if (right.kind === 'forbidden') return forbid(hearing, command, right)
    if (understood.kind === 'refused') return understood.card

    const { raw } = understood
    const parsed = command.options.safeParse(raw)
    if (!parsed.success) {
      return (await offer(command, raw, hearing)) ?? wrongOptions(command, raw, { error: parsed.error, texts })
    }
    if (onceButton !== undefined) {
      const first = await store.buttons.press(onceButton, asker.actor.memberId, incoming.interactionId, asker.at)
      if (!first) return pressedAlready(texts, incoming, command, raw)
    }
    const run = () => command.run({ ...asker, options: parsed.data }, app)
    try {
      const card = await (command.weight === 'heavy' ? inHeavyTurn(run) : run())
      const { actor } = asker
      log.info(
        { platform: incoming.platform, memberId: actor.memberId, command: command.name, tone: card.tone },
        'command answered',
      )
      return card
    } catch (error) {
      // The fault is told below; the press may be tried again.
      if (onceButton !== undefined) await store.buttons.release(onceButton, asker.actor.memberId)
      throw error
    }
  }

  async function readInput(hearing: Hearing): Promise<Wanted | undefined> {
    const { incoming, member, texts } = hearing
    if (incoming.input.kind !== 'press') return { understood: understand(commands, incoming.input, texts) }
    const press = incoming.input
    if (!member) return withCard(await forbid(hearing, undefined, NOT_A_MEMBER))
    const judged = await judgePress(store, press, { incoming, actor: member })
    switch (judged.kind) {
      case 'unknown':
        return withCard(await refusePress(hearing, 'button.unknown', 'anything'))
      case 'misplaced':
        return withCard(await refusePress(hearing, 'button.misplaced', judged.button.command))
      case 'of-another':
        return withCard(await refusePress(hearing, 'button.of-another', judged.button.command))
      case 'valid': {
        const { button } = judged
        const understood = understand(commands, { kind: 'text', text: button.command }, texts)
        const onceButton = button.once ? { onceButton: button.buttonId } : {}
        if (understood.kind !== 'understood' || button.asks === undefined) return { understood, ...onceButton }
        const said = recordable(press.values?.[button.asks])?.trim()
        const right = judgeAccess(access, { command: understood.command, member, place: incoming })
        if (!said && right.kind === 'allowed')
          return { understood, card: promptFor(understood.command, button.buttonId, button.asks) }
        return { understood: { ...understood, raw: { ...understood.raw, [button.asks]: said } }, ...onceButton }
      }
    }
  }

  /** A required option is missing and the command knows what it could be: a list to pick from. */
  async function offer(
    command: Command,
    raw: Readonly<Record<string, unknown>>,
    { asker, texts }: Hearing,
  ): Promise<Card | undefined> {
    const missing = optionSpecs(command).filter(({ name, required }) => required && raw[name] === undefined)
    const [option, ...more] = missing
    if (!option || more.length > 0 || !command.complete?.[option.name]) return undefined
    const completions = await completionsOf(command, { option: option.name, typed: '', asker, app })
    if (completions.length === 0) return undefined
    return {
      tone: 'info',
      title: texts.pick({ command: command.name, option: option.name }),
      text: texts.pickOne({ usage: usage(command, texts) }),
      select: {
        placeholder: option.description,
        choices: completions.map(({ value, label }) => ({
          label: label ?? value,
          command: `/${command.name} ${option.name}=${value}`,
        })),
      },
      ephemeral: true,
    }
  }

  /** The answer as its asker reads it: times in their zone too, pictures in their look, buttons with ids. */
  async function finish(
    card: Card,
    { incoming, asker, member }: { incoming: Incoming; asker: Asker; member: Member | undefined },
  ): Promise<Card> {
    const { timeZone, theme } = asker.preferences
    const local = inZone(card, timeZone)
    const themed = theme === 'platform' || !card.picture ? local : { ...local, theme }
    if (incoming.platform === 'console') return themed
    const mine = (card.ephemeral || incoming.direct) && member ? { memberId: member.memberId } : {}
    const answerKey = `answer:${incoming.platform}:${incoming.interactionId}`
    return withButtons(themed, { platform: incoming.platform, channel: incoming.channel, ...mine, answerKey }, asker.at)
  }

  async function forbid(
    { incoming, asker, member, texts }: Hearing,
    command: Command | undefined,
    { reason, needs }: Extract<Access, { kind: 'forbidden' }>,
  ): Promise<Card | undefined> {
    const has = member?.role ?? 'none'
    const details = { reason, needs, has }
    const silenced = await note({ incoming, asker }, 'command.forbidden', command?.name ?? 'anything', details, texts)
    if (silenced) return silenced.card
    const said = { command: command?.name ?? '', needs }
    const why: Record<typeof reason, () => string> = {
      NOT_A_MEMBER: () => texts.notAMember({ platform: incoming.platform, id: incoming.platformUserId }),
      NO_ROLE: () => texts.noRole,
      ROLE_TOO_LOW: () => texts.roleTooLow({ ...said, has: has === 'none' ? 'viewer' : has }),
      NOT_A_DESK_CHANNEL: () => texts.notADeskChannel(said),
      CHANNEL_TOO_LOW: () => texts.channelTooLow(said),
    }
    return { tone: 'refused', title: texts.forbidden, text: why[reason](), ephemeral: true }
  }

  async function refusePress(
    { incoming, asker, texts }: Hearing,
    action: 'button.unknown' | 'button.misplaced' | 'button.of-another',
    subject: string,
  ): Promise<Card | undefined> {
    const silenced = await note({ incoming, asker }, action, subject, {}, texts)
    if (silenced) return silenced.card
    const text = {
      'button.unknown': texts.unknownButtonWhy,
      'button.misplaced': texts.misplacedButton,
      'button.of-another': texts.buttonOfAnother,
    }[action]
    const title = action === 'button.unknown' ? texts.unknownButton : texts.forbidden
    return { tone: 'refused', title, text, ephemeral: true }
  }

  /** Audits a refusal; too many of one person are answered and audited no longer, which is on record once a minute. */
  async function note(
    { incoming, asker }: Pick<Hearing, 'incoming' | 'asker'>,
    action: string,
    subject: string,
    details: Record<string, unknown>,
    texts: Texts,
  ): Promise<{ card: Card | undefined } | undefined> {
    const { platform, platformUserId, channel } = incoming
    const going =
      platform === 'console' ? ({ kind: 'go' } as const) : pace('refused', `${platform}:${platformUserId}`, asker.at)
    if (going.kind === 'silent') return { card: undefined }
    await store.audit.append({
      at: asker.at,
      actor: asker.actor.memberId,
      action: going.kind === 'last' ? 'command.silenced' : action,
      subject,
      details: { platform, channel, ...details },
    })
    return going.kind === 'last' ? { card: slowDown(going.seconds, texts) } : undefined
  }

  const complete: Complete = async ({ platform, platformUserId, channel, direct, command: name, option, typed }) => {
    const at = clock.now()
    const identity: Identity = { platform, platformUserId }
    try {
      const command = commands.find((candidate) => candidate.name === name)
      if (!command?.complete?.[option] || pace('completed', `${platform}:${platformUserId}`, at).kind !== 'go')
        return []
      const member = await store.members.findByIdentity(identity)
      const right = judgeAccess(access, { command, member, place: { platform, channel, direct } })
      if (!member || right.kind === 'forbidden') return []
      const preferences = await store.members.preferences(member.memberId)
      const asker = { actor: member, preferences, identity, channel, direct, at, commands }
      return (await completionsOf(command, { option, typed, asker, app })).slice(0, MOST_COMPLETIONS)
    } catch (error) {
      log.error({ err: error, platform, command: name, option }, 'nothing could be offered for an option')
      return []
    }
  }

  return { dispatch, complete }
}

const NOT_A_MEMBER = { kind: 'forbidden', reason: 'NOT_A_MEMBER', needs: 'viewer' } as const

/** The commands with the roles they need here, so that /help and the check say the same. */
function withRules(commands: readonly Command[], { commands: rules }: AccessRules): readonly Command[] {
  const unknown = Object.keys(rules).filter((name) => !commands.some((command) => command.name === name))
  if (unknown.length > 0)
    throw new Error(`Expected COMMAND_ROLES to name commands, was ${unknown.join(', ')}: /help lists them`)
  const open = commands.filter(({ name, role }) => role === 'anyone' && rules[name] !== undefined)
  if (open.length > 0) {
    throw new Error(
      `Expected COMMAND_ROLES without ${open.map(({ name }) => name).join(', ')}: strangers need them to come in`,
    )
  }
  return commands.map((command) => ({ ...command, role: rules[command.name] ?? command.role }))
}

const askerOf = (
  { platform, platformUserId, channel, direct }: Incoming,
  heard: Heard,
  at: Asker['at'],
): Omit<Asker, 'commands'> => ({
  actor: heard.member ?? {
    memberId: `${platform}:${platformUserId}`,
    name: `${platform} user ${platformUserId}`,
    role: 'none',
    identities: [{ platform, platformUserId }],
  },
  preferences: heard.preferences,
  identity: { platform, platformUserId },
  channel,
  direct,
  at,
})

/** A refusal that has its card already, or is met with silence. */
const withCard = (card: Card | undefined): Wanted | undefined => card && { understood: { kind: 'unknown', card }, card }

const slowDown = (seconds: number, texts: Texts): Card => ({
  tone: 'refused',
  title: texts.slowDown,
  text: texts.slowDownWhy({ seconds }),
  ephemeral: true,
})

function pressedAlready(
  texts: Texts,
  incoming: Incoming,
  command: Command,
  raw: Readonly<Record<string, unknown>>,
): Card {
  const typed = [`/${command.name}`, ...Object.values(raw).filter((value) => typeof value === 'string')].join(' ')
  return {
    tone: 'info',
    title: texts.pressedAlready,
    text: texts.pressedAlreadyWhy({ command: typed }),
    ephemeral: !incoming.direct,
  }
}

function promptFor(command: Command, buttonId: string, option: string): Card {
  const question = optionSpecs(command).find(({ name }) => name === option)?.description ?? option
  return {
    tone: 'info',
    title: `/${command.name}`,
    text: question,
    prompt: { buttonId, option, question },
    ephemeral: true,
  }
}
