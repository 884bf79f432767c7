import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { builtinModules } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'

/** The program of the process under test, in a folder of its own. */
export interface Program {
  readonly file: string
  stop(): Promise<void>
}

const SOURCE = fileURLToPath(new URL('./desk-process.ts', import.meta.url))
const EXCHANGE = fileURLToPath(new URL('./src/pro/binanceusdm.js', import.meta.resolve('ccxt')))

/**
 * Puts the process under test into one file: it is started thousands of times, and finding and linking eight hundred modules is
 * half of what a start costs. The product's own code in it is what stands in `src`.
 */
export async function bundleProcess(): Promise<Program> {
  const folder = await mkdtemp(join(tmpdir(), 'breakwater-faults-'))
  const file = join(folder, 'desk-process.mjs')
  // The product imports an exchange by the file that it has in ccxt, so that is where the bundle has it too.
  const ccxt = join(folder, 'node_modules', 'ccxt')
  await mkdir(ccxt, { recursive: true })
  await writeFile(join(ccxt, 'package.json'), JSON.stringify({ name: 'ccxt', type: 'module', exports: './index.js' }))
  await writeFile(join(ccxt, 'index.js'), '')
  await Promise.all([bundle(SOURCE, file), bundle(EXCHANGE, join(ccxt, 'src', 'pro', 'binanceusdm.js'))])
  return { file, stop: () => rm(folder, { recursive: true, force: true }) }
}

async function bundle(from: string, to: string): Promise<void> {
  await build({
    entryPoints: [from],
    outfile: to,
    bundle: true,
    platform: 'node',
    minifyWhitespace: true,
    format: 'esm',
    target: `node${process.versions.node}`,
    external: ['pg-native'], // pg tries it, and does without
    banner: {
      // Packages in CommonJS call it.
      js: "import { createRequire as createRequireHere } from 'node:module'; const require = createRequireHere(import.meta.url);",
    },
    plugins: [plainBuiltins],
    logLevel: 'error',
  })
}

/** To import `node:http` loads everything that Node offers beside it, whoever needs it or not; to get it plainly does not. */
const plainBuiltins: Plugin = {
  name: 'plain-builtins',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: new RegExp(`^(node:)?(${builtinModules.join('|')})$`) }, ({ path }) => ({
      path: path.replace(/^node:/, ''),
      namespace: 'builtin',
    }))
    onLoad({ filter: /./, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)})`,
      loader: 'js',
    }))
  },
}
