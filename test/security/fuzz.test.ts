import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pino } from 'pino'
import { commands } from '../../commands/index.ts'
import type { Incoming } from '../../src/chat/command.ts'
import { optionSpecs } from '../../src/chat/options.ts'
import type { Card } from '../../src/domain/card.ts'
import { createRandom } from '../../src/domain/random.ts'
import { DAY, duration } from '../../src/domain/units.ts'
import type { AuditEntry, Random } from '../../src/ports.ts'
import { PEOPLE } from '../support/chat-desk.ts'
import { openDesk, type TestDesk } from '../support/desk.ts'
import { aModel, modelFiles } from '../support/models.ts'
import { ARGUMENTS, ASKERS, type Askers } from '../support/rights.ts'
import { HOSTILE } from './hostile.ts'
import { WIDE } from './target.ts'

const MESSAGES = 10_000
/** Said at one moment, as people do. */
const AT_ONCE = 10
/** Then roles, money and trading are as at the beginning, so that the rest meets a desk worth attacking. */
const ANEW_EVERY = 500
const SECRET = 'hunter2-s3cr3t-t0ken'
const CODE = /\b[0-9A-HJKMNP-TV-Z]{4}(?:-[0-9A-HJKMNP-TV-Z]{4}){3}\b/g
const PLACES = { discord: '7001', telegram: '-1001' } as const

const TRADERS: readonly Askers[] = ['trader', 'approver', 'admin']
/** Whose role it takes to bring about what stands on record; whatever is not listed here must not be on record at all. */
const NEEDS: readonly (readonly [RegExp, readonly Askers[]])[] = [
  [/^trading-state\./, ['admin']],
  [/^(request|limit|live)\./, ['admin']],
  [/^model-request\.opened$/, TRADERS],
  [/^model-request\./, ['approver', 'admin']],
  [/^model\.promoted$/, ['approver', 'admin']],
  [/^model\.rolled-back$/, ['admin']],
  [/^risk\.flatten/, ['admin']],
  [/^member\.(role-changed|role-refused|invited)$/, ['admin']],
  [/^on-call\.take$/, TRADERS],
  [/^on-call\./, ['admin']],
  [/^proposal\.(approval|approved|declined|self-approval-refused|requoted)$/, ['approver', 'admin']],
  [/^risk\.denied$/, TRADERS],
  [/^proposal\.(opened|resized|superseded|paused|running|canceling)$/, TRADERS],
  [/^alert\.acknowledged$/, TRADERS],
  [/^(subscription|mute)\./, ['viewer', ...TRADERS]],
  [/^identity\.link-offered$/, ['viewer', ...TRADERS]],
  [/^(command\.(forbidden|silenced)|button\.|code\.refused|member\.joined|identity\.linked)/, ASKERS],
]

const pick = <T>(random: Random, from: readonly T[]): T => from[Math.floor(random() * from.length)]!

/** What an attacker has seen so far, and makes more of. */
interface Loot {
  readonly buttons: { readonly id: string; readonly place: Place }[]
  readonly proposals: string[]
  readonly codes: string[]
}
type Place = Pick<Incoming, 'platform' | 'channel' | 'direct'>

function createFuzzer(random: Random, loot: Loot) {
  const ordinary = [
    'ETH',
    'BTC',
    '0.5',
    '7',
    'daily',
    '2h',
    'off',
    'arne',
    'viewer',
    'critical',
    'Europe/Berlin',
    'take',
  ]
  const word = (): string => {
    const kind = random()
    if (kind < 0.3) return pick(random, HOSTILE)
    if (kind < 0.45 && loot.proposals.length > 0) return pick(random, loot.proposals)
    if (kind < 0.5 && loot.codes.length > 0) return pick(random, loot.codes)
    return kind < 0.8 ? pick(random, ordinary) : Math.floor(random() * 1e9).toString(36)
  }
  const valueFor = (name: string, choices: readonly string[] | undefined, known: string | undefined): unknown => {
    const kind = random()
    if (kind < 0.4 && (choices || known)) return known ?? pick(random, choices!)
    if (kind < 0.5) return name === 'proposal' && loot.proposals.length > 0 ? loot.proposals.at(-1)! : random() * 1e6
    return kind < 0.55 ? random() < 0.5 : word()
  }

  return {
    place(): Place {
      const platform = pick(random, ['discord', 'telegram'] as const)
      const direct = random() < 0.4
      return { platform, channel: direct ? `direct-${Math.floor(random() * 3)}` : PLACES[platform], direct }
    },
    /** A message, and where it has to be sent to be taken for genuine; anywhere when undefined. */
    input(): { readonly input: Incoming['input']; readonly place?: Place } {
      const kind = random()
      const command = pick(random, commands)
      const known = ARGUMENTS[command.name] ?? {}
      if (kind < 0.4) {
        const words = random() < 0.3 ? Object.values(known) : Array.from({ length: Math.floor(random() * 4) }, word)
        return { input: { kind: 'text', text: [random() < 0.9 ? `/${command.name}` : word(), ...words].join(' ') } }
      }
      if (kind < 0.7) {
        const options = Object.fromEntries(
          optionSpecs(command)
            .filter(({ required }) => required || random() < 0.5)
            .map(({ name, choices }) => [name, valueFor(name, choices, known[name])]),
        )
        return { input: { kind: 'named', name: random() < 0.95 ? command.name : word(), options } }
      }
      const values = { [pick(random, ['reason', 'reason', 'percent', '__proto__'])]: word() }
      if (random() < 0.2 || loot.buttons.length === 0) return { input: { kind: 'press', buttonId: word(), values } }
      const { id, place } = pick(random, loot.buttons)
      return { input: { kind: 'press', buttonId: id, values }, ...(random() < 0.8 ? { place } : {}) }
    },
  }
}

/** Members as the record makes them, and whether what is on record was anyone's right. */
function createJudge() {
  const roles = new Map<string, Set<Askers>>()
  return {
    beginAnew(): void {
      roles.clear()
      for (const { memberId, role } of Object.values(PEOPLE)) roles.set(memberId, new Set([role]))
    },
    /** Entries of one moment: a role counts for it that was held before it or was given within it. */
    judge(entries: readonly AuditEntry[], askers: ReadonlySet<string>, said: () => string): void {
      for (const { action, subject, details } of entries) {
        const given =
          action === 'member.role-changed' ? details.to : action === 'member.joined' ? details.role : undefined
        if (given !== undefined) roles.set(subject, new Set([...(roles.get(subject) ?? []), given as Askers]))
      }
      for (const { action, actor, subject, details } of entries) {
        if (actor === 'system') continue
        const [, allowed] =
          NEEDS.find(([pattern]) => pattern.test(action)) ?? assert.fail(`${action} is on record; ${said()}`)
        const held = [...(roles.get(actor) ?? ['stranger' as const])]
        assert.ok(
          held.some((role) => allowed.includes(role)),
          `${action} ${subject} by ${actor}, who is ${held.join(' and ')}; ${said()}`,
        )
        assert.ok(askers.has(actor) || askers.has(String(details.identity)), `${action} by ${actor}; ${said()}`)
      }
      for (const { action, subject, details } of entries)
        if (action === 'member.role-changed') roles.set(subject, new Set([details.to as Askers]))
    },
  }
}

test('ten thousand messages of every kind do nothing that their sender may not do, and break nothing', async (t) => {
  const seed = Number(process.env.FUZZ_SEED ?? 20_261_121)
  t.diagnostic(`FUZZ_SEED=${seed}`)
  const random = createRandom(seed)
  const logged: string[] = []
  const log = pino({ level: 'info' }, { write: (line: string) => void logged.push(line) })
  const channels = Object.entries(PLACES).map(([platform, channel]) => ({
    platform: platform as keyof typeof PLACES,
    channel,
    most: 'admin' as const,
  }))
  const desk = await openDesk(t, {
    paceLimits: WIDE,
    log,
    settings: {
      access: { channels, commands: {} },
      models: { shadowDays: 0, retrainEvery: duration(DAY), protocolUpgrades: [] },
    },
    models: modelFiles(),
  })
  await desk.store.settings.set('something-secret', SECRET)
  const loot: Loot = { buttons: [], proposals: [], codes: [] }
  const fuzzer = createFuzzer(random, loot)
  const judge = createJudge()
  const told = { answered: 0, refused: 0 }

  const remember = (card: Card, place: Place): void => {
    const pressable = [...(card.buttons ?? []), ...(card.select?.choices ?? [])]
    loot.buttons.push(...pressable.map(({ id }) => ({ id: id!, place })))
    loot.buttons.splice(0, loot.buttons.length - 200)
    loot.codes.push(...(JSON.stringify(card).match(CODE) ?? []))
    loot.codes.splice(0, loot.codes.length - 5)
  }

  for (let i = 0; i < MESSAGES; i += AT_ONCE) {
    if (i % ANEW_EVERY === 0) {
      loot.proposals.push(...(await beginAnew(desk)))
      judge.beginAnew()
    }
    const [last] = await desk.store.audit.recent(1)
    const batch = Array.from({ length: AT_ONCE }, (_, j) => {
      const asker = pick(random, ASKERS)
      const { input, place = fuzzer.place() } = fuzzer.input()
      const platformUserId = asker === 'stranger' ? String(10_000 + i + j) : PEOPLE[asker].identities[0]!.platformUserId
      const incoming: Incoming = { ...place, platformUserId, interactionId: `fuzz-${i + j}`, input }
      return { asker, incoming, memberId: asker === 'stranger' ? '' : PEOPLE[asker].memberId }
    })
    const cards = await Promise.all(batch.map(({ incoming }) => desk.dispatch(incoming)))
    const said = () =>
      batch
        .map(({ asker, incoming }, j) => `${asker}: ${JSON.stringify(incoming)} → ${JSON.stringify(cards[j])}`)
        .join('\n')
    for (const [j, card] of cards.entries()) {
      if (!card) continue
      told[card.tone === 'refused' ? 'refused' : 'answered']++
      assert.notEqual(card.title, 'That failed', said())
      assert.ok(!JSON.stringify(card).includes(SECRET), said())
      remember(card, batch[j]!.incoming)
    }
    const askers = batch.flatMap(({ memberId, incoming: { platform, platformUserId } }) => [
      memberId,
      `${platform}:${platformUserId}`,
    ])
    judge.judge(await newSince(desk, last), new Set(askers), said)
  }

  t.diagnostic(`${told.answered} were answered, ${told.refused} refused`)
  assert.ok(told.answered > MESSAGES / 10, 'enough of them were what someone may do')
  assert.ok(told.refused > MESSAGES / 3)
  assert.equal((await desk.store.audit.verify()).kind, 'intact')
  assert.ok(!logged.join('\n').includes(SECRET))
  assert.deepEqual(
    logged.filter((line) => JSON.parse(line).level >= 50),
    [],
    'nothing failed inside',
  )
})

/** A desk worth attacking; gives back what can be decided on it. */
async function beginAnew(desk: TestDesk): Promise<readonly string[]> {
  for (const member of Object.values(PEOPLE)) await desk.store.members.put(member)
  await desk.store.settings.setTradingState('active', { by: 'system', at: desk.clock.now(), reason: 'begin anew' })
  await desk.pass(60_000)
  await desk.forecast()
  // Known from the second time on, in whatever state it is by then.
  for (const modelId of ['lstm-0', 'lstm-1', 'lstm-2'])
    await desk.store.models.register(aModel(modelId), desk.clock.now())
  const opened = await desk.app.proposeHedge({ asset: 'ETH', proposedBy: 'system' })
  return opened.kind === 'proposed' ? [opened.proposal.proposalId] : []
}

/** What was put on record after an entry, oldest first. */
async function newSince(desk: TestDesk, last: AuditEntry | undefined): Promise<readonly AuditEntry[]> {
  const latest = await desk.store.audit.recent(8 * AT_ONCE)
  const at = latest.findIndex((entry) => JSON.stringify(entry) === JSON.stringify(last))
  return (at < 0 ? latest : latest.slice(0, at)).toReversed()
}
