import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PACE_LIMITS } from '../../src/chat/dispatch/pace.ts'
import { createRandom } from '../../src/domain/random.ts'
import { GROUP, PEOPLE } from '../support/chat-desk.ts'
import { testSettings } from '../support/desk-settings.ts'
import type { DiscordMessageSeen } from '../support/discord-shapes.ts'
import { ADA, idOf, type Offer, openTarget, STRANGER, TARA, type Target } from './target.ts'

const [ARNE, ADAM, VITO, TESS] = [PEOPLE.approver, PEOPLE.admin, PEOPLE.viewer, PEOPLE.trader].map(idOf) as [
  number,
  number,
  number,
  number,
]
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'

/** The two ways in, as one: presses whatever data under a card that stands, and gives back what its presser is told. */
interface Way {
  readonly platform: 'discord' | 'telegram'
  press(offer: Offer, by: number, data: string): Promise<string>
}

const waysOf = (target: Target): readonly Way[] => [
  {
    platform: 'discord',
    press: async ({ onDiscord }, by, data) =>
      (await target.discord.pressForeign({ userId: String(by), message: onDiscord, customId: data }).answer()).text,
  },
  {
    platform: 'telegram',
    async press({ onTelegram }, by, data) {
      const before = target.telegram.messages.length
      target.telegram.press(buttoned(target, onTelegram.messageId), 0, { from: { id: by }, data })
      await target.heard()
      const [answer] = target.telegram.messages.slice(before).filter(({ text }) => !text.includes('marker'))
      return answer?.text ?? ''
    },
  },
]

/** A message in the group that has a button to press now: a decided card has none any more. */
const buttoned = ({ telegram }: Target, wanted: number): number => {
  const here = telegram.messages.filter(({ buttons, chat }) => buttons.length > 0 && chat === String(GROUP))
  return (here.find(({ messageId }) => messageId === wanted) ?? here[0])!.messageId
}

test('callback data that was never issued decides nothing on either platform, whoever sends it', async (t) => {
  const target = await openTarget(t)
  const offer = await target.offer()
  const { proposalId } = offer.proposal
  const id = target.idOn(offer.onDiscord, 'Approve')
  const before = await target.record()
  const forged = [
    ...[`/approve ${proposalId}`, '/risk halt', `approve ${proposalId}`, proposalId, proposalId.toLowerCase()],
    ...[
      id.toUpperCase(),
      id.slice(0, -1),
      `${id}0`,
      ` ${id}`,
      `${id}\n`,
      id.repeat(20),
      id.split('').reverse().join(''),
    ],
    ...['', ' ', 'choices', '__proto__', 'constructor', '0'.repeat(16), 'null', '*', '%'],
    ...[`${id}?approve?reason`, `${id}?risk halt?reason`, `${id}?approve?__proto__`, '??', `?approve?${id}`],
    ...[[...id].map((letter) => String.fromCodePoint(letter.codePointAt(0)! + 0xfee0)).join(''), '🐋'.repeat(16)],
    ...["' or 1=1 --", `${id}'; drop table buttons; --`, `${id}\u0000`, `\u202e${id}`],
  ]
  for (const way of waysOf(target)) {
    for (const by of [ADAM, ARNE, VITO, STRANGER]) {
      for (const data of forged) {
        const window = way.platform === 'discord' && data.startsWith(`${id}?`)
        // A button that asks opens a window before anything is looked up; what is sent from there is tried below.
        if (window) continue
        const said = await way.press(offer, by, data)
        assert.match(said, /^$|not one of ours|Unknown button|Forbidden/, `${by} on ${way.platform}: ${data}: ${said}`)
      }
    }
  }
  assert.deepEqual(await target.record(), before)
  assert.equal((await target.desk.store.audit.verify()).kind, 'intact')
})

test('an id counts for what it was issued for and where: not on the other platform, in another chat or for another card', async (t) => {
  const target = await openTarget(t)
  const { discord, telegram, chats } = target
  const offer = await target.offer()
  const [onDiscord, onTelegram] = [offer.onDiscord, offer.onTelegram].map((card) => target.idOn(card, 'Approve'))
  const [discordWay, telegramWay] = waysOf(target) as [Way, Way]
  const before = await target.record()
  assert.match(await discordWay.press(offer, ADAM, onTelegram!), /^Forbidden\n.*another place/)
  assert.match(await telegramWay.press(offer, ADAM, onDiscord!), /another place/)

  // The card copied to a channel, a group and private chats, with its own ids under it.
  const copy = (id: string) => ({
    ...({ tone: 'info', title: 'Copied' } as const),
    buttons: [{ label: 'Approve', command: '/approve', style: 'primary' as const, id }],
  })
  const elsewhere = discord.addChannel()
  for (const channel of [elsewhere, `user:${ADAM}`]) {
    const { messageId } = await chats.discord.post(channel, copy(onDiscord!))
    const message = discord.messages.find(({ id }) => id === messageId)!
    const pressed = discord.pressButton({ userId: String(ADAM), message, label: 'Approve' })
    assert.match((await pressed.answer()).text, /another place|not answered in this channel/, channel)
  }
  telegram.meet(ADAM)
  for (const chat of [ADAM, -77]) {
    const { messageId } = await chats.telegram.post(String(chat), copy(onTelegram!))
    telegram.press(Number(messageId), 0, { from: { id: ADAM } })
    await telegram.waitFor((message) => message.chat === String(chat) && /another place/.test(message.text))
  }
  assert.deepEqual(await withoutOutbox(target), before.filter(isNotOutbox))

  // Under another card of the same channel an id is still its own button, and decides its own card.
  const newer = await target.offer(0.7)
  assert.equal(await target.stateOf(offer.proposal), 'superseded')
  assert.match(
    await discordWay.press(newer, ARNE, onDiscord!),
    new RegExp(`${offer.proposal.proposalId} is already superseded`),
  )
  assert.equal(await target.stateOf(newer.proposal), 'pending')
})

const isNotOutbox = (row: string): boolean => !row.startsWith('outbox ')
const withoutOutbox = async (target: Target) => (await target.record()).filter(isNotOutbox)

test('a press that is delivered again, with the same id or a new one, counts once', async (t) => {
  const { approvals } = testSettings()
  const target = await openTarget(t, { settings: { approvals: { ...approvals, quorum: 2 } } })
  const { discord, telegram, desk } = target
  const offer = await target.offer()

  const pressed = discord.pressButton({ userId: String(ARNE), message: offer.onDiscord, label: 'Approve' })
  assert.match((await pressed.answer()).text, /^Counted: 1 of 2/)
  for (let i = 0; i < 3; i++) discord.redeliver(pressed)
  const again = discord.pressButton({ userId: String(ARNE), message: offer.onDiscord, label: 'Approve' })
  assert.match((await again.answer()).text, /^You have pressed this already/)
  assert.equal(pressed.answers.length, 1)

  const update = telegram.press(offer.onTelegram.messageId, 0, { from: { id: ARNE } })
  await target.heard()
  for (let i = 0; i < 3; i++) telegram.again(update)
  telegram.press(offer.onTelegram.messageId, 0, { from: { id: ARNE } })
  await target.heard()
  const told = telegram.messages.filter(({ text }) => /already approved|pressed this already/.test(text))
  assert.deepEqual(
    told.map(({ text }) => /already approved|pressed this already/.exec(text)![0]),
    ['already approved', 'pressed this already'],
    'the same member by another platform, then the second press there; what came again is met with silence',
  )
  assert.deepEqual(
    (await desk.find(offer.proposal)).approvals.map(({ memberId }) => memberId),
    ['arne'],
  )
  assert.equal(await target.stateOf(offer.proposal), 'pending')
})

test('a press of who has no right, or whose role was just taken, is forbidden and leaves the card open', async (t) => {
  const target = await openTarget(t)
  const offer = await target.offer()
  const before = await target.record()
  const press = async (by: number): Promise<readonly string[]> => {
    const said: string[] = []
    for (const way of waysOf(target)) {
      const card = way.platform === 'discord' ? offer.onDiscord : offer.onTelegram
      said.push(await way.press(offer, by, target.idOn(card, 'Approve')))
    }
    return said
  }
  for (const by of [STRANGER, idOf(PEOPLE.none), VITO, TESS]) {
    for (const said of await press(by)) assert.match(said, /Forbidden/, String(by))
  }
  assert.deepEqual(await target.record(), before)
  await target.desk.store.members.setRole('arne', 'trader')
  for (const said of await press(ARNE)) assert.match(said, /needs the role approver; you are trader/)
  await target.desk.store.members.setRole('arne', 'none')
  for (const said of await press(ARNE)) assert.match(said, /no role on this desk any more/)
  assert.equal(await target.stateOf(offer.proposal), 'pending')
  assert.equal(await target.desk.store.audit.count('command.forbidden'), 2 * 4 + 2 * 2)
})

test('what was given to one member in private does nothing for another, whatever their role', async (t) => {
  const target = await openTarget(t)
  const { discord, telegram } = target
  const offer = await target.offer()

  const welcome = await discord.sendCommand({ userId: String(TESS), name: 'start' }).answer()
  assert.equal(welcome.ephemeral, true)
  const id = target.idOn(welcome, 'Hedge status')
  for (const by of [ADAM, idOf(TARA)]) {
    const said = await discord.pressForeign({ userId: String(by), message: offer.onDiscord, customId: id }).answer()
    assert.match(said.text, /given to someone else/)
  }
  assert.match(
    (await discord.pressButton({ userId: String(TESS), message: welcome, label: 'My settings' }).answer()).text,
    /^Your settings/,
  )

  // Telegram has no private answers in a group: what asks its asker to choose is there for all to see.
  const list = await target.tell(ARNE, '/approve')
  assert.match(list.text, /which proposal\?/)
  telegram.press(list.messageId, 0, { from: { id: ADAM } })
  await telegram.waitFor(({ text }) => text.includes('given to someone else'))
  assert.equal(await target.stateOf(offer.proposal), 'pending')

  const alone = await target.tell(TESS, '/start', TESS)
  const { callback_data: data } = alone.buttons[0]!
  for (const by of [ADAM, idOf(TARA)]) {
    const [, telegramWay] = waysOf(target) as [Way, Way]
    assert.match(await telegramWay.press(offer, by, data), /another place/)
  }
})

test('a press on a card that was decided meanwhile says by whom, and changes nothing', async (t) => {
  const target = await openTarget(t)
  const { discord, telegram } = target
  const offer = await target.offer()
  const ids = [offer.onDiscord, offer.onTelegram].map((card) => target.idOn(card, 'Approve'))
  const spare = await target.tell(ARNE, '/approve')
  const approved = await discord
    .pressButton({ userId: String(ARNE), message: offer.onDiscord, label: 'Approve' })
    .answer()
  assert.match(approved.text, /^Approved/)
  await target.desk.settle()
  const before = (await target.desk.find(offer.proposal)).approvals
  const late = await discord
    .pressForeign({ userId: String(ADAM), message: offer.onDiscord, customId: ids[0]! })
    .answer()
  assert.match(late.text, /is already \w+\nArne was first/)
  telegram.press(spare.messageId, 0, { from: { id: idOf(ADA) }, data: ids[1]! })
  await telegram.waitFor(({ text }) => /is already \w+\n+Arne was first/.test(text))
  assert.deepEqual((await target.desk.find(offer.proposal)).approvals, before)
})

test('a thousand ids of the right alphabet and length hit no button', async (t) => {
  const seed = Number(process.env.FUZZ_SEED ?? 20_261_122)
  t.diagnostic(`FUZZ_SEED=${seed}`)
  const random = createRandom(seed)
  const guess = () => Array.from({ length: 16 }, () => ALPHABET[Math.floor(random() * 32)]).join('')
  const target = await openTarget(t)
  const { discord, telegram, desk } = target
  const offer = await target.offer()
  const before = await target.record()
  for (let i = 0; i < 500; i += 50) {
    const answers = Array.from({ length: 50 }, () =>
      discord.pressForeign({ userId: String(ADAM), message: offer.onDiscord, customId: guess() }).answer(),
    )
    for (const { text } of await Promise.all(answers)) assert.match(text, /^Unknown button/)
  }
  for (let i = 0; i < 500; i++) telegram.press(offer.onTelegram.messageId, 1, { from: { id: ADAM }, data: guess() })
  await telegram.until(
    () => telegram.messages.filter(({ text }) => text.includes('Unknown button')).length === 500 || undefined,
    { timeoutMs: 30_000, what: 'five hundred answers' },
  )
  assert.equal(await desk.store.audit.count('button.unknown'), 1_000)
  assert.deepEqual(await target.record(), before)
})

test('who guesses is answered five times a minute, told so once, and then met with silence', async (t) => {
  const target = await openTarget(t, { paceLimits: PACE_LIMITS })
  const { telegram, desk } = target
  const offer = await target.offer()
  for (let i = 0; i < 30; i++) {
    telegram.press(offer.onTelegram.messageId, 0, { from: { id: VITO }, data: `${'0'.repeat(14)}${10 + i}` })
  }
  await target.heard()
  const told = telegram.messages.filter(
    ({ text, chat }) => chat === String(GROUP) && /Unknown button|Slow down/.test(text),
  )
  assert.equal(told.length, 6)
  assert.match(told.at(-1)!.text, /Slow down/)
  assert.deepEqual(
    [await desk.store.audit.count('button.unknown'), await desk.store.audit.count('command.silenced')],
    [5, 1],
  )
})

test('a window sent for another option, another command or without words decides nothing', async (t) => {
  const target = await openTarget(t)
  const { discord } = target
  const offer = await target.offer()
  const [own, other] = [target.idOn(offer.onDiscord, 'Decline'), target.idOn(offer.onDiscord, 'Approve')]
  const submit = async (customId: string, { field = 'value', value = 'because', by = ADAM } = {}) => {
    const opened = discord.pressButton({ userId: String(by), message: offer.onDiscord, label: 'Decline' })
    const [modal] = [await opened.modal()]
    const [label] = modal.components
    const components = [{ ...label!, component: { ...label!.component, custom_id: field } }]
    const forged = { ...opened, modal: async () => ({ ...modal, custom_id: customId, components }) }
    return (await discord.submitModal({ userId: String(by), opened: forged, value })).answer()
  }
  const before = await target.record()
  for (const option of ['proposal', 'percent', '__proto__', 'constructor']) {
    assert.match((await submit(`${own}?decline?${option}`, { value: 'ZZZZZZZZZZ' })).text, /^\/decline\n/, option)
  }
  assert.match((await submit(`${own}?decline?reason`, { field: 'other' })).text, /^\/decline\n/)
  assert.match((await submit(`${own}?decline?reason`, { value: '   ' })).text, /^\/decline\n/)
  assert.match((await submit('0000000000000000?decline?reason')).text, /^Unknown button/)
  assert.match((await submit(`${own}?decline?reason?x`)).text, /not one of ours/)
  assert.match((await submit(`${own}?decline?reason`, { by: VITO })).text, /^Forbidden/)
  assert.match((await submit(`${own}?decline?reason`, { by: STRANGER })).text, /^Forbidden/)
  assert.deepEqual(await target.record(), before)

  // What the window names as its command is for its title only: the button says what is run.
  const approved = await submit(`${other}?risk halt?reason`, { value: 'halted' })
  assert.match(approved.text, /^Approved/)
  assert.equal((await target.desk.store.settings.tradingState()).state, 'active')
})

test('a choice that was not offered, or was offered to another, is not taken', async (t) => {
  const target = await openTarget(t)
  const { discord } = target
  const offer = await target.offer()
  const pick = async (by: number, values: readonly string[], message: DiscordMessageSeen, customId = 'choices') =>
    (await discord.pressForeign({ userId: String(by), message, customId, values }).answer()).text
  const before = await target.record()
  for (const value of [
    `/approve ${offer.proposal.proposalId}`,
    offer.proposal.proposalId,
    '',
    'x'.repeat(100),
    '__proto__',
  ])
    assert.match(await pick(ADAM, [value], offer.onDiscord), /not one of ours/, value)
  assert.match(await pick(ADAM, [], offer.onDiscord), /not one of ours/)
  assert.match(await pick(ADAM, ['0000000000000000'], offer.onDiscord), /^Unknown button/)
  const approve = target.idOn(offer.onDiscord, 'Approve')
  assert.match(await pick(ADAM, [approve], offer.onDiscord, 'picks'), /not one of ours/)
  assert.match(await pick(VITO, [approve], offer.onDiscord), /^Forbidden/)
  assert.deepEqual(await target.record(), before)
})
