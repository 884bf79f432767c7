import { z } from 'zod'
import type { AuditReading } from '../src/app/read-audit.ts'
import { command } from '../src/chat/command.ts'
import type { Card } from '../src/domain/card.ts'
import { formatTime } from '../src/domain/format.ts'

type Entry = AuditReading['entries'][number]

const LONGEST = 140
/** What actions begin with. */
const KINDS = [
  'proposal.',
  'risk.',
  'trading-state.',
  'alert.',
  'on-call.',
  'member.',
  'identity.',
  'code.',
  'command.',
  'button.',
  'margin-tiers.',
]

/** `/audit [limit] [who] [what]`: who did what, newest first, and whether the log is still as it was written. */
export default command({
  name: 'audit',
  description: 'Who did what, newest first, and whether the log is whole',
  role: 'approver',
  options: z.object({
    limit: z.coerce.number().int().min(1).max(20).default(10).describe('How many, 10 by default'),
    who: z.string().min(1).max(64).optional().describe('A member, system, or a stranger such as telegram:42'),
    what: z.string().min(1).max(64).optional().describe('What an action begins with: proposal.'),
  }),
  complete: {
    who: async (_, app) => [
      ...(await app.listMembers()).map(({ member: { memberId, name } }) => ({ value: memberId, label: name })),
      { value: 'system' },
    ],
    what: async () => KINDS.map((value) => ({ value })),
  },
  weight: 'heavy',

  async run({ options }, app) {
    const { entries, verdict } = await app.readAudit(options)
    const asked = [options.who && `by ${options.who}`, options.what && `of ${options.what}`].filter(Boolean).join(' ')
    return {
      tone: verdict.kind === 'intact' ? 'info' : 'critical',
      title: entries.length === 0 ? 'Nothing on record' : `Last ${entries.length} on record${asked && ` ${asked}`}`,
      ...(entries.length === 0 && asked ? { text: `There is no entry ${asked}.` } : {}),
      fields: [...entries.map(describeEntry), { name: 'Hash chain', value: describeChain(verdict) }],
      ephemeral: true,
    }
  },
})

const describeEntry = ({ at, actor, action, subject, details }: Entry): NonNullable<Card['fields']>[number] => ({
  name: `${formatTime(at)} ${actor}`,
  value: shorten([`${action} ${subject}`, ...Object.entries(details).map(describeDetail)].join(', ')),
})

const describeDetail = ([name, value]: [string, unknown]): string =>
  `${name} ${typeof value === 'string' || typeof value === 'number' ? value : JSON.stringify(value)}`

const shorten = (text: string): string =>
  text.length <= LONGEST ? text : `${text.slice(0, LONGEST - 1).toWellFormed()}…`

const describeChain = (verdict: AuditReading['verdict']): string =>
  verdict.kind === 'intact'
    ? `intact over ${verdict.rows} rows, last ${verdict.lastHash.slice(0, 12)}`
    : `broken at row ${verdict.brokenAt}: ${verdict.why}. Somebody changed the record outside the desk; find out who before you trust it.`
