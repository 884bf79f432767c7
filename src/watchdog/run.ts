import { createLineLog } from './log.ts'
import { readWatchdogSettings, USAGE, type WatchdogSettings } from './settings.ts'
import { startWatchdog } from './watchdog.ts'
import { waysOf } from './ways.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * `watchdog`: runs until it is asked to stop.
 *
 * @param args - what follows the word on the command line
 */
export async function runWatchdog(args: readonly string[]): Promise<void> {
  const settings = readWatchdogSettings(args)
  if (settings === undefined) {
    process.stdout.write(USAGE)
    return
  }
  // Whoever read our output may go away, and that is no reason to stop watching.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)
  const ways = waysOf(settings.ways)
  if (settings.trial) return tryWays(settings)
  const log = createLineLog((line) => process.stderr.write(line), settings.secrets)
  const watchdog = await startWatchdog({ settings, ways, log })
  const names = ways.map(({ name }) => name).join(', ')
  process.stdout.write(
    `Watching at http://${settings.bind}:${watchdog.port}; silent after ${settings.silentAfterMs / 1000} s; alerts go to ${names}.\n`,
  )
  await new Promise<void>((resolve) => {
    for (const signal of SIGNALS) process.once(signal, () => resolve())
  })
  log.info('stopped: nobody watches the desk now')
  await watchdog.close()
}

/** One alert by every way, once; exit code 1 when one of them did not take it. */
async function tryWays({ ways: configured, secrets }: WatchdogSettings): Promise<void> {
  const alert = {
    over: false,
    title: 'Trial of the Breakwater watchdog',
    text: 'Nothing has happened: someone tries whether alerts arrive here.',
  }
  for (const way of waysOf(configured)) {
    const result = await way.send(alert).then(
      () => 'took it',
      (error: Error) => {
        process.exitCode = 1
        return error.message
      },
    )
    const line = `${way.name}: ${result}`
    process.stdout.write(`${secrets.reduce((clean, secret) => clean.replaceAll(secret, '[secret]'), line)}\n`)
  }
}
