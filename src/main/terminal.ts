const isTerminal = process.stderr.isTTY === true

/** One line of progress on stderr: overwritten on a terminal, a plain line elsewhere; empty clears it. */
export function report(text: string): void {
  if (isTerminal) process.stderr.write(text === '' ? '\r\u001B[K' : `\r\u001B[K${text} …`)
  else if (text !== '') process.stderr.write(`${text} …\n`)
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
/** npm, `timeout` and a process group each pass a signal on, so one wish to stop arrives two or three times over. */
const SAME_WISH_MS = 5_000

/** Ctrl-C and a polite kill: the first asks for an orderly end, one that comes more than five seconds later ends at once. */
export function onStop(): { readonly signal: AbortSignal; readonly stopped: Promise<void>; abort(): void } {
  const controller = new AbortController()
  const stopped = new Promise<void>((resolve) =>
    controller.signal.addEventListener('abort', () => resolve(), { once: true }),
  )
  const abort = (): void => controller.abort()
  let askedAt: number | undefined
  const hear = (name: NodeJS.Signals): void => {
    if (askedAt === undefined) {
      report('Stopping')
      process.once('exit', () => report(''))
    }
    askedAt ??= performance.now()
    abort()
    if (performance.now() - askedAt < SAME_WISH_MS) return
    for (const one of SIGNALS) process.removeListener(one, hear)
    process.kill(process.pid, name)
  }
  for (const name of SIGNALS) process.on(name, hear)
  return { signal: controller.signal, stopped, abort }
}
