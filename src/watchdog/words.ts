import type { Finding } from './silence.ts'

export interface Alert {
  /** The same silence is the same incident, told once more or over. */
  readonly over: boolean
  readonly title: string
  readonly text: string
}

/** @param wallNow - ms since 1970, only to say since when; nothing is judged by it */
export function wordsFor(finding: Finding, wallNow: number): Alert {
  const since = (ms: number): string => `${new Date(wallNow - ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`
  switch (finding.kind) {
    case 'never-heard':
      return {
        over: false,
        title: 'Breakwater has not been heard',
        text:
          `The watchdog has run for ${lengthOf(finding.forMs)} and has never heard from the bot. Either it does not run, or its ` +
          `HEARTBEAT_URL does not lead here.${again(finding.times)}`,
      }
    case 'silent':
      return {
        over: false,
        title: 'Breakwater has fallen silent',
        text:
          `No sign of life for ${lengthOf(finding.forMs)}, last heard at ${since(finding.forMs)}${inState(finding.state)}. Nobody ` +
          'hedges, watches limits or raises alerts meanwhile. Look at the machine, and at orders and positions at the venues.' +
          again(finding.times),
      }
    case 'back':
      return {
        over: true,
        title: finding.first ? 'Breakwater is heard' : 'Breakwater is back',
        text: finding.first
          ? `The bot is heard for the first time, ${lengthOf(finding.afterMs)} after the watchdog started${inState(finding.state)}.`
          : `The bot is heard again after ${lengthOf(finding.afterMs)} of silence${inState(finding.state)}.`,
      }
  }
}

const inState = (state: string | undefined): string => (state === undefined ? '' : `, trading state ${state}`)
const again = (times: number): string => (times === 1 ? '' : ` This is alert ${times} of the same silence.`)

/** `61 s`, `12 min`, `3.5 h`. */
export function lengthOf(ms: number): string {
  const seconds = ms / 1000
  if (seconds < 10) return `${seconds.toFixed(1)} s`
  if (seconds < 120) return `${Math.round(seconds)} s`
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`
  return `${(seconds / 3600).toFixed(1)} h`
}
