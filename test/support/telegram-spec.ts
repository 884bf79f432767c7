import { existsSync, readFileSync } from 'node:fs'

const SPEC = new URL('../../../shared/specs/telegram-bot-api.json', import.meta.url)

/** Telegram's Bot API in machine-readable form, or undefined where it is not at hand. */
export const readSpec = (): Spec | undefined =>
  existsSync(SPEC) ? (JSON.parse(readFileSync(SPEC, 'utf8')) as Spec) : undefined

export interface Spec {
  readonly methods: Readonly<Record<string, { readonly fields?: readonly Field[] }>>
  readonly types: Readonly<
    Record<string, { readonly fields?: readonly Field[]; readonly subtypes?: readonly string[] }>
  >
}
interface Field {
  readonly name: string
  readonly types: readonly string[]
  readonly required: boolean
}

/** What a call gets wrong by the description: fields missing, unknown or of another type. Empty when it is right. */
export function violations(spec: Spec, method: string, params: Record<string, unknown>): string[] {
  const known = spec.methods[method]
  return known ? checkFields(spec, known.fields ?? [], params, method) : [`unknown method ${method}`]
}

function checkFields(spec: Spec, fields: readonly Field[], value: Record<string, unknown>, where: string): string[] {
  const missing = fields
    .filter(({ name, required }) => required && value[name] === undefined)
    .map(({ name }) => `${where}.${name} is missing`)
  const wrong = Object.entries(value).flatMap(([name, item]) => {
    const field = fields.find((candidate) => candidate.name === name)
    if (!field) return [`${where}.${name} is unknown`]
    const tried = field.types.map((type) => checkType(spec, type, item, `${where}.${name}`))
    return tried.some((found) => found.length === 0) ? [] : tried[0]!
  })
  return [...missing, ...wrong]
}

function checkType(spec: Spec, type: string, value: unknown, where: string): string[] {
  const expect = (holds: boolean): string[] => (holds ? [] : [`${where} is no ${type}: ${JSON.stringify(value)}`])
  if (type.startsWith('Array of ')) {
    if (!Array.isArray(value)) return expect(false)
    return value.flatMap((item, i) => checkType(spec, type.slice('Array of '.length), item, `${where}[${i}]`))
  }
  switch (type) {
    case 'Integer':
      return expect(Number.isInteger(value))
    case 'Float':
      return expect(typeof value === 'number')
    case 'String':
      return expect(typeof value === 'string')
    case 'Boolean':
    case 'True':
      return expect(typeof value === 'boolean')
  }
  if (typeof value !== 'object' || value === null) return expect(false)
  const { fields, subtypes } = spec.types[type] ?? {}
  if (subtypes) {
    const tried = subtypes.map((subtype) => checkType(spec, subtype, value, where))
    return tried.some((found) => found.length === 0) ? [] : (tried[0] ?? [])
  }
  return checkFields(spec, fields ?? [], value as Record<string, unknown>, where)
}
