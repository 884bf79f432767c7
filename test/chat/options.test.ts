import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { commands } from '../../commands/index.ts'
import { optionSpecs } from '../../src/chat/options.ts'

/** What each platform is told: name, kind and whether it has to be given. */
const EXPECTED: Record<string, readonly string[]> = {
  start: ['code: string?'],
  help: ['command: string?'],
  'hedge status': ['picture: string?'],
  'hedge propose': ['symbol: string?', 'target: number?'],
  'hedge resize': ['proposal: string', 'percent: number?'],
  'hedge why': ['proposal: string'],
  'hedge pause': ['proposal: string'],
  'hedge resume': ['proposal: string'],
  'hedge cancel': ['proposal: string'],
  'hedge history': ['limit: integer?'],
  approve: ['proposal: string'],
  decline: ['proposal: string', 'reason: string?'],
  positions: ['symbol: string?'],
  orders: ['limit: integer?', 'state: string?'],
  funding: ['symbol: string?'],
  pnl: ['days: integer?'],
  report: ['period: string?'],
  'liq map': ['symbol: string?', 'hours: integer?'],
  'liq clusters': ['symbol: string?'],
  'liq explain': ['cluster: string'],
  'liq calibration': ['symbol: string?', 'horizon: string?'],
  alerts: ['limit: integer?'],
  ack: ['alert: string'],
  subscribe: ['symbol: string?', 'severity: string?', 'confidence: string?'],
  mute: ['duration: string', 'symbol: string?'],
  oncall: ['action: string?', 'value: string?'],
  deliveries: ['limit: integer?'],
  'risk status': [],
  'risk limits': [],
  'risk set': ['limit: string', 'value: string'],
  'risk approve': ['request: string'],
  'risk decline': ['request: string', 'reason: string?'],
  'risk halt': ['reason: string?'],
  'risk reduce': ['reason: string?'],
  'risk flatten': ['reason: string?'],
  'risk confirm': ['request: string'],
  'risk resume': ['reason: string?'],
  'risk reconcile': [],
  'risk accept': ['instrument: string'],
  'live status': [],
  'live request': [],
  'live approve': ['request: string'],
  'live revoke': ['reason: string?'],
  'model status': [],
  'model list': [],
  'model explain': ['what: string'],
  'model health': ['model: string?'],
  'model promote': ['model: string'],
  'model approve': ['request: string'],
  'model decline': ['request: string', 'reason: string?'],
  'model rollback': ['reason: string?'],
  'model train': ['rung: string?', 'override: string?'],
  'model cancel': [],
  whoami: [],
  settings: [
    'timezone: string?',
    'units: string?',
    'quiet: string?',
    'digest: string?',
    'theme: string?',
    'language: string?',
  ],
  link: ['code: string?'],
  members: [],
  invite: ['name: string', 'role: string'],
  role: ['member: string', 'role: string'],
  audit: ['limit: integer?', 'who: string?', 'what: string?'],
  version: [],
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
