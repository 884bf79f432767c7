import { z } from 'zod'
import type { Command } from './command.ts'

export interface OptionSpec {
  readonly name: string
  readonly description: string
  readonly required: boolean
  readonly kind: 'string' | 'number' | 'integer' | 'boolean'
  readonly choices?: readonly string[]
}

/** By the schema, which never changes: every typed command is read by these, and reading them off it takes longer than the rest. */
const known = new WeakMap<Command['options'], readonly OptionSpec[]>()

/** The options of a command as a platform needs to declare them, in positional order. */
export function optionSpecs({ options }: Pick<Command, 'options'>): readonly OptionSpec[] {
  const specs = known.get(options) ?? specsOf(options)
  known.set(options, specs)
  return specs
}

function specsOf(options: Command['options']): readonly OptionSpec[] {
  const schema = z.toJSONSchema(options, { io: 'input', unrepresentable: 'any' })
  const required = new Set(schema.required ?? [])
  return Object.entries(schema.properties ?? {}).map(([name, property]) => {
    const { type, description, enum: choices } = property as { type?: string; description?: string; enum?: unknown[] }
    return {
      name,
      description: description ?? name,
      required: required.has(name),
      kind: type === 'number' || type === 'integer' || type === 'boolean' ? type : 'string',
      ...(choices ? { choices: choices.map(String) } : {}),
    }
  })
}
