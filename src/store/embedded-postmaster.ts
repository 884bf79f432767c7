import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

export interface Postmaster {
  readonly pid: number
  readonly port: number
  readonly ready: boolean
  /** A process with this pid exists and may be the server; whether it is, only asking it tells. */
  readonly alive: boolean
}

/**
 * What `postmaster.pid` says: PostgreSQL's own record of the server on a data folder.
 *
 * Read only: the file is what keeps a second server off the folder, and two servers on one folder destroy it.
 *
 * @see https://www.postgresql.org/docs/18/storage-file-layout.html
 */
export async function readPostmaster(data: string): Promise<Postmaster | undefined> {
  const text = await readFile(join(data, 'postmaster.pid'), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  const lines = text.split('\n')
  const pid = Math.abs(Number(lines[0]))
  if (!pid) return undefined
  return {
    pid,
    port: Number(lines[3]),
    ready: lines[7]?.trim() === 'ready',
    alive: isAlive(pid) && (await mayBePostgres(pid)),
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** False only where the system can tell that the pid went to some other program, as it does after a reboot. */
const mayBePostgres = (pid: number): Promise<boolean> =>
  readFile(`/proc/${pid}/comm`, 'utf8').then(
    (name) => name.startsWith('postgres'),
    () => true,
  )
