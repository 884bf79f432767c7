import { mkdir, open, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** Nobody holds it for longer, unless it died with it. */
const STALE_MS = 30_000
const TRY_EVERY_MS = 25

/**
 * Work that one at a time does, over all processes that name the same lock file.
 *
 * @throws {Error} when somebody else has held it for as long as nobody should
 */
export function alone(lockFile: string): <T>(work: () => Promise<T>) => Promise<T> {
  return async (work) => {
    await take(lockFile)
    try {
      return await work()
    } finally {
      await rm(lockFile, { force: true })
    }
  }
}

async function take(lockFile: string): Promise<void> {
  await mkdir(path.dirname(lockFile), { recursive: true })
  const until = performance.now() + 2 * STALE_MS
  while (performance.now() < until) {
    try {
      await (await open(lockFile, 'wx')).close()
      return
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    if (await isStale(lockFile)) await rm(lockFile, { force: true })
    else await sleep(TRY_EVERY_MS)
  }
  throw new Error(
    `Expected ${lockFile} to be free within ${(2 * STALE_MS) / 1000} s, was held: another process trains?`,
  )
}

async function isStale(lockFile: string): Promise<boolean> {
  try {
    return Date.now() - (await stat(lockFile)).mtimeMs > STALE_MS
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}
