/**
 * Whether node_modules holds what package-lock.json says, told by a stamp, so that a warm start costs one hash.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const stampPath = (root) => join(root, 'node_modules', '.breakwater-stamp')

/** What the stamp must say: the lock file, on this kind of machine (packages with binaries differ). */
export const stampOf = (lockText, machine = `${process.platform}-${process.arch}`) =>
  `${machine} ${createHash('sha256').update(lockText).digest('hex')}`

/** @returns {boolean} whether the stamp in node_modules is the one of the lock file as it now is */
export const isStamped = (root) => readIfThere(stampPath(root)) === stampOf(readLock(root))

export function writeStamp(root) {
  mkdirSync(dirname(stampPath(root)), { recursive: true })
  writeFileSync(stampPath(root), stampOf(readLock(root)))
}

/**
 * Whether what npm says it installed (`node_modules/.package-lock.json`) is what the lock file asks for: then someone
 * has run npm by hand, and installing again would only take the packages away from whatever is running.
 *
 * Optional packages may be absent, as npm leaves out what does not fit the machine.
 */
export function isInstalled(lockText, installedText) {
  if (installedText === undefined) return false
  const wanted = JSON.parse(lockText).packages ?? {}
  const installed = JSON.parse(installedText).packages ?? {}
  const same = (path) =>
    installed[path].version === wanted[path].version && installed[path].integrity === wanted[path].integrity
  return (
    Object.keys(wanted).every(
      (path) => path === '' || (installed[path] ? same(path) : wanted[path].optional || wanted[path].devOptional),
    ) && Object.keys(installed).every((path) => path in wanted)
  )
}

export const wasInstalledByHand = (root) =>
  isInstalled(readLock(root), readIfThere(join(root, 'node_modules', '.package-lock.json')))

export const readLock = (root) => readFileSync(join(root, 'package-lock.json'), 'utf8')

function readIfThere(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
    throw error
  }
}
