import { z } from 'zod'
import { command } from '../src/chat/command.ts'
import { optionSpecs } from '../src/chat/options.ts'
import { atLeast } from '../src/domain/member.ts'

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
    const matches = wanted
      ? commands.filter((candidate) => candidate.name === wanted || candidate.name.startsWith(`${wanted} `))
      : commands.filter(({ role }) => role === 'anyone' || atLeast(actor.role, role))
    if (matches.length === 0)
      return { tone: 'refused', title: `There is no command ${wanted}`, text: '/help lists them all.' }
    return {
      tone: 'info',
      title: wanted ? `Help: ${wanted}` : `What you can say as ${actor.role}`,
      fields: matches.map((candidate) => {
        const options = optionSpecs(candidate)
        return {
          name: [
            `/${candidate.name}`,
            ...options.map((option) => (option.required ? `<${option.name}>` : `[${option.name}]`)),
          ].join(' '),
          value: [
            candidate.description,
            ...(wanted
              ? [
                  candidate.role === 'anyone' ? 'for everyone' : `needs ${candidate.role}`,
                  ...options.map((option) => `${option.name}: ${option.description}`),
                ]
              : []),
          ].join('; '),
        }
      }),
    }
  },
})
