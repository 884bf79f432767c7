import { randomBytes } from 'node:crypto'
import {
  chmod,
  chown,
  mkdir,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { freePort } from './embedded-port.ts'
import type { Programs } from './embedded-programs.ts'
import { EmbeddedPostgresError, explain, run, type ServerUser } from './embedded-run.ts'

const SUPERUSER = 'breakwater'
const DRAFT_PREFIX = 'cluster-draft-'
const DRAFT_IS_ABANDONED_AFTER_MS = 10 * 60_000
const LOG_LIMIT_BYTES = 10_000_000

/** One PostgreSQL data folder, with what is kept beside it. */
export interface Cluster {
  readonly data: string
  readonly log: string
  readonly user: ServerUser | undefined
  readonly userName: string
  readonly password: string
  port(): Promise<number>
  rememberPort(port: number): Promise<void>
  isOurs(dataDirectory: string): Promise<boolean>
  readLogTail(): Promise<string>
}

interface Access {
  readonly port: number
  readonly password: string
}

export interface ClusterOptions {
  readonly folder: string
  readonly user: ServerUser | undefined
  readonly programs: Programs
  readonly onProgress: (what: string) => void
  /** False: the new files are not forced to the disk. */
  readonly sync: boolean
}

/**
 * Opens the cluster in `folder`, making it on the first start: `cluster/data`, and `cluster/access.json` (mode 600) with the
 * port and the random password.
 *
 * It is made under another name and renamed when complete, so a crash leaves nothing half done, and of two processes that
 * make one at once the second finds the first's in place and uses that.
 */
export async function createCluster(options: ClusterOptions): Promise<Cluster> {
  const { folder, user } = options
  const home = join(folder, 'cluster')
  const [data, accessFile] = [join(home, 'data'), join(home, 'access.json')]
  if (!(await isThere(join(data, 'PG_VERSION'), folder))) await initialise(options, home)
  await requireVersion(data, options.programs)
  const readAccess = async (): Promise<Access> => {
    try {
      return JSON.parse(await readFile(accessFile, 'utf8')) as Access
    } catch (error) {
      throw new EmbeddedPostgresError(
        `The database in ${data} cannot be opened without ${accessFile}, which holds its password: restore that file, ` +
          'or move the folder away to start with an empty database.',
        { cause: error },
      )
    }
  }
  const log = join(data, 'server.log')
  await truncateLog(log)

  return {
    data,
    log,
    user,
    userName: SUPERUSER,
    password: (await readAccess()).password,
    port: async () => (await readAccess()).port,
    rememberPort: async (port) => writeAccess(accessFile, { ...(await readAccess()), port }),
    isOurs: async (dataDirectory) => (await realpath(dataDirectory)) === (await realpath(data)),
    readLogTail: async () => (await readFile(log, 'utf8').catch(() => '')).slice(-2_000),
  }
}

async function initialise({ folder, user, programs, onProgress, sync }: ClusterOptions, home: string): Promise<void> {
  onProgress('Setting up the database (first start)')
  await removeAbandoned(folder)
  const draft = join(folder, `${DRAFT_PREFIX}${randomBytes(6).toString('hex')}`)
  const data = join(draft, 'data')
  const passwordFile = join(data, '..', 'password')
  const access: Access = { port: await freePort(), password: randomBytes(24).toString('hex') }
  try {
    await mkdir(data, { recursive: true })
    await chmod(draft, 0o755)
    await chmod(data, 0o700)
    await writeFile(passwordFile, `${access.password}\n`, { mode: 0o600 })
    if (user) {
      await chown(data, user.uid, user.gid)
      await chown(passwordFile, user.uid, user.gid)
    }
    const outcome = await run(
      programs.initdb,
      [
        ...['-D', data, '-U', SUPERUSER, '-A', 'scram-sha-256', `--pwfile=${passwordFile}`],
        ...['-E', 'UTF8', '--locale=C', ...(sync ? [] : ['--no-sync'])],
      ],
      user,
    )
    if (outcome.code !== 0) throw explain(outcome.output, `set up the database in ${folder}`)
    await rm(passwordFile)
    await writeAccess(join(draft, 'access.json'), access)
    await rename(draft, home).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST' && error.code !== 'EPERM') throw error
    })
  } catch (error) {
    throw error instanceof EmbeddedPostgresError ? error : explain(String(error), `set up the database in ${folder}`)
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
}

/** Replaced in one step, so that another process never reads half of it; it stays its folder's owner's, also under root. */
async function writeAccess(file: string, access: Access): Promise<void> {
  const own = `${file}.${process.pid}`
  await writeFile(own, `${JSON.stringify(access)}\n`, { mode: 0o600 })
  const owner = await stat(dirname(file))
  if (process.getuid?.() === 0) await chown(own, owner.uid, owner.gid)
  await rename(own, file)
}

async function isThere(path: string, folder: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw explain(String(error), `open the database in ${folder}`)
  }
}

async function requireVersion(data: string, { version }: Programs): Promise<void> {
  const made = (await readFile(join(data, 'PG_VERSION'), 'utf8')).trim()
  const ours = version.split('.')[0]
  if (made === ours) return
  throw new EmbeddedPostgresError(
    `The database in ${data} was made by PostgreSQL ${made} and this is ${ours}: choose another data folder, ` +
      'or set DATABASE_URL to a server of that version.',
  )
}

async function removeAbandoned(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith(DRAFT_PREFIX)) continue
    const path = join(folder, name)
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }))
    if (Date.now() - mtimeMs > DRAFT_IS_ABANDONED_AFTER_MS) await rm(path, { recursive: true, force: true })
  }
}

async function truncateLog(log: string): Promise<void> {
  const { size } = await stat(log).catch(() => ({ size: 0 }))
  if (size > LOG_LIMIT_BYTES) await truncate(log)
}
