import { linkSync, mkdirSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

const POLL_MS = 200

/**
 * Runs `work` while no other process does the same, waiting for one that is at it.
 *
 * The lock is a file that holds the pid of its owner, put in place by a hard link so that it never exists empty; the
 * lock of a process that has died is taken over.
 *
 * @template T
 * @param {string} path
 * @param {() => Promise<T>} work
 * @param {(pid: number) => void} onWait - called once if another process holds the lock
 * @returns {Promise<T>}
 */
export async function withLock(path, work, onWait) {
  mkdirSync(dirname(path), { recursive: true })
  const mine = `${path}.${process.pid}`
  writeFileSync(mine, String(process.pid))
  try {
    let told = false
    while (!take(mine, path)) {
      const owner = ownerOf(path)
      if (owner !== undefined && !isAlive(owner)) clear(path, owner)
      else {
        if (owner !== undefined && !told) onWait(owner)
        told = told || owner !== undefined
        await new Promise((resolve) => setTimeout(resolve, POLL_MS))
      }
    }
  } finally {
    unlinkSync(mine)
  }
  try {
    return await work()
  } finally {
    unlinkSync(path)
  }
}

function take(mine, path) {
  try {
    linkSync(mine, path)
    return true
  } catch (error) {
    if (error.code === 'EEXIST') return false
    throw error
  }
}

function ownerOf(path) {
  try {
    return Number(readFileSync(path, 'utf8'))
  } catch (error) {
    if (error.code === 'ENOENT') return undefined
    throw error
  }
}

/** Two waiters may see the same dead owner: the rename lets one of them win, and a live lock caught by it goes back. */
function clear(path, deadOwner) {
  const aside = `${path}.${process.pid}.stale`
  try {
    renameSync(path, aside)
    if (ownerOf(aside) !== deadOwner) linkSync(aside, path)
  } catch (error) {
    if (error.code !== 'ENOENT' && error.code !== 'EEXIST') throw error
  }
  try {
    unlinkSync(aside)
  } catch (error) {
    if (error.code !== 'ENOENT') throw error
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}
