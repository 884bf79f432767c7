import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { commands } from '../../commands/index.ts'
import { optionSpecs } from '../../src/chat/options.ts'

/** What each platform is told: name, kind and whether it has to be given. */
const EXPECTED: Record<string, readonly string[]> = {
  help: ['command: string?'],
  'hedge status': [],
  'hedge propose': ['symbol: string?', 'target: number?'],
  'hedge history': ['limit: integer?'],
  approve: ['proposal: string'],
  decline: ['proposal: string', 'reason: string?'],
  'liq map': ['symbol: string?', 'hours: integer?'],
  'liq clusters': ['symbol: string?'],
  'liq explain': ['cluster: string'],
  'liq calibration': ['symbol: string?', 'horizon: string?'],
  alerts: ['limit: integer?'],
  'risk status': [],
  'risk halt': ['reason: string?'],
  'risk reduce': ['reason: string?'],
  'risk resume': ['reason: string?'],
  'model status': [],
}

test('every command declares its options with the kind that a platform can check', () => {
  const declared = Object.fromEntries(
    commands.map((command) => [
      command.name,
      optionSpecs(command).map(({ name, kind, required }) => `${name}: ${kind}${required ? '' : '?'}`),
    ]),
  )
  assert.deepEqual(declared, EXPECTED)
})

test('every option explains itself within the hundred characters of a slash command', () => {
  for (const command of commands) {
    for (const { name, description } of optionSpecs(command)) {
      assert.match(name, /^[a-z]{1,32}$/)
      assert.notEqual(description, name, `/${command.name} ${name} has a description`)
      assert.ok(description.length <= 100)
    }
  }
})

test('a list of choices is declared, by position as the schema has it', () => {
  const options = z.object({
    side: z.enum(['buy', 'sell']).describe('Side'),
    loud: z.boolean().optional().describe('Loud'),
    note: z.string().optional(),
  })
  assert.deepEqual(optionSpecs({ options }), [
    { name: 'side', description: 'Side', required: true, kind: 'string', choices: ['buy', 'sell'] },
    { name: 'loud', description: 'Loud', required: false, kind: 'boolean' },
    { name: 'note', description: 'note', required: false, kind: 'string' },
  ])
})
