import { StringDecoder } from 'node:string_decoder'

/** Of a terminal, as far as a question needs it. */
export interface AskingInput {
  readonly isTTY?: boolean
  setRawMode?(raw: boolean): unknown
  on(event: 'data', listener: (chunk: Buffer | string) => void): unknown
  removeListener(event: 'data', listener: (chunk: Buffer | string) => void): unknown
  resume(): unknown
  pause(): unknown
}
export interface AskingOutput {
  write(text: string): unknown
}

const [CTRL_C, CTRL_D, BACKSPACE, CTRL_U, ESCAPE, DELETE] = ['\u0003', '\u0004', '\b', '\u0015', '\u001b', '\u007f']
const ENTER = new Set(['\r', '\n'])
/** What a terminal puts around pasted text, and keys such as the arrows. */
const SEQUENCES = new RegExp(`${ESCAPE}\\[\\d*[A-Z~]`, 'g')

/** The person pressed Ctrl-C or Ctrl-D. */
export class AskingStoppedError extends Error {
  constructor() {
    super('Stopped, nothing was changed.')
    this.name = 'AskingStoppedError'
  }
}

/**
 * Asks one question at a terminal.
 *
 * @param hidden - nothing of the answer is echoed, not even its length
 * @throws {AskingStoppedError} on Ctrl-C and Ctrl-D
 * @throws {Error} where there is no terminal: an answer that is piped in would be echoed by whoever typed it
 */
export async function ask(
  question: string,
  { hidden, input, output }: { hidden: boolean; input: AskingInput; output: AskingOutput },
): Promise<string> {
  if (input.isTTY !== true || input.setRawMode === undefined) {
    throw new Error(`Expected a terminal to ask for "${question}" at, was none.`)
  }
  output.write(`${question}: `)
  input.setRawMode(true)
  let answer = ''
  try {
    const decoder = new StringDecoder('utf8') // a letter may come in two pieces
    await new Promise<void>((resolve, reject) => {
      const hear = (chunk: Buffer | string): void => {
        const keys = typeof chunk === 'string' ? chunk : decoder.write(chunk)
        for (const key of keys.replace(SEQUENCES, '')) {
          const ended = ENTER.has(key)
          if (ended || key === CTRL_C || key === CTRL_D) {
            input.removeListener('data', hear)
            if (ended) resolve()
            else reject(new AskingStoppedError())
            return
          }
          if (key === BACKSPACE || key === DELETE) answer = [...answer].slice(0, -1).join('')
          else if (key === CTRL_U) answer = ''
          else if (key >= ' ') {
            answer += key
            if (!hidden) output.write(key)
          }
        }
      }
      input.on('data', hear)
      input.resume()
    })
  } finally {
    input.setRawMode(false)
    input.pause()
    output.write('\n')
  }
  return answer.trim()
}
