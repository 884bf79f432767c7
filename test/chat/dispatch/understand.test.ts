import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { command, type Incoming } from '../../../src/chat/command.ts'
import { type Understood, understand } from '../../../src/chat/dispatch/understand.ts'
import { textsIn } from '../../../src/chat/texts.ts'

const COMMANDS = [
  command({
    name: 'look up',
    description: 'Looks something up',
    role: 'viewer',
    options: z.object({ what: z.string(), deep: z.boolean().optional() }),
    run: async () => ({ tone: 'ok', title: 'Looked' }),
  }),
]
const hear = (input: Exclude<Incoming['input'], { kind: 'press' }>): Understood =>
  understand(COMMANDS, input, textsIn('en'))
const rawOf = (understood: Understood) => {
  assert.equal(understood.kind, 'understood')
  return (understood as Extract<Understood, { kind: 'understood' }>).raw
}

test('typed and chosen, text reaches a command without what no database can hold', () => {
  const hostile = 'a\u0000b\ud800c\udc00d🐋'
  const clean = 'a\ufffdb\ufffdc\ufffdd🐋'
  assert.deepEqual(rawOf(hear({ kind: 'text', text: `/look up ${hostile}` })), { what: clean })
  assert.deepEqual(rawOf(hear({ kind: 'named', name: 'look up', options: { what: hostile, deep: true } })), {
    what: clean,
    deep: true,
  })
})

test('what is not a command is repeated in sixty readable characters at most', () => {
  for (const input of [
    { kind: 'text', text: `/\u0000${'🐋'.repeat(500)}` },
    { kind: 'named', name: `\u0000${'🐋'.repeat(500)}`, options: {} },
  ] as const) {
    const understood = hear(input)
    assert.equal(understood.kind, 'unknown')
    const { title } = (understood as Extract<Understood, { kind: 'unknown' }>).card
    assert.match(title, /^Unknown command: \/\ufffd(🐋){29}\ufffd$/u)
  }
})
