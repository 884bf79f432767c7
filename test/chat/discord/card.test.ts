import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type DiscordMessage, toMessages } from '../../../src/chat/discord/card.ts'
import { cut, splitText, toDiscordText } from '../../../src/chat/discord/text.ts'
import { toPlain } from '../../../src/chat/plain.ts'
import type { Card } from '../../../src/domain/card.ts'
import { loadDiscordSpec } from '../../support/discord-spec.ts'
import { buttonId } from './setup.ts'

const messagesOf = (card: Card): readonly DiscordMessage[] =>
  toMessages(card, { nameOf: (line) => /^\/(\w+)/.exec(line)?.[1] })
const embedOf = (card: Card) => messagesOf(card)[0]!.embeds[0]!
/** Everything a reader gets to see of a card, in order. */
const wordsOf = (messages: readonly DiscordMessage[]): string =>
  messages
    .flatMap(({ embeds: [embed] }) => [
      embed!.description ?? '',
      ...(embed!.fields ?? []).flatMap(({ name, value }) => [name, value]),
      embed!.footer?.text ?? '',
    ])
    .join('\n')

test('a card becomes one embed with a colour, a table and rows of buttons, and mentions nobody', () => {
  const [message, ...others] = messagesOf({
    tone: 'critical',
    title: 'Cluster below',
    text: 'ETH 2,410 to 2,425',
    fields: [
      { name: 'Confidence', value: '0.81' },
      { name: 'Why', value: 'Open interest rose 14 % in two hours while funding stayed high' },
    ],
    buttons: Array.from({ length: 6 }, (_, i) => ({
      ...{ label: `B${i}`, command: `/b ${i}`, style: 'neutral' as const, id: buttonId(`b${i}`) },
    })),
    footer: 'simulated data only',
  })

  assert.deepEqual(others, [])
  assert.ok(message)
  assert.deepEqual(message.allowed_mentions, { parse: [] })
  assert.deepEqual(
    message.components.map((row) => row.components.length),
    [5, 1],
  )
  assert.deepEqual(message.embeds, [
    {
      title: 'Cluster below',
      description: 'ETH 2,410 to 2,425',
      color: 0xd23f3f,
      fields: [
        { name: 'Confidence', value: '0.81', inline: true },
        { name: 'Why', value: 'Open interest rose 14 % in two hours while funding stayed high', inline: false },
      ],
      footer: { text: 'simulated data only' },
    },
  ])
})

const HOSTILE: readonly [string, string][] = [
  ['@everyone', '@\u200beveryone'],
  ['<@1234>', '\\<@\u200b1234>'],
  ['**bold** _it_ ~~no~~', '\\*\\*bold\\*\\* \\_it\\_ \\~\\~no\\~\\~'],
  ['`code`', '\\`code\\`'],
  ['||spoiler||', '\\|\\|spoiler\\|\\|'],
  ['[free money](https://evil.example)', '\\[free money\\](https\\://evil.example)'],
  ['https://evil.example', 'https\\://evil.example'],
  ['# big', '\\# big'],
  ['a\n> quote\n- item\n1. first', 'a\n\\> quote\n\\- item\n1\\. first'],
  ['\\*', '\\\\\\*'],
  ['<:emoji:1> <t:1>', '\\<:emoji:1> \\<t:1>'],
  ['A\u202EB\u0000\u001b[2J', 'AB\\[2J'],
]
for (const [hostile, shown] of HOSTILE) {
  test(`${JSON.stringify(hostile)} shows as written`, () => {
    assert.equal(toDiscordText(hostile), shown)
    const embed = embedOf({ tone: 'info', title: hostile, text: hostile, fields: [{ name: hostile, value: hostile }] })
    assert.deepEqual(
      [embed.title, embed.description, embed.fields?.[0]?.name, embed.fields?.[0]?.value],
      Array(4).fill(shown),
    )
  })
}

test('figures stay as they are: signs, decimals, times and ranges need no escape', () => {
  const figures = '-12.5 ETH at 2,431.50 (−3.2 %), 14:05 UTC, 1.5x, #3, a+b > c - d'
  assert.equal(toDiscordText(figures), figures)
})

test('a cut never splits a code point or an escape, and says that it cut', () => {
  assert.equal(cut('abcdefghijklmnop', 12), 'abcde… (cut)')
  assert.equal(cut('ab😀defghijklmnop', 10), 'ab… (cut)')
  assert.equal(cut('a\\\\\\*bcdefghijkl', 11), 'a\\\\… (cut)')
  assert.equal(cut('short', 5), 'short')
})

test('pieces of a text lose nothing, and what begins a line only by being broken there stays inert', () => {
  const pieces = splitText(`${'word '.repeat(30)}# no heading 1. no list - no bullet ${'word '.repeat(30)}`, 160)
  assert.ok(pieces.length > 2)
  assert.equal(
    pieces.join(' '),
    `${'word '.repeat(30)}# no heading 1. no list - no bullet ${'word '.repeat(30)}`.trim(),
  )

  const broken = splitText(`${'x'.repeat(18)} # big`, 19)
  assert.deepEqual(broken, ['x'.repeat(18), '\\# big'])
  assert.deepEqual(splitText('a*b*c*', 4), ['a\\*b', '\\*c', '\\*'])
  assert.deepEqual(splitText('ab😀cd', 3), ['ab', '😀c', 'd'])
  assert.deepEqual(splitText(' \n ', 10), [])
})

test('a piece ends after a paragraph rather than a line, and after a line rather than a word', () => {
  assert.deepEqual(splitText('aaaa aaaa\n\nbb\nbb bb bb', 16), ['aaaa aaaa', 'bb\nbb bb bb'])
  assert.deepEqual(splitText('aaaa aaaa\nbb bb bb', 16), ['aaaa aaaa', 'bb bb bb'])
  assert.deepEqual(splitText('aaaa aaaa bbbb bbbb', 16), ['aaaa aaaa bbbb', 'bbbb'])
})

test('a card too large for one message goes on in the next, picture first, buttons and footer last', () => {
  const text = Array.from({ length: 1_200 }, (_, i) => `*${i}*`).join(' ')
  const fields = Array.from({ length: 40 }, (_, i) => ({ name: `Name ${i}`, value: `${i} `.repeat(300) }))
  const messages = toMessages(
    {
      ...{ tone: 'info', title: 'Everything', text, fields, footer: 'simulated data only' },
      buttons: [{ label: 'Approve', command: '/approve X', style: 'primary', id: buttonId('a') }],
    },
    { picture: { fileName: 'map.png', alt: 'A map' }, nameOf: () => undefined },
  )

  assert.ok(messages.length > 2 && messages.length <= 10, `${messages.length} messages`)
  const embeds = messages.map((message) => message.embeds[0]!)
  assert.equal(embeds[0]?.title, 'Everything')
  assert.ok(embeds.slice(1).every(({ title }) => title === 'Everything (continued)'))
  assert.deepEqual(
    messages.map(({ components, attachments }) => [components.length, attachments.length]),
    messages.map((_, i) => [i === messages.length - 1 ? 1 : 0, i === 0 ? 1 : 0]),
  )
  assert.deepEqual(
    embeds.map(({ footer }) => footer?.text),
    embeds.map((_, i) => (i === embeds.length - 1 ? 'simulated data only' : undefined)),
  )
  const said = embeds.map(({ description = '' }) => description).join(' ')
  assert.equal(said.trim().replaceAll('\\', ''), text)
  const shown = embeds.flatMap(({ fields: some = [] }) => some)
  assert.deepEqual(
    shown.map(({ name, value }) => [name, value]),
    fields.map(({ name, value }) => [name, value.trim()]),
  )
})

test('a title, name, value or footer beyond its own limit is said in full', () => {
  const long = (letter: string, length: number) => `${letter} `.repeat(length / 2).trim()
  const messages = messagesOf({
    ...{ tone: 'info', title: long('t', 600), footer: long('f', 3_000) },
    fields: [{ name: long('n', 600), value: long('v', 3_000) }],
  })
  const count = (letter: string) =>
    `${messages[0]!.embeds[0]!.title} ${wordsOf(messages)}`.split(/\s+/).filter((word) => word === letter).length
  assert.deepEqual(['t', 'f', 'n', 'v'].map(count), [300, 1_500, 300, 1_500])
})

test('a card of more than ten messages ends in "… (cut)" and keeps footer and buttons', () => {
  const buttons: Card['buttons'] = [{ label: 'Approve', command: '/approve X', style: 'primary', id: buttonId('a') }]
  const absurd = { tone: 'info', title: 'Absurd', footer: 'the end', buttons } as const
  const inText = messagesOf({ ...absurd, text: 'ß_*'.repeat(50_000) })
  const inFields = messagesOf({
    ...absurd,
    fields: Array.from({ length: 400 }, (_, i) => ({ name: `${i}`, value: 'x'.repeat(1_000) })),
  })

  for (const messages of [inText, inFields]) {
    assert.equal(messages.length, 10)
    const last = messages.at(-1)!
    assert.match(wordsOf([last]), /… \(cut\)\nthe end$/)
    assert.equal(last.components.length, 1)
  }
})

test('a button goes out by its id; without one it is written out to be typed', () => {
  const { embeds, components } = messagesOf({
    ...{ tone: 'info', title: 'Go' },
    buttons: [
      { label: 'Approve', command: '/approve X', style: 'primary', id: buttonId('a') },
      { label: 'Decline', command: '/decline X', style: 'danger', id: buttonId('d'), asks: 'reason' },
      { label: 'Later', command: '/later X', style: 'neutral' },
      { label: 'Odd', command: '/odd X', style: 'neutral', id: 'not issued by us' },
    ],
  })[0]!
  assert.deepEqual(
    components[0]?.components.map(({ custom_id }) => custom_id),
    [buttonId('a'), `${buttonId('d')}?decline?reason`],
  )
  assert.equal(embeds[0]?.description, 'Later: type /later X\n\nOdd: type /odd X')
})

test('a custom id that would be too long asks without the name of its command, or is typed', () => {
  const asking = (command: string, asks: string) =>
    messagesOf({
      ...{ tone: 'info', title: 'Go' },
      buttons: [{ label: 'Go', command, style: 'primary', id: buttonId('a'), asks }],
    })[0]!
  const [row] = asking(`/${'c'.repeat(80)}`, 'reason').components
  assert.equal(row?.components[0]?.custom_id, `${buttonId('a')}??reason`)
  assert.deepEqual(asking('/go', 'o'.repeat(99)).components, [])
})

test('a list has its choices by their ids; what is over or has none is written out to be typed', () => {
  const choices = Array.from({ length: 27 }, (_, i) => ({
    ...{ label: `Choice ${i}`, command: `/show ${i}`, id: i === 1 ? undefined! : buttonId(`c${i}`) },
    ...(i === 0 ? { description: 'The first' } : {}),
  }))
  const { embeds, components } = messagesOf({
    ...{ tone: 'info', title: 'Pick', select: { placeholder: 'Which one', choices } },
    buttons: Array.from({ length: 22 }, (_, i) => ({
      ...{ label: `B${i}`, command: `/b ${i}`, style: 'neutral' as const, id: buttonId(`b${i}`) },
    })),
  })[0]!
  const list = components.at(-1)!.components[0] as { options: { label: string; value: string; description?: string }[] }

  assert.equal(components.length, 5)
  assert.equal(list.options.length, 25)
  assert.deepEqual(list.options[0], { label: 'Choice 0', value: buttonId('c0'), description: 'The first' })
  assert.equal(
    embeds[0]?.description,
    ['B20: type /b 20', 'B21: type /b 21', 'Choice 1: type /show 1', 'Choice 26: type /show 26'].join('\n\n'),
  )
})

const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.string({
    unit: fc.constantFrom('\\', '*', '_', '@', '`', '😀', ' ', '\n', '\ud800', 'a', '<', '|'),
    maxLength: 2_000,
  }),
)
const id = fc.string({ unit: fc.constantFrom(...'0123456789abcdefghjkmnpqrstvwxyz'), minLength: 15, maxLength: 16 })
const card: fc.Arbitrary<Card> = fc.record(
  {
    tone: fc.constantFrom('ok', 'info', 'warning', 'critical', 'refused'),
    title: text,
    text,
    fields: fc.array(fc.record({ name: text, value: text }), { maxLength: 40 }),
    footer: text,
    buttons: fc.array(
      fc.record({
        label: text,
        command: fc.string({ minLength: 1, maxLength: 120 }),
        style: fc.constantFrom('primary', 'danger', 'neutral'),
        id,
      }),
      { maxLength: 40 },
    ),
    select: fc.record({
      placeholder: text,
      choices: fc.array(
        fc.record({ label: text, command: fc.string({ minLength: 1, maxLength: 120 }), description: text, id }),
        { maxLength: 30 },
      ),
    }),
    prompt: fc.record({ buttonId: id, option: text, question: text }),
  },
  { requiredKeys: ['tone', 'title'] },
)

test('whatever a card holds, Discord accepts the message', (t) => {
  const check = loadDiscordSpec()
  if (!check) return t.skip('shared/specs/discord-openapi.json is not on this machine')
  fc.assert(
    fc.property(card, (any) => {
      for (const message of messagesOf(any)) {
        assert.deepEqual(check('POST', '/channels/123456789012345678/messages', { body: message, files: [] }), [])
        assert.equal(JSON.stringify(message).includes('\\ud8'), false)
      }
    }),
    { numRuns: 300 },
  )
})

test('however a hostile text is broken, each piece is escaped as if it stood alone, and nothing is lost', () => {
  fc.assert(
    fc.property(text, fc.integer({ min: 2, max: 60 }), (hostile, max) => {
      const pieces = splitText(hostile, max)
      for (const piece of pieces) {
        assert.ok(piece.length <= max)
        assert.doesNotMatch(piece, /@(?!\u200b)|(?<!\\)(?:\\\\)*[*_~`|[\]<]/)
      }
      const plain = (words: string) => toPlain(words).replace(/\s/g, '')
      const shown = pieces.map((piece) => piece.replace(/\\([^0-9A-Za-z\s])/g, '$1').replaceAll('\u200b', '')).join('')
      assert.equal(plain(shown), plain(hostile).replaceAll('\u200b', ''))
    }),
    { numRuns: 500 },
  )
})
