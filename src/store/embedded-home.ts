import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { explain, run, type ServerUser } from './embedded-run.ts'

const execute = promisify(execFile)
const READABLE_FOLDER = '/var/lib/breakwater'
const SERVICE_USER = 'breakwater'
const FALLBACK_USERS = ['postgres', 'nobody']

export interface Home {
  readonly folder: string
  /** Undefined: PostgreSQL runs as ourselves. */
  readonly user: ServerUser | undefined
  readonly relocated: boolean
}

/**
 * Chooses where the data lives and who the server runs as.
 *
 * Usually that is `folder` and ourselves. PostgreSQL refuses to run as root, so root gives it a user of its own, who cannot
 * enter a closed home such as /root: then the data goes to a folder of its own below `readableFolder`, and a note in
 * `folder` says where.
 */
export async function chooseHome(folder: string, readableFolder = READABLE_FOLDER): Promise<Home> {
  const wanted = resolve(folder)
  try {
    await mkdir(wanted, { recursive: true })
    if (process.getuid?.() !== 0) return { folder: wanted, user: undefined, relocated: false }

    const elsewhere = join(readableFolder, createHash('sha256').update(wanted).digest('hex').slice(0, 16))
    for (const home of [elsewhere, wanted]) {
      const owner = await ownerOf(join(home, 'cluster', 'data'))
      if (owner) return { folder: home, user: owner, relocated: home === elsewhere }
    }
    const user = await serviceUser()
    if ((await run('test', ['-x', wanted], user)).code === 0) return { folder: wanted, user, relocated: false }
    await mkdir(elsewhere, { recursive: true })
    await chmod(readableFolder, 0o755)
    await chmod(elsewhere, 0o755)
    await writeFile(join(wanted, 'where-the-database-is.txt'), `${elsewhere}\n`)
    return { folder: elsewhere, user, relocated: true }
  } catch (error) {
    throw error instanceof Error && 'code' in error ? explain(String(error), `use the folder ${wanted}`) : error
  }
}

/** Who owns existing data runs its server, whoever we are. */
async function ownerOf(data: string): Promise<ServerUser | undefined> {
  const found = await stat(data).catch(() => undefined)
  if (!found || found.uid === 0) return undefined
  return { uid: found.uid, gid: found.gid, name: String(found.uid) }
}

async function serviceUser(): Promise<ServerUser> {
  const existing = await findUser(SERVICE_USER)
  if (existing) return existing
  await execute('useradd', [
    '--system',
    '--user-group',
    '--no-create-home',
    '--shell',
    '/bin/false',
    SERVICE_USER,
  ]).catch(
    () => {}, // no useradd, or another process was faster: look who there is
  )
  for (const name of [SERVICE_USER, ...FALLBACK_USERS]) {
    const user = await findUser(name)
    if (user) return user
  }
  throw new Error(
    'PostgreSQL refuses to run as root and there is no other user to run it as. ' +
      'Add one (useradd --system breakwater), run as an ordinary user, or set DATABASE_URL.',
  )
}

async function findUser(name: string): Promise<ServerUser | undefined> {
  const passwd = await readFile('/etc/passwd', 'utf8').catch(() => '')
  const fields = passwd
    .split('\n')
    .map((line) => line.split(':'))
    .find(([user]) => user === name)
  const [uid, gid] = [Number(fields?.[2]), Number(fields?.[3])]
  return uid > 0 && gid >= 0 ? { uid, gid, name } : undefined
}
