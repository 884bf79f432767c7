import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { entryFor } from './arguments.mjs'
import { ensureInstalled } from './install.mjs'
import { launch } from './launch.mjs'
import { pinnedNode } from './runtime.mjs'
import { SetupError } from './setup-error.mjs'

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))

/** @param {readonly string[]} words - the verb and its arguments */
export async function main(words) {
  process.chdir(ROOT)
  try {
    const entry = entryFor(words)
    await ensureInstalled(ROOT)
    if (!existsSync(join(ROOT, entry[0]))) throw new SetupError(`${entry[0]} is missing. Restore it from git.`)
    await launch(pinnedNode(ROOT), entry, ROOT)
  } catch (error) {
    if (!(error instanceof SetupError)) throw error
    console.error(error.message)
    process.exitCode = error.exitCode
  }
}
