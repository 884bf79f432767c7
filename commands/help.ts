import { z } from 'zod'
import { type Command, command } from '../src/chat/command.ts'
import { optionSpecs } from '../src/chat/options.ts'
import { atLeast } from '../src/domain/member.ts'

/** By first word, so that the list reads on a phone. */
const TOPICS: readonly (readonly [string, readonly string[]])[] = [
  ['Hedge', ['hedge', 'approve', 'decline']],
  ['Book', ['positions', 'orders', 'funding', 'pnl', 'report']],
  ['Liquidations and alerts', ['liq', 'alerts', 'ack', 'subscribe', 'mute', 'oncall', 'deliveries']],
  ['Risk and model', ['risk', 'live', 'model']],
]
const THE_REST = 'You and the desk'

/** `/help [command]`: what you may say, or one command in full. */
export default command({
  name: 'help',
  description: 'What you can say here, or one command in full',
  role: 'viewer',
  options: z.object({ command: z.string().optional().describe('A command, such as hedge propose') }),
  complete: {
    command: async ({ commands }) => commands.map(({ name }) => ({ value: name })),
  },

  async run({ options, actor, commands }) {
    const wanted = options.command?.toLowerCase().replace(/^\//, '').replace(/_/g, ' ').trim()
    if (!wanted) {
      const mine = commands.filter(({ role }) => role === 'anyone' || atLeast(actor.role, role))
      return {
        tone: 'info',
        title: `What you can say as ${actor.role}`,
        fields: byTopic(mine).map(([name, list]) => ({
          name,
          value: list.map((one) => `${shortUsageOf(one)}: ${firstWordsOf(one)}`).join('\n'),
        })),
        footer: '/help and a command says more about it.',
      }
    }
    const matches = commands.filter(({ name }) => name === wanted || name.startsWith(`${wanted} `))
    if (matches.length === 0)
      return { tone: 'refused', title: `There is no command ${wanted.slice(0, 60)}`, text: '/help lists them all.' }
    return {
      tone: 'info',
      title: `Help: ${wanted}`,
      fields: matches.map((one) => ({ name: usageOf(one), value: describeInFull(one) })),
    }
  },
})

/** With what has to be said only, so that all of it fits one message of every platform. */
const shortUsageOf = (one: Command): string =>
  [
    `/${one.name}`,
    ...optionSpecs(one)
      .filter(({ required }) => required)
      .map(({ name }) => `<${name}>`),
  ].join(' ')

/** For the same reason: to the first comma. */
const firstWordsOf = ({ description }: Command): string => description.split(/[,;:] /)[0]!

const usageOf = (one: Command): string =>
  [`/${one.name}`, ...optionSpecs(one).map(({ name, required }) => (required ? `<${name}>` : `[${name}]`))].join(' ')

const describeInFull = (one: Command): string =>
  [
    one.description,
    one.role === 'anyone' ? 'for everyone' : `needs ${one.role}`,
    ...optionSpecs(one).map(({ name, description }) => `${name}: ${description}`),
  ].join('\n')

function byTopic(commands: readonly Command[]): readonly (readonly [string, readonly Command[]])[] {
  const wordOf = ({ name }: Command): string => name.split(' ')[0]!
  const named = new Set(TOPICS.flatMap(([, words]) => words))
  return [
    ...TOPICS.map(([title, words]) => [title, commands.filter((one) => words.includes(wordOf(one)))] as const),
    [THE_REST, commands.filter((one) => !named.has(wordOf(one)))] as const,
  ].filter(([, list]) => list.length > 0)
}
