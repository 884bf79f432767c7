export interface Log {
  info(message: string, fields?: Readonly<Record<string, unknown>>): void
  error(message: string, fields?: Readonly<Record<string, unknown>>): void
}

const LEVELS = { info: 30, error: 50 } as const

/**
 * One JSON object a line, in the shape of the desk's own logs.
 *
 * @param secrets - replaced wherever they turn up
 */
export function createLineLog(write: (line: string) => void, secrets: readonly string[]): Log {
  const line = (level: keyof typeof LEVELS, msg: string, fields: Readonly<Record<string, unknown>> = {}): void => {
    const text = JSON.stringify({ level: LEVELS[level], time: Date.now(), ...fields, msg })
    write(`${secrets.reduce((clean, secret) => clean.replaceAll(secret, '[secret]'), text)}\n`)
  }
  return {
    info: (message, fields) => line('info', message, fields),
    error: (message, fields) => line('error', message, fields),
  }
}
