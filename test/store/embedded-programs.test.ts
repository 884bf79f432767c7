import assert from 'node:assert/strict'
import { cp, lstat, mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { chooseHome } from '../../src/store/embedded-home.ts'
import { findPrograms, type Programs, usablePrograms } from '../../src/store/embedded-programs.ts'
import { explain, run } from '../../src/store/embedded-run.ts'
import { openFolder, start } from '../support/embedded.ts'

const asRoot = process.getuid?.() === 0

/** The programs as npm unpacks them when install scripts are blocked: no links, nothing executable. */
async function freshlyUnpacked(to: string): Promise<Programs> {
  const found = await findPrograms()
  const native = join(to, 'native')
  await cp(found.native, native, { recursive: true, verbatimSymlinks: true })
  for (const file of await readdir(join(native, 'lib'))) {
    const path = join(native, 'lib', file)
    if ((await lstat(path)).isSymbolicLink()) await rm(path)
  }
  const within = (path: string) => path.replace(found.native, native)
  return {
    ...found,
    native,
    initdb: within(found.initdb),
    pgCtl: within(found.pgCtl),
    postgres: within(found.postgres),
  }
}

test('missing library links are made where no install script made them', async (t) => {
  const folder = await openFolder(t)
  const { user } = await chooseHome(folder)
  const fresh = await freshlyUnpacked(folder)
  assert.notEqual((await run(fresh.postgres, ['--version'], user)).code, 0)
  const usable = await usablePrograms(fresh, { user, copyTo: join(folder, 'copy') })
  assert.equal(usable.native, fresh.native)
  assert.match((await run(usable.postgres, ['--version'], user)).output, /^postgres \(PostgreSQL\) 18/)
})

test('programs under a closed home are copied to a readable place', { skip: !asRoot && 'needs root' }, async (t) => {
  const folder = await openFolder(t)
  const { user } = await chooseHome(folder)
  await mkdir(join(folder, 'home'), { mode: 0o700 })
  const fresh = await freshlyUnpacked(join(folder, 'home'))
  const copies = await Promise.all([1, 2].map(() => usablePrograms(fresh, { user, copyTo: join(folder, 'copy') })))
  for (const usable of copies) {
    assert.ok(usable.native.startsWith(join(folder, 'copy')))
    assert.match((await run(usable.postgres, ['--version'], user)).output, /^postgres \(PostgreSQL\) 18/)
  }
  assert.equal((await readdir(join(folder, 'copy'))).length, 1)
})

test('a platform without programs is told what to install or set', async () => {
  await assert.rejects(findPrograms('plan9-x64'), {
    name: 'EmbeddedPostgresError',
    message: /for plan9-x64 are not installed .*npm ci.*DATABASE_URL/,
  })
})

test('a folder that cannot be made is refused by its name', async (t) => {
  const folder = await openFolder(t)
  await writeFile(join(folder, 'file'), '')
  await assert.rejects(start(join(folder, 'file', 'data')), { name: 'EmbeddedPostgresError', message: /file\/data/ })
})

for (const [output, remedy] of [
  ['initdb: error: could not write to file "x": No space left on device', /the disk is full\. Free some space/],
  ['Error: ENOSPC: no space left on device, write', /the disk is full/],
  ['initdb: error: could not create directory "/x": Permission denied', /permission was refused/],
  ['Error: EROFS: read-only file system, mkdir', /the disk is read-only/],
  ['FATAL:  database files are incompatible with server', /another version/],
  ['something new', /something new\. .*DATABASE_URL/],
] as const) {
  test(`"${output}" becomes one sentence with a remedy`, () => {
    const { message } = explain(output, 'set up the database in /data')
    assert.match(message, /^Could not set up the database in \/data: /)
    assert.match(message, remedy)
  })
}
