import { existsSync, readFileSync } from 'node:fs'
import { Ajv2020, type AnySchema, type ValidateFunction } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import type { FileSeen } from './multipart.ts'

/** Discord's published OpenAPI description of its v10 HTTP API. */
const SPEC = new URL('../../../shared/specs/discord-openapi.json', import.meta.url)

/** What is wrong with a request body, one line each; nothing when it is as published. */
export type CheckBody = (
  method: string,
  path: string,
  /** `body` is the JSON, which a form with files carries as its field `payload_json`. */
  sent: { readonly body: unknown; readonly files: readonly FileSeen[] },
) => readonly string[]

/** The checker, or undefined where the description is not on this machine. */
export function loadDiscordSpec(): CheckBody | undefined {
  if (!existsSync(SPEC)) return undefined
  const spec = JSON.parse(readFileSync(SPEC, 'utf8'))
  const templates = Object.keys(spec.paths)
  const ajv = new Ajv2020({ strict: false, validateSchema: false, allErrors: true })
  formats.default(ajv)
  ajv.addFormat('snowflake', /^\d{1,20}$/).addFormat('nonce', /^.{1,25}$/)
  ajv.addSchema(refuseUnknownFields(spec) as AnySchema, 'discord')
  const compiled = new Map<string, ValidateFunction>()

  return (method, path, { body, files }) => {
    const template = templates.filter((candidate) => matches(candidate, path)).sort(mostLiteralFirst)[0]
    const operation = template && spec.paths[template][method.toLowerCase()]
    if (!operation) return [`${method} ${path}: Discord has no such route`]
    if (!operation.requestBody) return body === undefined ? [] : [`${method} ${path}: takes no body`]
    if (files.length > 0 && !operation.requestBody.content['multipart/form-data'])
      return [`${method} ${path}: takes no files`]
    const pointer = `discord#/paths/${escapePointer(template)}/${method.toLowerCase()}/requestBody/content/application~1json/schema`
    const validate = compiled.get(pointer) ?? ajv.compile({ $ref: pointer })
    compiled.set(pointer, validate)
    if (validate(body)) {
      return [...limitsInProse(body), ...filesInProse(body, files)].map((fault) => `${method} ${template}: ${fault}`)
    }
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) =>
        `${method} ${template}: ${instancePath || '/'} ${message} ${JSON.stringify(params)}`,
    )
  }
}

/** Limits that the documentation states in words only. */
function limitsInProse(body: unknown): string[] {
  const faults: string[] = []
  const { content, embeds = [], components = [] } = (body ?? {}) as Content
  if (content && content.length > 2000) faults.push(`the content holds ${content.length} characters, at most 2000`)
  const size = embeds.reduce(
    (sum, { title = '', description = '', footer, fields = [] }) =>
      sum +
      [title, description, footer?.text ?? '', ...fields.flatMap(({ name, value }) => [name, value])].join('').length,
    0,
  )
  if (size > 6000) faults.push(`embeds hold ${size} characters, at most 6000`)
  for (const { fields = [] } of embeds) {
    if (fields.length > 25) faults.push(`an embed has ${fields.length} fields, at most 25`)
    if (fields.some(({ name, value }) => !name.trim() || !value.trim())) faults.push('a field is empty')
  }
  if (components.length > 5) faults.push(`${components.length} rows, at most 5`)
  const ids = components.flatMap((row) => row.components.map(({ custom_id }) => custom_id))
  if (new Set(ids).size !== ids.length) faults.push('a custom_id stands twice')
  return faults
}

/** How files, the list of attachments and the embeds that show them refer to each other: documented in words only. */
function filesInProse(body: unknown, files: readonly FileSeen[]): string[] {
  const { embeds = [], attachments = [] } = (body ?? {}) as { embeds?: Embed[]; attachments?: Attachment[] }
  const names = files.map(({ fileName }) => fileName)
  const isNew = ({ id }: Attachment) => Number(id) < 10
  return [
    ...files.filter(({ field }) => !/^files\[\d\]$/.test(field)).map(({ field }) => `a file in the field ${field}`),
    ...files
      .filter(({ field }) => !attachments.some(({ id }) => `files[${id}]` === field))
      .map(({ field }) => `${field} is not among the attachments`),
    ...attachments
      .filter((one) => isNew(one) && !files.some(({ field }) => field === `files[${one.id}]`))
      .map(({ id }) => `attachment ${id} has no file`),
    ...embeds
      .map(({ image }) => image?.url ?? '')
      .filter((url) => url.startsWith('attachment://') && !names.includes(url.slice('attachment://'.length)))
      .map((url) => `${url} is no file of this request`),
    ...names.filter((name) => !/^[\w.-]+$/.test(name)).map((name) => `"${name}" cannot be shown in an embed`),
  ]
}

interface Content {
  content?: string | null
  embeds?: Embed[]
  components?: Row[]
}
interface Attachment {
  id: string | number
}
interface Embed {
  image?: { url: string }
  title?: string
  description?: string
  footer?: { text: string }
  fields?: { name: string; value: string }[]
}
interface Row {
  components: { custom_id: string }[]
}

/** The description leaves objects open; a misspelt field would pass unseen. */
function refuseUnknownFields(node: unknown, insideAllOf = false): unknown {
  if (Array.isArray(node)) return node.map((item) => refuseUnknownFields(item, insideAllOf))
  if (typeof node !== 'object' || node === null) return node
  const closed = Object.fromEntries(
    Object.entries(node).map(([key, value]) => [key, refuseUnknownFields(value, key === 'allOf')]),
  )
  const isObjectSchema = closed.type === 'object' && closed.properties !== undefined
  if (isObjectSchema && closed.additionalProperties === undefined && !insideAllOf) closed.additionalProperties = false
  return closed
}

const matches = (template: string, path: string): boolean => {
  const [wanted, given] = [template.split('/'), path.split('/')]
  return wanted.length === given.length && wanted.every((part, i) => part.startsWith('{') || part === given[i])
}
const literals = (template: string): number => template.split('/').filter((part) => !part.startsWith('{')).length
const mostLiteralFirst = (a: string, b: string): number => literals(b) - literals(a)
const escapePointer = (text: string): string =>
  encodeURIComponent(text.replaceAll('~', '~0').replaceAll('/', '~1')).replaceAll('~', '~')
