import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const unfinished = new Set<() => Promise<unknown>>()

/** Runs `work`, then `close`: also when it throws, and when the whole run is broken off by `cleanUp`. */
export async function closing<T>(close: () => Promise<unknown>, work: () => Promise<T>): Promise<T> {
  unfinished.add(close)
  try {
    return await work()
  } finally {
    if (unfinished.delete(close)) await close()
  }
}

/** A new empty folder that everyone may enter (the database's user is another one when we are root), removed afterwards. */
export async function inTemporaryFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'breakwater-bench-'))
  return closing(
    () => rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }),
    async () => {
      await chmod(folder, 0o755)
      return work(folder)
    },
  )
}

/** Closes what a benchmark has open, the latest first: for a run that is broken off. */
export async function cleanUp(): Promise<void> {
  for (const close of [...unfinished].reverse()) {
    unfinished.delete(close)
    await close().catch(() => undefined)
  }
}
