import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { withLock } from '../../setup/lock.mjs'

function lockPath(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'breakwater-lock-'))
  t.after(() => rmSync(folder, { recursive: true }))
  return join(folder, 'setup.lock')
}
const nobodyWaits = (pid: number): never => assert.fail(`waited for ${pid}`)
const deadPid = (): number => spawnSync(process.execPath, ['--version']).pid

test('the lock is gone after the work, and after a failure', async (t) => {
  const path = lockPath(t)
  assert.equal(await withLock(path, async () => existsSync(path), nobodyWaits), true)
  await assert.rejects(
    withLock(path, () => Promise.reject(new Error('disk full')), nobodyWaits),
    /disk full/,
  )
  assert.deepEqual(readdirSync(join(path, '..')), [])
})

test('the lock of a process that has died is taken over', async (t) => {
  const path = lockPath(t)
  writeFileSync(path, String(deadPid()))
  assert.equal(await withLock(path, async () => 'done', nobodyWaits), 'done')
})

test('the lock of a living process is waited for, and its owner named once', async (t) => {
  const path = lockPath(t)
  writeFileSync(path, String(process.ppid))
  const waitedFor: number[] = []
  const work = withLock(
    path,
    async () => 'done',
    (pid) => {
      waitedFor.push(pid)
      setTimeout(() => rmSync(path), 300)
    },
  )
  assert.equal(await work, 'done')
  assert.deepEqual(waitedFor, [process.ppid])
})

test('of eight processes that find a dead lock, one works at a time', (t) => {
  const path = lockPath(t)
  writeFileSync(path, String(deadPid()))
  const log = `${path}.log`
  writeFileSync(log, '')
  const script = `
    import { appendFileSync } from 'node:fs'
    import { withLock } from ${JSON.stringify(new URL('../../setup/lock.mjs', import.meta.url).href)}
    await withLock(${JSON.stringify(path)}, async () => {
      appendFileSync(${JSON.stringify(log)}, 'in ')
      await new Promise((resolve) => setTimeout(resolve, 20))
      appendFileSync(${JSON.stringify(log)}, 'out ')
    }, () => {})`
  const file = `${path}.mjs`
  writeFileSync(file, script)
  const shell = `for i in 1 2 3 4 5 6 7 8; do "${process.execPath}" "${file}" & done; wait; cat "${log}"`
  const { stdout } = spawnSync('sh', ['-c', shell], { encoding: 'utf8' })
  assert.equal(stdout, 'in out '.repeat(8))
})
