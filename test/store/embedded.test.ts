import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { readPostmaster } from '../../src/store/embedded-postmaster.ts'
import type { Cleanup } from '../support/database.ts'
import { openFolder, query, start } from '../support/embedded.ts'
import { eventually } from '../support/eventually.ts'

const SCRIPT = fileURLToPath(new URL('./start-embedded.ts', import.meta.url))
const asRoot = process.getuid?.() === 0

interface Started {
  readonly child: ChildProcess
  readonly port: number
  readonly adopted: boolean
}

/** Starts the server from a process of its own, which lives until killed. */
async function startElsewhere(t: Cleanup, folder: string): Promise<Started> {
  const child = spawn(process.execPath, [SCRIPT, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(async () => void child.kill('SIGKILL'))
  const [said] = (await once(createInterface(child.stdout!), 'line')) as [string]
  return { child, ...(JSON.parse(said) as { port: number; adopted: boolean }) }
}

async function killHard(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL')
  await once(child, 'exit')
}

test('a first start makes a database, a second one finds it again on the same port', async (t) => {
  const folder = await openFolder(t)
  const steps: string[] = []
  const first = await start(folder, { onProgress: (what) => steps.push(what) })
  assert.deepEqual(steps, ['Setting up the database (first start)', 'Starting the database'])
  assert.equal(first.adopted, false)
  await query(first.connectionString(), 'create table kept (n int); insert into kept values (7)')
  await first.stop()
  await assert.rejects(query(first.connectionString(), 'select 1'), { code: 'ECONNREFUSED' })

  const second = await start(folder)
  assert.deepEqual([second.port, second.adopted], [first.port, false])
  assert.deepEqual(await query(second.connectionString(), 'select n from kept'), [{ n: 7 }])
})

test('it listens on this machine only, wants its password, and keeps it closed to others', async (t) => {
  const folder = await openFolder(t)
  const server = await start(folder)
  assert.deepEqual(await query(server.connectionString(), 'show listen_addresses'), [{ listen_addresses: '127.0.0.1' }])
  assert.deepEqual(await query(server.connectionString(), 'show synchronous_commit'), [{ synchronous_commit: 'on' }])
  const wrong = new URL(server.connectionString())
  wrong.password = 'wrong'
  await assert.rejects(query(wrong.href, 'select 1'), /password authentication failed/)
  assert.equal((await stat(join(folder, 'cluster', 'access.json'))).mode & 0o777, 0o600)
  assert.equal((await stat(join(folder, 'cluster', 'data'))).mode & 0o777, 0o700)
})

test('a server that outlived its killed starter is adopted', async (t) => {
  const folder = await openFolder(t)
  const { child, port } = await startElsewhere(t, folder)
  await killHard(child)
  const server = await start(folder)
  assert.deepEqual([server.adopted, server.port], [true, port])
  assert.equal((await query(server.connectionString(), 'select 1 as one'))[0]?.one, 1)
  await server.stop()
  assert.equal(await readPostmaster(join(folder, 'cluster', 'data')), undefined)
})

test('a server that was itself killed is started again and recovers', async (t) => {
  const folder = await openFolder(t)
  const server = await start(folder)
  await query(server.connectionString(), 'create table kept (n int); insert into kept values (7)')
  const postmaster = (await readPostmaster(`${server.home}/cluster/data`))!
  process.kill(postmaster.pid, 'SIGKILL')
  await eventually(async () => ((await readPostmaster(`${folder}/cluster/data`))?.alive ? undefined : true))
  const again = await start(folder)
  assert.equal(again.adopted, false)
  assert.deepEqual(await query(again.connectionString(), 'select n from kept'), [{ n: 7 }])
})

test('a pid that went to another program does not keep the server from starting', async (t) => {
  const folder = await openFolder(t)
  const data = join(folder, 'cluster', 'data')
  const first = await start(folder)
  const claim = (await readFile(join(data, 'postmaster.pid'), 'utf8')).split('\n')
  await first.stop()
  // PostgreSQL leaves such a file behind when the machine goes down; pid 1 is certainly some other program now.
  await writeFile(join(data, 'postmaster.pid'), ['1', ...claim.slice(1)].join('\n'))
  const second = await start(folder)
  assert.equal(second.adopted, false)
  assert.equal((await query(second.connectionString(), 'select 1 as one'))[0]?.one, 1)
})

test('a port that another program took is replaced, and the new one is remembered', async (t) => {
  const folder = await openFolder(t)
  const first = await start(folder)
  await first.stop()
  const squatter = createServer().listen(first.port, '127.0.0.1')
  await once(squatter, 'listening')
  t.after(async () => void squatter.close())

  const second = await start(folder)
  assert.notEqual(second.port, first.port)
  await second.stop()
  squatter.close()
  await once(squatter, 'close')
  assert.equal((await start(folder)).port, second.port)
})

test('of processes that start at once on an empty folder one starts the server and all use it', async (t) => {
  const folder = await openFolder(t)
  const started = await Promise.all(Array.from({ length: 3 }, () => startElsewhere(t, folder)))
  assert.equal(started.filter(({ adopted }) => !adopted).length, 1)
  assert.equal(new Set(started.map(({ port }) => port)).size, 1)
  for (const { child } of started) await killHard(child)
  const server = await start(folder)
  assert.equal(server.adopted, true)
})

test('the server stays while another process of ours uses it, and goes with the last one', async (t) => {
  const folder = await openFolder(t)
  const server = await start(folder)
  const other = new URL(server.connectionString())
  other.searchParams.set('application_name', 'breakwater-other')
  const busy = query(other.href, 'select pg_sleep(1.5)')
  const connected = () =>
    query(server.connectionString(), "select from pg_stat_activity where application_name = 'breakwater-other'")
  await eventually(async () => ((await connected()).length > 0 ? true : undefined))
  await server.stop()
  await busy
  await eventually(async () => ((await connected()).length === 0 ? true : undefined))
  await server.stop()
  await assert.rejects(query(server.connectionString(), 'select 1'), { code: 'ECONNREFUSED' })
})

test('processes that leave together leave no server behind', async (t) => {
  const folder = await openFolder(t)
  const started = await Promise.all(Array.from({ length: 4 }, () => startElsewhere(t, folder)))
  const gone = started.map(({ child }) => once(child, 'exit'))
  for (const { child } of started) child.kill('SIGTERM')
  assert.deepEqual(
    (await Promise.all(gone)).map(([code]) => code),
    [0, 0, 0, 0],
  )
  assert.equal(await readPostmaster(join(folder, 'cluster', 'data')), undefined)
})

test('root keeps the data of a closed home where the server can read it', {
  skip: !asRoot && 'needs root',
}, async (t) => {
  const folder = await openFolder(t)
  const [home, readableFolder] = [join(folder, 'home'), join(folder, 'readable')]
  await mkdir(home, { mode: 0o700 })
  const wanted = join(home, 'data')
  const first = await start(wanted, { readableFolder })
  assert.equal(dirname(first.home), readableFolder)
  assert.equal(await readFile(join(wanted, 'where-the-database-is.txt'), 'utf8'), `${first.home}\n`)
  assert.notEqual((await stat(join(first.home, 'cluster', 'data'))).uid, 0)
  await query(first.connectionString(), 'create table kept (n int); insert into kept values (7)')
  await first.stop()

  const second = await start(wanted, { readableFolder })
  assert.equal(second.home, first.home)
  assert.deepEqual(await query(second.connectionString(), 'select n from kept'), [{ n: 7 }])
})

test('data of another version, and data whose password is lost, are refused with a remedy', async (t) => {
  const folder = await openFolder(t)
  const server = await start(folder)
  await server.stop()
  const cluster = join(folder, 'cluster')
  await writeFile(join(cluster, 'data', 'PG_VERSION'), '9\n')
  await assert.rejects(start(folder), {
    name: 'EmbeddedPostgresError',
    message: /made by PostgreSQL 9 .*DATABASE_URL/,
  })
  await writeFile(join(cluster, 'data', 'PG_VERSION'), '18\n')
  await rm(join(cluster, 'access.json'))
  await assert.rejects(start(folder), { name: 'EmbeddedPostgresError', message: /without .*access\.json/ })
})
