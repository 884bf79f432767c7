import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { runAsChild } from '../../setup/launch.mjs'

test('the exit code of the child is ours', async () => {
  assert.equal(await runAsChild(process.execPath, ['-e', 'process.exit(7)'], process.env), 7)
})

test('a child ended by a signal counts as a shell counts it', async () => {
  assert.equal(await runAsChild(process.execPath, ['-e', 'process.kill(process.pid, "SIGKILL")'], process.env), 137)
})

test('a program that is not there is told in a sentence', async () => {
  await assert.rejects(runAsChild('/no/such/node', [], process.env), {
    name: 'SetupError',
    message: /could not be started/,
  })
})

for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT'] as const) {
  test(`${signal} reaches the child once, which ends in its own time`, async () => {
    const child =
      'let n = 0; process.on("' +
      signal +
      '", () => { n++; setTimeout(() => process.exit(20 + n), 200) }); setInterval(() => {}, 1000); console.log("up")'
    const outer = `
      import { runAsChild } from ${JSON.stringify(new URL('../../setup/launch.mjs', import.meta.url).href)}
      process.exitCode = await runAsChild(process.execPath, ['-e', ${JSON.stringify(child)}], process.env)`
    // Its own session, so that no terminal of whoever runs the tests has a say.
    const wrapper = spawn(process.execPath, ['--input-type=module', '-e', outer], { detached: true })
    await once(wrapper.stdout, 'data')
    wrapper.kill(signal)
    assert.deepEqual(await once(wrapper, 'exit'), [21, null])
  })
}
