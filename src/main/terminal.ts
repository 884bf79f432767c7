const isTerminal = process.stderr.isTTY === true

/** One line of progress on stderr: overwritten on a terminal, a plain line elsewhere; empty clears it. */
export function report(text: string): void {
  if (isTerminal) process.stderr.write(text === '' ? '\r\u001B[K' : `\r\u001B[K${text} …`)
  else if (text !== '') process.stderr.write(`${text} …\n`)
}

/** Ctrl-C and a polite kill: the first asks for an orderly end, the second is left to the system. */
export function onStop(): { readonly signal: AbortSignal; readonly stopped: Promise<void>; abort(): void } {
  const controller = new AbortController()
  const stopped = new Promise<void>((resolve) =>
    controller.signal.addEventListener('abort', () => resolve(), { once: true }),
  )
  const abort = (): void => controller.abort()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, abort)
  return { signal: controller.signal, stopped, abort }
}
