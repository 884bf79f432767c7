import type { Command } from './command.ts'
import { optionSpecs } from './options.ts'

export type ParsedLine =
  | { readonly kind: 'parsed'; readonly command: Command; readonly options: Record<string, unknown> }
  | { readonly kind: 'unknown'; readonly said: string }
  | { readonly kind: 'too-many'; readonly command: Command; readonly extra: string }

/**
 * Reads `/hedge propose ETH 0.6`, the leading slash optional, into a command and its options by position.
 *
 * The last option of kind string takes the rest of the line, so that a reason may have spaces; `name=value` sets an option
 * by name.
 */
export function parseCommandLine(text: string, commands: readonly Command[]): ParsedLine {
  const words = text.trim().replace(/^\//, '').split(/\s+/).filter(Boolean)
  const command = findCommand(words, commands)
  if (!command) return { kind: 'unknown', said: words.slice(0, 2).join(' ') }
  const specs = optionSpecs(command)
  const options: Record<string, unknown> = {}
  const rest = words.slice(command.name.split(' ').length).filter((word) => {
    const [name, ...value] = word.split('=')
    // `target=` without a value stays a word: coerced to a number, nothing would be zero.
    if (!value.some(Boolean) || !specs.some((spec) => spec.name === name)) return true
    options[name!] = value.join('=')
    return false
  })
  const open = specs.filter((spec) => options[spec.name] === undefined)
  for (const [index, spec] of open.entries()) {
    if (rest.length === 0) break
    const takesRest = index === open.length - 1 && spec.kind === 'string'
    options[spec.name] = takesRest ? rest.splice(0).join(' ') : rest.shift()
  }
  return rest.length > 0 ? { kind: 'too-many', command, extra: rest.join(' ') } : { kind: 'parsed', command, options }
}

function findCommand(words: readonly string[], commands: readonly Command[]): Command | undefined {
  const lower = words.map((word) => word.toLowerCase())
  return commands
    .filter((candidate) => candidate.name.split(' ').every((word, i) => lower[i] === word))
    .sort((a, b) => b.name.length - a.name.length)[0]
}
