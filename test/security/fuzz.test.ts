import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pino } from 'pino'
import { commands } from '../../commands/index.ts'
import type { Incoming } from '../../src/chat/command.ts'
import { optionSpecs } from '../../src/chat/options.ts'
import type { Card } from '../../src/domain/card.ts'
import { createRandom } from '../../src/domain/random.ts'
import type { Random } from '../../src/ports.ts'
import { PEOPLE } from '../support/chat-desk.ts'
import { openDesk } from '../support/desk.ts'
import { ASKERS, type Askers, RIGHTS } from '../support/rights.ts'

const MESSAGES = 10_000
const SECRET = 'hunter2-s3cr3t-t0ken'
const WIDE = { heard: 1_000_000, refused: 1_000_000, completed: 1_000_000 }
const HOSTILE = [
  "'; drop table members; --",
  '<b>bold</b><script>alert(1)</script>',
  '@everyone <@904> <#1> [x](https://evil.example)',
  '```js\nprocess.exit()\n```',
  '\u202egnirts\u0000\ud800',
  '__proto__',
  'constructor',
  '../../etc/passwd',
  '#{env.TOKEN}',
  '%s%s%n',
  '９９９',
  '-1',
  'NaN',
  '1e309',
  'x'.repeat(5_000),
  '🐋'.repeat(500),
  '/approve 0000000000',
  'adam',
  'admin',
  'none',
]
/** What only these roles may bring about, by the action on record. */
const NEEDS: readonly (readonly [RegExp, readonly Askers[]])[] = [
  [/^trading-state\./, ['admin']],
  [/^member\.(role|invited)/, ['admin']],
  [/^proposal\.(approval|approved|declined)$/, ['approver', 'admin']],
  [/^proposal\.opened$/, ['trader', 'approver', 'admin']],
  [/^alert\.acknowledged$/, ['trader', 'approver', 'admin']],
]

const pick = <T>(random: Random, from: readonly T[]): T => from[Math.floor(random() * from.length)]!

test('ten thousand messages of every kind do nothing that their sender may not do, and break nothing', async (t) => {
  const seed = Number(process.env.FUZZ_SEED ?? 20_261_121)
  t.diagnostic(`FUZZ_SEED=${seed}`)
  const random = createRandom(seed)
  const logged: string[] = []
  const log = pino({ level: 'info' }, { write: (line: string) => void logged.push(line) })
  const desk = await openDesk(t, { paceLimits: WIDE, log })
  await desk.store.settings.set('something-secret', SECRET)
  const members = Object.values(PEOPLE)
  for (const member of members) await desk.store.members.put(member)
  await desk.forecast()

  const buttonIds: string[] = []
  const proposals: string[] = []
  const wordFor = (): string => {
    const kind = random()
    if (kind < 0.3) return pick(random, HOSTILE)
    if (kind < 0.5 && proposals.length > 0) return pick(random, proposals)
    if (kind < 0.7) return pick(random, ['ETH', 'BTC', '0.5', '7', 'daily', '2h', 'off', 'arne', 'viewer', 'critical'])
    return Math.floor(random() * 1e9).toString(36)
  }
  const inputFor = (): Incoming['input'] => {
    const kind = random()
    const command = pick(random, commands)
    if (kind < 0.5) {
      const words = Array.from({ length: Math.floor(random() * 4) }, wordFor)
      return { kind: 'text', text: [random() < 0.9 ? `/${command.name}` : wordFor(), ...words].join(' ') }
    }
    if (kind < 0.75) {
      const options = Object.fromEntries(
        optionSpecs(command)
          .filter(() => random() < 0.7)
          .map(({ name }) => [name, random() < 0.1 ? random() * 1e6 : random() < 0.1 ? random() < 0.5 : wordFor()]),
      )
      return { kind: 'named', name: random() < 0.95 ? command.name : wordFor(), options }
    }
    const buttonId = random() < 0.6 && buttonIds.length > 0 ? pick(random, buttonIds) : wordFor()
    return { kind: 'press', buttonId, values: { [pick(random, ['reason', 'percent', '__proto__'])]: wordFor() } }
  }

  const whoCould = new Map<string, Askers>(members.map((member) => [member.memberId, member.role]))
  let answered = 0
  for (let i = 0; i < MESSAGES; i++) {
    if (i % 500 === 0) {
      // Roles and money as at the beginning, so that the next five hundred meet a desk worth attacking.
      for (const member of members) await desk.store.members.put(member)
      await desk.store.settings.setTradingState('active', 'system', desk.clock.now(), 'begin anew')
      await desk.pass(60_000)
      await desk.forecast()
      const opened = await desk.app.proposeHedge({ asset: 'ETH', proposedBy: 'system' })
      if (opened.kind === 'proposed') proposals.push(opened.proposal.proposalId)
    }
    const asker = pick(random, ASKERS)
    const id = asker === 'stranger' ? String(10_000 + i) : PEOPLE[asker].identities[0]!.platformUserId
    const platform = pick(random, ['discord', 'telegram'] as const)
    const incoming: Incoming = {
      platform,
      platformUserId: id,
      channel: 'desk',
      direct: random() < 0.7,
      interactionId: `fuzz-${i}`,
      input: inputFor(),
    }
    const before = await desk.store.audit.recent(1)
    const card: Card | undefined = await desk.dispatch(incoming)
    const said = () =>
      `message ${i}, ${asker} on ${platform}: ${JSON.stringify(incoming.input)} → ${JSON.stringify(card)}`
    if (card) {
      answered++
      assert.notEqual(card.title, 'That failed', said())
      assert.doesNotMatch(JSON.stringify(card), new RegExp(SECRET), said())
      buttonIds.push(...[...(card.buttons ?? []), ...(card.select?.choices ?? [])].map((one) => one.id!))
      if (buttonIds.length > 200) buttonIds.splice(0, 100)
    }
    for (const entry of await newSince(desk, before[0])) {
      const rule = NEEDS.find(([action]) => action.test(entry.action))
      if (!rule || entry.actor === 'system') continue
      assert.ok(
        rule[1].includes(whoCould.get(entry.actor) ?? 'stranger'),
        `${entry.action} by ${entry.actor}; ${said()}`,
      )
      assert.equal(entry.actor, asker === 'stranger' ? '' : PEOPLE[asker].memberId, said())
    }
  }
  assert.ok(answered > MESSAGES / 2)
  assert.equal((await desk.store.audit.verify()).kind, 'intact')
  assert.doesNotMatch(logged.join('\n'), new RegExp(SECRET))
  assert.deepEqual(
    logged.filter((line) => JSON.parse(line).level >= 50),
    [],
    'nothing failed inside',
  )
  assert.deepEqual(Object.keys(RIGHTS).length, commands.length)
})

type Desk = Awaited<ReturnType<typeof openDesk>>
type Entry = Awaited<ReturnType<Desk['store']['audit']['recent']>>[number]

/** What was put on record after an entry. */
async function newSince(desk: Desk, last: Entry | undefined): Promise<readonly Entry[]> {
  const latest = await desk.store.audit.recent(12)
  const at = latest.findIndex((entry) => JSON.stringify(entry) === JSON.stringify(last))
  return at < 0 ? latest : latest.slice(0, at)
}
