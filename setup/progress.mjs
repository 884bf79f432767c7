const FRAME_MS = 250
const LINE_MS = 10_000

/**
 * Shows on stderr that something long is going on: one live line on a terminal, a line every ten seconds elsewhere.
 *
 * @param {(seconds: number) => string} describe - the line, given the whole seconds elapsed
 * @returns {(last?: string) => void} ends the display, leaving `last` if given
 */
export function showProgress(describe, stream = process.stderr) {
  const startedAt = Date.now()
  const line = () => describe(Math.round((Date.now() - startedAt) / 1000))
  const draw = stream.isTTY ? () => stream.write(`\r\x1b[2K${line()}`) : () => stream.write(`${line()}\n`)
  draw()
  const timer = setInterval(draw, stream.isTTY ? FRAME_MS : LINE_MS)
  return (last) => {
    clearInterval(timer)
    if (stream.isTTY) stream.write('\r\x1b[2K')
    if (last !== undefined) stream.write(`${last}\n`)
  }
}
