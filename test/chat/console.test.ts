import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { type TestContext, test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import fc from 'fast-check'
import { pino } from 'pino'
import type { Incoming } from '../../src/chat/command.ts'
import { type ConsoleOptions, createConsoleChat, renderCardText } from '../../src/chat/console.ts'
import type { Card } from '../../src/domain/card.ts'
import { isPng } from '../support/multipart.ts'
import { commands } from './discord/setup.ts'
import { brokenDrawer, cardWith, createPixelDrawer, profilePicture } from './picture-samples.ts'

const identities = [
  { platformUserId: '1', name: 'Ana', role: 'trader' },
  { platformUserId: '2', name: 'Ben', role: 'approver' },
] as const
const DONE: Card = { tone: 'ok', title: 'Done' }

async function startConsole(
  options: Partial<ConsoleOptions> & { terminal?: boolean } = {},
  answer: (incoming: Incoming) => Card | undefined | Promise<Card | undefined> = () => DONE,
) {
  const input = new PassThrough()
  const output: ConsoleOptions['output'] = Object.assign(new PassThrough(), {
    isTTY: options.terminal ?? false,
    columns: 80,
  })
  let printed = ''
  output.on('data', (chunk) => {
    printed += chunk
  })
  const heard: Incoming[] = []
  const log = pino({ level: 'silent' })
  const chat = createConsoleChat({ input, output, commands, identities, log, colour: false, ...options })
  await chat.start(async (incoming) => {
    heard.push(incoming)
    return answer(incoming)
  })
  return { input, chat, heard, printed: () => printed }
}

const tick = () => new Promise((resolve) => setTimeout(resolve, 20))

test('a typed command is said by the first identity, and its card is printed', async () => {
  const { input, chat, heard, printed } = await startConsole()
  input.end('/hedge status\n')
  await chat.closed

  assert.equal(heard.length, 1)
  const { interactionId, ...rest } = heard[0]!
  assert.deepEqual(rest, {
    platform: 'console',
    platformUserId: '1',
    channel: 'console',
    direct: true,
    input: { kind: 'text', text: '/hedge status' },
  })
  assert.match(interactionId, /^[0-9a-f-]{36}$/)
  assert.equal(printed(), `Ana (trader)> /hedge status\n\n── Done ${'─'.repeat(72)}\n\n`)
})

test('lines are answered one after another, in the order they came', async () => {
  const order: string[] = []
  const { input, chat } = await startConsole({}, async ({ input }) => {
    const text = input.kind === 'text' ? input.text : ''
    order.push(`start ${text}`)
    await tick()
    order.push(`end ${text}`)
    return DONE
  })
  input.end('/help 1\n/help 2\n')
  await chat.closed
  assert.deepEqual(order, ['start /help 1', 'end /help 1', 'start /help 2', 'end /help 2'])
})

test('empty lines are passed over, and other text is answered with a hint', async () => {
  const { input, chat, heard, printed } = await startConsole()
  input.end('\n   \nsell everything\nhedge status\n')
  await chat.closed

  assert.deepEqual(
    heard.map(({ input }) => input),
    [{ kind: 'text', text: 'hedge status' }],
  )
  assert.match(printed(), /That is not a command.*\/help lists them/s)
})

test('/as changes who speaks, by id or by name, where that is allowed', async () => {
  const { input, chat, heard, printed } = await startConsole({ allowIdentitySwitch: true })
  input.end('/as 2\n/help\n/as ana\n/help\n/as Zoe\n/as\n/assign\n')
  await chat.closed

  assert.deepEqual(
    heard.map(({ platformUserId }) => platformUserId),
    ['2', '1', '1'],
  )
  assert.match(printed(), /You speak as Ben \(approver\)/)
  assert.match(printed(), /Ben \(approver\)> \/help/)
  assert.match(printed(), /REFUSED: Who speaks\?.*was "Zoe".*\/as 2 {2}Ben/s)
})

test('/as is refused where one may not switch', async () => {
  const { input, chat, heard, printed } = await startConsole()
  input.end('/as 2\n/help\n')
  await chat.closed
  assert.equal(heard[0]?.platformUserId, '1')
  assert.match(printed(), /REFUSED: You speak for yourself/)
})

test('without an input, lines are submitted all the same', async () => {
  const { chat, printed } = await startConsole({ input: undefined })
  assert.deepEqual(await chat.submit('/help'), DONE)
  await chat.close()
  await chat.closed
  assert.match(printed(), /^Ana \(trader\)> \/help\n/)
})

test('a half-typed line longer than the screen is wide keeps to its rows', async () => {
  const { input, chat, printed } = await startConsole({ terminal: true })
  const typed = `/hedge propose ${'x'.repeat(100)}`
  input.write(typed)
  await tick()
  const before = printed().length
  await chat.post('console', DONE)
  await chat.post('console', DONE)
  const [, first, second] = printed().slice(before).split('\u001b[1A')

  // Each post climbs one row to the start of the prompt, clears from there, and redraws the whole line below the card.
  for (const drawn of [first, second]) {
    assert.ok(drawn?.startsWith('\u001b[1G\u001b[0J\n── Done'), JSON.stringify(drawn))
    assert.ok(drawn?.includes(`Ana (trader)> ${typed}`))
  }
  await chat.close()
})

test('a submitted line gives back its card and may be said by anyone', async () => {
  const { chat, heard, printed } = await startConsole({}, ({ platformUserId }) =>
    platformUserId === '99' ? { tone: 'refused', title: 'Forbidden' } : DONE,
  )
  assert.deepEqual(await chat.submit('/help', '2'), DONE)
  assert.equal((await chat.submit('/approve X', '99'))?.title, 'Forbidden')
  assert.equal(await chat.submit(''), undefined)
  await chat.close()
  await chat.closed

  assert.deepEqual(
    heard.map(({ platformUserId }) => platformUserId),
    ['2', '99'],
  )
  assert.match(printed(), /^Ben \(approver\)> \/help\n.*99> \/approve X\n.*REFUSED: Forbidden/s)
})

test('a command that fails is answered, and the next one runs', async () => {
  let calls = 0
  const { input, chat, printed } = await startConsole({}, () => {
    if (++calls === 1) throw new Error('database gone')
    return DONE
  })
  input.end('/help\n/help\n')
  await chat.closed
  assert.match(printed(), /WARNING: That failed.*── Done/s)
})

test('a post is printed with its buttons as commands, and an edit prints it again as updated', async () => {
  const { chat, printed } = await startConsole()
  const card: Card = {
    tone: 'warning',
    title: 'Proposal 7K3M9QX2TB',
    text: 'Sell 12.4 ETH on paper.',
    fields: [
      { name: 'Expected cost', value: '4.1 bp' },
      { name: 'Expires', value: '10:40 UTC' },
    ],
    buttons: [
      { label: 'Approve', command: '/approve 7K3M9QX2TB', style: 'primary' },
      { label: 'Decline', command: '/decline 7K3M9QX2TB', style: 'danger' },
    ],
    footer: 'calibrated on simulated data only',
  }
  const { messageId } = await chat.post('console', card)
  await chat.edit('console', messageId, { tone: 'ok', title: 'Proposal 7K3M9QX2TB', text: 'Executed.' })
  await chat.close()

  assert.equal(
    printed(),
    `
── WARNING: Proposal 7K3M9QX2TB ${'─'.repeat(48)}
Sell 12.4 ETH on paper.

Expected cost  4.1 bp
Expires        10:40 UTC

[Approve]  /approve 7K3M9QX2TB
[Decline]  /decline 7K3M9QX2TB

calibrated on simulated data only


── Proposal 7K3M9QX2TB (updated) ${'─'.repeat(47)}
Executed.

`,
  )
})

test('a card that arrives while someone types goes above the line, which stays as it was', async () => {
  const { input, chat, printed } = await startConsole({ terminal: true })
  input.write('/hedge sta')
  await tick()
  const before = printed().length
  await chat.post('console', { tone: 'critical', title: 'Cluster near' })
  const raw = printed().slice(before)
  const cleared = raw.indexOf('\u001b[0J')

  assert.ok(cleared >= 0 && cleared < raw.indexOf('Cluster near'), JSON.stringify(raw))
  assert.equal(stripVTControlCharacters(raw).trimEnd().split('\n').at(-1), 'Ana (trader)> /hedge sta')

  input.write('tus\r')
  await tick()
  assert.match(stripVTControlCharacters(printed()), /── Done[^\n]*\n\nAna \(trader\)> $/)
  await chat.close()
})

test('Ctrl-D and Ctrl-C on a terminal end the chat', async () => {
  for (const key of ['\u0004', '\u0003']) {
    const { input, chat } = await startConsole({ terminal: true })
    input.write(key)
    await chat.closed
  }
})

test('colour marks the rule of a card, only where it is wanted', async () => {
  const { chat, printed } = await startConsole({ colour: true })
  await chat.post('console', { tone: 'critical', title: 'Red', text: 'plain' })
  assert.equal(printed(), `\n\u001b[31m── CRITICAL: Red ${'─'.repeat(63)}\u001b[0m\nplain\n\n`)
  const plain = await startConsole({ colour: undefined })
  await plain.chat.post('console', DONE)
  assert.equal(plain.printed(), stripVTControlCharacters(plain.printed()))
})

for (const [wrong, message] of [
  [[], /at least one identity/],
  [[{ platformUserId: 'ana', name: 'Ana' }], /numeric user id for the console, was "ana"/],
] as const) {
  test(`identities ${JSON.stringify(wrong)} are refused`, async () => {
    await assert.rejects(startConsole({ identities: wrong }), message)
  })
}

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.string({
    unit: fc.constantFrom('\u001b', '[', '2', 'J', '\r', '\u0007', '\u009b', '\u202e', 'a', ' ', '\n', '漢', '😀'),
    maxLength: 200,
  }),
)
const anyCard: fc.Arbitrary<Card> = fc.record({
  tone: fc.constantFrom('ok', 'info', 'warning', 'critical', 'refused'),
  title: text,
  text,
  fields: fc.array(fc.record({ name: text, value: text }), { maxLength: 5 }),
  buttons: fc.array(fc.record({ label: text, command: text, style: fc.constant('neutral' as const) }), {
    maxLength: 3,
  }),
  footer: text,
})

test('no card can move the cursor, colour the screen or ring the bell', () => {
  fc.assert(
    fc.property(anyCard, (card) => {
      const shown = renderCardText(card, { width: 90 })
      assert.doesNotMatch(shown, /[^\P{Cc}\n]|[\u202a-\u202e\u2066-\u2069]/u)
      assert.ok(shown.endsWith('\n'))
    }),
    { numRuns: 300 },
  )
})

test('lines fit the width, wide letters counted twice, and no letter is lost', () => {
  const values = ['漢字'.repeat(80), `${'word '.repeat(60)}end`, 'x'.repeat(250), '😀'.repeat(90)]
  const shown = renderCardText(
    { tone: 'info', title: 'Wide', fields: values.map((value) => ({ name: 'Name', value })) },
    { width: 200 },
  )
  for (const line of shown.trimEnd().split('\n')) {
    const columns = [...line].reduce((sum, letter) => sum + (/[漢字😀]/u.test(letter) ? 2 : 1), 0)
    assert.ok(columns <= 100, `${columns}: ${line}`)
  }
  const letters = (from: string) => from.replace(/\s|Name|─+|Wide/g, '')
  assert.equal(letters(shown), letters(values.join('')))
})

test('on a terminal a picture is saved, and its path and its words are printed', async (t) => {
  const pictureFolder = join(await temporaryFolder(t), 'pictures')
  const { chat, printed } = await startConsole({ terminal: true, pictureFolder })
  await chat.post('console', cardWith(profilePicture()))
  await chat.close()

  const [file, ...others] = await readdir(pictureFolder)
  assert.deepEqual(others, [])
  assert.match(file!, /^liquidation-profile-eth-\d{8}T\d{9}Z\.png$/)
  assert.ok(isPng(await readFile(join(pictureFolder, file!))))
  const lines = stripVTControlCharacters(printed()).split('\n')
  const at = lines.indexOf(join(pictureFolder, file!))
  assert.deepEqual(lines.slice(at - 2, at + 5), [
    'The nearest cluster is 6 % below.',
    '',
    join(pictureFolder, file!),
    'Longs of 14 M USD wait around 2,820 USD, 6 % below the price; shorts of 14 M USD',
    'around 3,190 USD.',
    '',
    '[Hedge]  /hedge propose ETH',
  ])
})

test('where no terminal listens, a picture is its words alone: nothing is drawn or saved, every run prints the same', async (t) => {
  const pictureFolder = join(await temporaryFolder(t), 'pictures')
  const draw = createPixelDrawer()
  const { chat, printed } = await startConsole({ pictureFolder, draw })
  await chat.post('console', cardWith(profilePicture({ alt: 'Longs wait below.' }), { buttons: [] }))
  await chat.close()
  assert.equal(
    printed(),
    `\n── Liquidations around ETH ${'─'.repeat(53)}\nThe nearest cluster is 6 % below.\n\nLongs wait below.\n\n`,
  )
  assert.deepEqual(draw.drawn, [])
  await assert.rejects(readdir(pictureFolder), { code: 'ENOENT' })
})

test('a picture that cannot be drawn or saved is its words alone', async (t) => {
  const folder = await temporaryFolder(t)
  await writeFile(join(folder, 'a-file'), '')
  for (const broken of [{ draw: brokenDrawer }, { draw: createPixelDrawer(), pictureFolder: join(folder, 'a-file') }]) {
    const { chat, printed } = await startConsole({ terminal: true, pictureFolder: folder, ...broken })
    await chat.post('console', cardWith(profilePicture({ alt: 'Longs wait below.' })))
    await chat.close()
    assert.match(stripVTControlCharacters(printed()), /6 % below\.\n\nLongs wait below\.\n\n\[Hedge\]/)
  }
  assert.deepEqual(await readdir(folder), ['a-file'])
})

async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'breakwater-console-'))
  t.after(() => rm(folder, { recursive: true }))
  return folder
}
