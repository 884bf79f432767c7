import type { IncomingMessage } from 'node:http'

/** A file as it arrived in a request. */
export interface FileSeen {
  /** The form's field. */
  readonly field: string
  readonly fileName: string
  readonly contentType: string
  readonly bytes: Buffer
}

export interface FormSeen {
  readonly fields: Readonly<Record<string, string>>
  readonly files: readonly FileSeen[]
}

/** The body of a request: its text, or the fields and files of a form. */
export async function readRequest(request: IncomingMessage): Promise<{ text: string } | { form: FormSeen }> {
  const body = await bodyOf(request)
  const contentType = request.headers['content-type'] ?? ''
  if (!contentType.startsWith('multipart/form-data')) return { text: body.toString() }
  const form = await new Response(body, { headers: { 'content-type': contentType } }).formData()
  const fields: Record<string, string> = {}
  const files: FileSeen[] = []
  for (const [field, value] of form) {
    if (typeof value === 'string') fields[field] = value
    else {
      const bytes = Buffer.from(await value.arrayBuffer())
      files.push({ field, fileName: value.name, contentType: value.type, bytes })
    }
  }
  return { form: { fields, files } }
}

const bodyOf = (request: IncomingMessage): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => resolve(Buffer.concat(chunks)))
    request.on('error', reject)
  })

const PNG_SIGNATURE = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10])
export const isPng = (bytes: Buffer): boolean => bytes.subarray(0, PNG_SIGNATURE.length).equals(PNG_SIGNATURE)
