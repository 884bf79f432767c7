/**
 * The watchdog's own way in. It shares nothing with the desk but the pager and needs no package, so that it starts at once, stays
 * small, and runs where the desk cannot.
 *
 * @module
 */
import { runWatchdog } from './run.ts'

try {
  await runWatchdog(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
