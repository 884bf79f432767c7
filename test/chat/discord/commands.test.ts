import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { commands as productCommands } from '../../../commands/index.ts'
import { type Command, command } from '../../../src/chat/command.ts'
import { createSlashCommands } from '../../../src/chat/discord/commands.ts'
import { loadDiscordSpec } from '../../support/discord-spec.ts'
import { commands, startDesk } from './setup.ts'

const named = (name: string, options = z.object({})): Command =>
  command({ name, description: 'x', role: 'viewer', options, run: async () => ({ tone: 'ok', title: 'x' }) })

test('two-word commands are registered as subcommands, with typed options, required ones first', async (t) => {
  const { discord } = await startDesk(t)

  assert.deepEqual(
    discord.registered.map(({ name, options = [] }) => [name, options.map((option) => option.name)]),
    [
      ['help', []],
      ['hedge', ['status', 'propose']],
      ['approve', ['proposal']],
      ['decline', ['proposal', 'reason']],
    ],
  )
  const propose = discord.registered[1]?.options?.[1]
  assert.equal(propose?.type, 1)
  assert.deepEqual(propose?.options, [
    { type: 3, name: 'book', description: 'The book', required: true, autocomplete: true },
    {
      type: 3,
      name: 'symbol',
      description: 'The asset',
      required: false,
      choices: [
        { name: 'BTC', value: 'BTC' },
        { name: 'ETH', value: 'ETH' },
      ],
    },
    { type: 10, name: 'target-ratio', description: 'Hedged share, from 0 to 1', required: false },
    { type: 4, name: 'slices', description: 'How many orders', required: false },
    { type: 5, name: 'dry', description: 'Only show it', required: false },
  ])
  const [registration] = discord.requests
  assert.equal(registration?.path, `/applications/${discord.applicationId}/guilds/${discord.guildId}/commands`)
})

test('the commands of the product are such that Discord registers them', (t) => {
  const check = loadDiscordSpec()
  if (!check) return t.skip('shared/specs/discord-openapi.json is not on this machine')
  const { registration } = createSlashCommands(productCommands)
  assert.deepEqual(check('PUT', '/applications/1/guilds/2/commands', { body: registration, files: [] }), [])
  assert.ok(registration.some(({ name }) => name === 'approve'))
})

test('a description over 100 characters is cut', () => {
  const { registration } = createSlashCommands(commands)
  const propose = registration[1]?.options?.[1]
  assert.equal(propose?.description.length, 100)
  assert.match(propose?.description ?? '', /… \(cut\)$/)
})

test('more than 25 choices are left to typing', () => {
  const many = z.object({ symbol: z.enum(Array.from({ length: 26 }, (_, i) => `A${i}`)) })
  const [only] = createSlashCommands([named('buy', many)]).registration
  assert.equal('choices' in only!.options![0]!, false)
})

for (const [names, message] of [
  [['Hedge'], /one or two lower-case words, was "Hedge"/],
  [['a b c'], /one or two lower-case words, was "a b c"/],
  [['hedge', 'hedge status'], /"hedge" to be either a command or a group/],
  [['hedge status', 'hedge'], /"hedge" to be either a command or a group/],
] as const) {
  test(`${names.join(' and ')} cannot be registered`, () => {
    assert.throws(() => createSlashCommands(names.map((name) => named(name))), message)
  })
}
