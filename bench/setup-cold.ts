/**
 * Seconds from a fresh copy of the repository to a migrated database (packages, Node, PostgreSQL, schema), beside a bare `npm
 * ci` of the same lock file. Each with an empty npm cache: everything comes from the registry.
 *
 * @module
 */
import { execFile } from 'node:child_process'
import { cp, mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { type Bench, compare } from './bench.ts'
import { bareInstall } from './limits/setup-cold.ts'
import { plainEnv, ROOT } from './product.ts'
import { inTemporaryFolder } from './temporary.ts'

const execute = promisify(execFile)
const FIRST_COMMAND = ['setup/run.mjs', 'breakwater', 'db', 'migrate']

const setupCold: Bench = {
  name: 'setup-cold',
  async run() {
    const files = await trackedFiles()
    if (!files) return { skipped: 'the tracked files are asked of git, and this is no git checkout' }
    const inCopy = <T>(work: (folder: string, env: NodeJS.ProcessEnv) => Promise<T>) =>
      inTemporaryFolder(async (folder) => {
        const copy = join(folder, 'breakwater')
        for (const file of files) {
          await mkdir(dirname(join(copy, file)), { recursive: true })
          await cp(join(ROOT, file), join(copy, file))
        }
        return work(copy, { ...outsideNpm(plainEnv('.breakwater')), npm_config_cache: join(folder, 'npm-cache') })
      })
    try {
      // The registry may have warmed up for the second of the two: that one is the limit, so the ratio is not flattered.
      const ours = await inCopy((copy, env) =>
        seconds(() => execute(process.execPath, FIRST_COMMAND, { cwd: copy, env, maxBuffer: 1e9 })),
      )
      const limit = await inCopy((copy, env) => seconds(() => bareInstall(copy, env)))
      return compare({ unit: 's', ours: [ours], limits: [limit] })
    } catch (error) {
      const said = String((error as { stderr?: string }).stderr ?? error)
      if (!/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|network/i.test(said)) throw error
      return { skipped: `the npm registry is out of reach: ${said.trim().split('\n').at(-1)}` }
    }
  },
}
export default setupCold

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await work()
  return (performance.now() - started) / 1000
}

/** Paths from the root; undefined where git does not know. */
const trackedFiles = (): Promise<string[] | undefined> =>
  execute('git', ['ls-files', '-z'], { cwd: ROOT, maxBuffer: 1e8 }).then(
    ({ stdout }) => stdout.split('\0').filter((file) => file !== ''),
    () => undefined,
  )

/** Without what `npm run` tells its children about this checkout, and without this checkout's programs. */
function outsideNpm(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const ofThisRun =
    /^(npm_(?!config_)|npm_config_(local_prefix|global_prefix|prefix|cache)$|INIT_CWD$|NODE_COMPILE_CACHE$)/i
  const kept = Object.entries(env).filter(([name]) => !ofThisRun.test(name))
  const path = (env.PATH ?? '').split(':').filter((folder) => !folder.includes('node_modules'))
  return { ...Object.fromEntries(kept), PATH: path.join(':') }
}
