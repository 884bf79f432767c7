import { type FileHandle, open } from 'node:fs/promises'
import { VenueKeysError } from './errors.ts'

const LARGEST_BYTES = 2 ** 20
const MODE_BITS = 0o777

/**
 * Who may read a file of ours. `owner`: nobody but its owner. `group`: its group as well, as a mounted secret is made readable for
 * a service that does not run as root.
 */
export type Readers = 'owner' | 'group'
const FORBIDDEN: Readonly<Record<Readers, number>> = { owner: 0o077, group: 0o027 }

/**
 * Reads a file that nobody else may read.
 *
 * @returns undefined when there is none
 * @throws {VenueKeysError} `readable-by-others` with the command that mends it, `unreadable`
 */
export async function readPrivateFile(path: string, { readers }: { readers: Readers }): Promise<string | undefined> {
  let file: FileHandle
  try {
    file = await open(path, 'r')
  } catch (error) {
    const code = codeOf(error)
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw unreadable(path, code)
  }
  try {
    const { mode, size } = await file.stat()
    if (process.platform !== 'win32' && (mode & FORBIDDEN[readers]) !== 0) throw tooOpen(path, mode, readers)
    if (size > LARGEST_BYTES) throw unreadable(path, `${size} bytes, which no file of keys has`)
    return await file.readFile('utf8')
  } catch (error) {
    if (error instanceof VenueKeysError) throw error
    throw unreadable(path, codeOf(error))
  } finally {
    await file.close()
  }
}

/** Three octal digits. */
export const modeText = (mode: number): string => (mode & MODE_BITS).toString(8).padStart(3, '0')

/** A path as a shell takes it. */
export const quoted = (path: string): string =>
  /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`

const tooOpen = (path: string, mode: number, readers: Readers): VenueKeysError =>
  new VenueKeysError('readable-by-others', {
    found: `Expected ${path} to be ${readers === 'owner' ? 'its owner’s alone (mode 600)' : 'closed to others (mode 440 or stricter)'}, was mode ${modeText(mode)}.`,
    remedy:
      readers === 'owner'
        ? `Close it: chmod 600 ${quoted(path)}`
        : `Close it: chmod g-wx,o-rwx ${quoted(path)} (on a mounted secret: defaultMode: 0440 in Kubernetes, mode: 0440 in Docker)`,
  })

const unreadable = (path: string, was: string): VenueKeysError =>
  new VenueKeysError('unreadable', {
    found: `Expected ${path} to be a file that this user can read, was ${was}.`,
    remedy: `Look who owns it: ls -l ${quoted(path)}`,
  })

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? 'unreadable'
