import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { toMessage } from '../../../src/chat/discord/card.ts'
import { cut, toDiscordText } from '../../../src/chat/discord/text.ts'
import type { Card } from '../../../src/domain/card.ts'
import { loadDiscordSpec } from '../../support/discord-spec.ts'

const embedOf = (card: Card) => toMessage(card).embeds[0]!

test('a card becomes one embed with a colour, a table and rows of buttons, and mentions nobody', () => {
  const message = toMessage({
    tone: 'critical',
    title: 'Cluster below',
    text: 'ETH 2,410 to 2,425',
    fields: [
      { name: 'Confidence', value: '0.81' },
      { name: 'Why', value: 'Open interest rose 14 % in two hours while funding stayed high' },
    ],
    buttons: Array.from({ length: 6 }, (_, i) => ({ label: `B${i}`, command: `/b ${i}`, style: 'neutral' as const })),
    footer: 'simulated data only',
  })

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

test('a card that is far too large is cut inside every limit and keeps its buttons', () => {
  const many = 'ß_*'.repeat(5_000)
  const { embeds, components } = toMessage({
    tone: 'info',
    title: many,
    text: many,
    footer: many,
    fields: Array.from({ length: 60 }, (_, i) => ({ name: `${i}${many}`, value: many })),
    buttons: [{ label: many, command: '/approve 7K3M9QX2TB', style: 'primary' }],
  })
  const embed = embeds[0]!
  const size = [
    embed.title,
    embed.description,
    embed.footer?.text,
    ...embed.fields!.flatMap(({ name, value }) => [name, value]),
  ].join('').length

  assert.ok(size <= 6000, `${size} characters`)
  assert.match(embed.title!, /… \(cut\)$/)
  assert.match(embed.description!, /… \(cut\)$/)
  assert.equal(embed.fields!.at(-1)?.value.endsWith('more (cut)'), true)
  assert.equal(components[0]?.components[0]?.custom_id, '/approve 7K3M9QX2TB')
})

test('every field is either shown or counted as cut', () => {
  const fields = Array.from({ length: 40 }, (_, i) => ({ name: `Name ${i}`, value: `value ${i}` }))
  const shown = embedOf({ tone: 'info', title: 'Many', fields }).fields!
  assert.equal(shown.length, 25)
  assert.deepEqual(shown.at(-1), { name: '…', value: '16 more (cut)', inline: false })

  const wide = fields.map(({ name }) => ({ name, value: 'x'.repeat(1000) }))
  const few = embedOf({ tone: 'info', title: 'Wide', fields: wide }).fields!
  assert.equal(few.at(-1)?.value, `${40 - (few.length - 1)} more (cut)`)
})

test('a command that no button can carry is written out to be typed', () => {
  const long = `/approve ${'x'.repeat(100)}`
  const { embeds, components } = toMessage({
    tone: 'info',
    title: 'Long',
    buttons: [{ label: 'Go', command: long, style: 'primary' }],
  })
  assert.deepEqual(components, [])
  assert.equal(embeds[0]?.description, `Go: type ${long}`)
})

const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.string({
    unit: fc.constantFrom('\\', '*', '_', '@', '`', '😀', ' ', '\n', '\ud800', 'a', '<', '|'),
    maxLength: 2_000,
  }),
)
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
      }),
      { maxLength: 40 },
    ),
  },
  { requiredKeys: ['tone', 'title'] },
)

test('whatever a card holds, Discord accepts the message', (t) => {
  const check = loadDiscordSpec()
  if (!check) return t.skip('shared/specs/discord-openapi.json is not on this machine')
  fc.assert(
    fc.property(card, (any) => {
      const message = toMessage(any)
      assert.deepEqual(check('POST', '/channels/123456789012345678/messages', { body: message, files: [] }), [])
      assert.equal(JSON.stringify(message).includes('\\ud8'), false)
    }),
    { numRuns: 300 },
  )
})
