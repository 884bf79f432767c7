import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { type Complete, type Completing, command } from '../../../src/chat/command.ts'
import { createSlashCommands } from '../../../src/chat/discord/commands.ts'
import { startDesk } from './setup.ts'

const TYPING = { userId: '7001', name: 'approve', option: 'proposal', typed: '7K' }
const CALLBACK = /callback$/
const callbacks = (requests: readonly { path: string }[]) => requests.filter(({ path }) => CALLBACK.test(path))

test('what is typed is asked about, and what fits is offered', async (t) => {
  const asked: Completing[] = []
  const complete: Complete = async (asking) => {
    asked.push(asking)
    return [{ value: '7K3M9QX2TB', label: 'Sell 12.4 ETH (7K3M9QX2TB)' }, { value: '7KAAAAAAAA' }]
  }
  const { discord, heard } = await startDesk(t, undefined, { complete })
  const offered = await discord.completeOption(TYPING).choices()

  assert.deepEqual(offered, [
    { name: 'Sell 12.4 ETH (7K3M9QX2TB)', value: '7K3M9QX2TB' },
    { name: '7KAAAAAAAA', value: '7KAAAAAAAA' },
  ])
  assert.deepEqual(asked, [
    {
      ...{ platform: 'discord', platformUserId: '7001', channel: discord.channelId, direct: false },
      ...{ command: 'approve', option: 'proposal', typed: '7K' },
    },
  ])
  assert.deepEqual(heard, [])
})

test('an option of a two-word command is asked about under the name of the whole command', async (t) => {
  const asked: Completing[] = []
  const complete: Complete = async (asking) => {
    asked.push(asking)
    return []
  }
  const { discord } = await startDesk(t, undefined, { complete })
  await discord.completeOption({ userId: '7001', name: 'hedge propose', option: 'book' }).choices()
  assert.deepEqual(
    asked.map(({ command: name, option, typed }) => [name, option, typed]),
    [['hedge propose', 'book', '']],
  )
})

test('only options that a command completes are registered so, and offer no fixed list beside it', () => {
  const options = z.object({
    book: z.enum(['main', 'side']).describe('The book'),
    targetRatio: z.enum(['0.5', '1']).describe('Hedged share'),
    count: z.int().optional().describe('How many'),
  })
  const complete = { targetRatio: async () => [], count: async () => [] }
  const run = async () => ({ tone: 'ok', title: 'x' }) as const
  const [only] = createSlashCommands([
    command({ name: 'buy', description: 'x', role: 'viewer', options, complete, run }),
  ]).registration
  assert.deepEqual(
    only?.options?.map((option) => [option.name, 'choices' in option, 'autocomplete' in option]),
    [
      ['book', true, false],
      ['target-ratio', false, true],
      ['count', false, false],
    ],
  )
})

test('more than 25, longer than 100 and blank: what Discord does not take is left out or shortened', async (t) => {
  const complete: Complete = async () => [
    { value: 'x'.repeat(101), label: 'Would be cut into another value' },
    { value: 'wide', label: 'w'.repeat(300) },
    { value: 'blank', label: ' \n ' },
    ...Array.from({ length: 40 }, (_, i) => ({ value: `${i}` })),
  ]
  const { discord } = await startDesk(t, undefined, { complete })
  const offered = await discord.completeOption(TYPING).choices()
  assert.equal(offered.length, 25)
  assert.equal(offered[0]?.name.length, 100)
  assert.deepEqual(offered[1], { name: 'blank', value: 'blank' })
})

test('what takes too long is answered with nothing, once', async (t) => {
  const release = Promise.withResolvers<void>()
  const complete: Complete = async () => {
    await release.promise
    return [{ value: 'late' }]
  }
  const { discord, logged } = await startDesk(t, undefined, { complete, completeWithinMs: 20 })
  assert.deepEqual(await discord.completeOption(TYPING).choices(), [])
  release.resolve()
  await discord.sendCommand({ userId: '7001', name: 'help' }).answer()
  assert.equal(callbacks(discord.requests).length, 2, 'one for what was typed, one for the command')
  assert.ok(logged.some(({ msg }) => `${msg}`.includes('took too long')))
})

for (const [how, complete] of [
  ['rejects', () => Promise.reject(new Error('database gone'))],
  [
    'throws',
    () => {
      throw new Error('database gone')
    },
  ],
  ['is missing', undefined],
] as const satisfies readonly (readonly [string, Complete | undefined])[]) {
  test(`a completion that ${how} offers nothing`, async (t) => {
    const { discord, logged } = await startDesk(t, undefined, complete ? { complete } : {})
    assert.deepEqual(await discord.completeOption(TYPING).choices(), [])
    assert.equal(
      logged.some(({ reason }) => reason === 'database gone'),
      complete !== undefined,
    )
  })
}

test('typing on, so that Discord no longer wants the answer, disturbs nothing', async (t) => {
  const asked = Promise.withResolvers<void>()
  const release = Promise.withResolvers<void>()
  const complete: Complete = async () => {
    asked.resolve()
    await release.promise
    return []
  }
  const { discord, logged } = await startDesk(t, undefined, { complete })
  const first = discord.completeOption(TYPING)
  await asked.promise
  discord.expire(first)
  release.resolve()
  await discord.until(() => logged.find(({ msg }) => msg === 'discord completion not taken'), 'a line in the log')
  assert.equal((await discord.sendCommand({ userId: '7001', name: 'help' }).answer()).text, 'Done')
})
