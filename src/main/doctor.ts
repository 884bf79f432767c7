import { type ConfigReading, readConfig } from '../config.ts'
import { type DurationMs, duration, timestamp } from '../domain/units.ts'
import { createCalls } from './doctor/calls.ts'
import { type Check, countStates, formatChecks, isInOrder } from './doctor/check.ts'
import { checkClock } from './doctor/clock.ts'
import { checkDatabase } from './doctor/database.ts'
import { checkDiscord } from './doctor/discord.ts'
import { checkHeartbeat } from './doctor/heartbeat.ts'
import { checkKeys } from './doctor/keys.ts'
import { checkMachine } from './doctor/machine.ts'
import { checkModels } from './doctor/models.ts'
import { checkPeople } from './doctor/people.ts'
import { checkQueue } from './doctor/queue.ts'
import { createRedact } from './doctor/redact.ts'
import { checkSettings } from './doctor/settings.ts'
import { checkTelegram } from './doctor/telegram.ts'
import { checkVenues } from './doctor/venues.ts'
import { report } from './terminal.ts'

const TIMEOUT = duration(5_000)

/** `doctor`: exit code 1 when something is wrong or missing. */
export async function runDoctor({ json = false }: { json?: boolean }): Promise<void> {
  report('Looking at settings, platforms, venues and the database')
  const checks = await examine(readConfig())
  report('')
  if (json) process.stdout.write(`${JSON.stringify({ ok: isInOrder(checks), counts: countStates(checks), checks })}\n`)
  else process.stdout.write(formatChecks(checks))
  if (!isInOrder(checks)) process.exitCode = 1
}

/**
 * Looks at everything a desk needs, as far as the configuration can be read. Nothing is changed but what a first start makes
 * anyway: the data folder and an empty embedded database in it.
 *
 * @param timeout - for each thing outside to answer
 * @returns in the order in which a person would put them right; no secret in any
 */
export async function examine(
  reading: ConfigReading,
  { timeout = TIMEOUT }: { timeout?: DurationMs } = {},
): Promise<readonly Check[]> {
  const calls = createCalls({ timeout, now: () => timestamp(Date.now()) })
  const machine = checkMachine(reading)
  // The database goes into the data folder, which is judged and made first.
  const database = machine.then(() => checkDatabase(reading, timeout))
  const [discord, telegram, venues, keys, heartbeat, queue, models, seen] = await Promise.all([
    checkDiscord(reading, calls),
    checkTelegram(reading, calls),
    checkVenues(reading, calls),
    checkKeys(reading),
    checkHeartbeat(reading, calls),
    checkQueue(reading, timeout),
    checkModels(),
    database,
  ])
  const checks = [
    ...checkSettings(reading),
    ...discord,
    ...telegram,
    ...checkPeople(reading, seen.members),
    ...venues,
    ...keys,
    ...heartbeat,
    ...checkClock(calls.clocks),
    ...seen.checks,
    ...queue,
    ...models,
    ...(await machine),
  ]
  return checks.map(createRedact(reading.secrets))
}
