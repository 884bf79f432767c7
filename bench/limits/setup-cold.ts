import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** npm alone, quiet, on the same lock file. */
export const bareInstall = (folder: string, env: NodeJS.ProcessEnv): Promise<unknown> =>
  promisify(execFile)('npm', ['ci', '--no-audit', '--no-fund', '--no-progress'], { cwd: folder, env, maxBuffer: 1e9 })
