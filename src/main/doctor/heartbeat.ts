import type { ConfigReading } from '../../config.ts'
import { SERVICE } from '../../watchdog/watchdog.ts'
import type { Calls } from './calls.ts'
import { type Check, checksOf } from './check.ts'

const START = 'npm run breakwater watchdog'
/** Post only: the path is right and nothing was posted. */
const LET_IN = 405

const { ok, warning, wrong, skipped } = checksOf('Heartbeat')

/** Whether somebody outside hears that the desk is alive. No beat is sent: it would pass for one of the desk's. */
export async function checkHeartbeat(
  { values, given }: Pick<ConfigReading, 'values' | 'given'>,
  calls: Calls,
): Promise<readonly Check[]> {
  const { HEARTBEAT_URL: address, TRADING_MODE: mode } = values
  if (address === undefined) {
    if (given.has('HEARTBEAT_URL')) return [skipped('address', 'HEARTBEAT_URL cannot be read yet')]
    const next = `run ${START} on another machine and set HEARTBEAT_URL to it, or to a service for that`
    return [
      mode === 'live'
        ? warning('address', 'none, so nobody would notice that the desk has stopped', next)
        : ok('address', 'none: when the desk stops, only those who look will see it'),
    ]
  }
  const { host, origin } = new URL(address)
  const health = await calls.ask('Heartbeat', `${origin}/health`)
  if (health.kind === 'unreachable') {
    return [wrong('address', health.why, `start it (${START}), or correct HEARTBEAT_URL`)]
  }
  const facts = health.json as Record<string, unknown> | null | undefined
  if (facts?.service !== SERVICE) {
    return [ok('address', `${host} answers; whether it takes beats shows with the first one`)]
  }
  return [await checkSecret(address, calls), checkHearing(host, facts), checkWays(host, facts)]
}

async function checkSecret(address: string, calls: Calls): Promise<Check> {
  const { username, password, origin, pathname, search } = new URL(address)
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  const headers: Record<string, string> =
    pair === ':' ? {} : { authorization: `Basic ${Buffer.from(pair).toString('base64')}` }
  const answer = await calls.ask('Heartbeat', `${origin}${pathname}${search}`, { headers })
  return answer.kind === 'answered' && answer.status === LET_IN
    ? ok('address', 'a watchdog answers there, and knows this address')
    : wrong(
        'address',
        'a watchdog answers there, but takes beats at another path than that of HEARTBEAT_URL',
        'set the same HEARTBEAT_URL for the desk and for the watchdog',
      )
}

function checkHearing(host: string, { standing, lastBeatAgeMs }: Record<string, unknown>): Check {
  const age = typeof lastBeatAgeMs === 'number' ? `, last ${Math.round(lastBeatAgeMs / 1000)} s ago` : ''
  switch (standing) {
    case 'hearing':
      return ok('watchdog', `${host} hears a desk${age}`)
    case 'silent':
      return warning('watchdog', `${host} hears nothing${age}, and has raised the alarm`, 'start the desk: npm start')
    default:
      return ok('watchdog', `${host} waits for the first beat`)
  }
}

function checkWays(host: string, { ways, failingWays }: Record<string, unknown>): Check {
  return typeof failingWays === 'number' && failingWays > 0
    ? wrong(
        'alerts',
        `${failingWays} of ${ways} ways to reach people fail at ${host}`,
        `look there: ${START} -- --test`,
      )
    : ok('alerts', `${ways} ways to reach people; ${START} -- --test tries them`)
}
