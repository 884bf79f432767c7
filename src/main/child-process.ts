import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

const LOOK_EVERY_MS = 20

/**
 * Whether a process that we once started is still that process: ids are given anew to others.
 *
 * @param mark - text of its command line that no other has
 */
export async function isRunning(pid: number, mark: string): Promise<boolean> {
  try {
    process.kill(pid, 0)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ESRCH') return false
    if (code !== 'EPERM') throw error
  }
  return (await commandLineOf(pid)).includes(mark)
}

/** Ends a group of processes by its leader, at once and whether or not they listen; returns when the leader is gone. */
export async function endGroup(pid: number, mark: string): Promise<void> {
  if (!(await isRunning(pid, mark))) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
  while (await isRunning(pid, mark)) await sleep(LOOK_EVERY_MS)
}

/** Empty for one that has ended and was not taken leave of yet. */
async function commandLineOf(pid: number): Promise<string> {
  try {
    return (await readFile(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ')
  } catch (error) {
    if (!['ENOENT', 'ESRCH', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  }
  if (process.platform === 'linux') return ''
  try {
    return (await promisify(execFile)('ps', ['-ww', '-o', 'command=', '-p', String(pid)])).stdout
  } catch {
    // ps ends with 1 where there is no such process.
    return ''
  }
}
