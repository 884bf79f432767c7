/**
 * A stand-in for the program that trains, so that what looks after it can be tested in a second: it speaks the same lines, keeps a
 * checkpoint, and does what its first argument says.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const [mode, out] = [process.argv[2], process.argv[3]!]
const checkpoint = path.join(out, 'epoch')
const epoch = existsSync(checkpoint) ? Number(readFileSync(checkpoint, 'utf8')) + 1 : 1
const say = (share: number, text: string): void =>
  void process.stderr.write(`${JSON.stringify({ share, text, leftMs: 90_000 })}\n`)

process.stderr.write('a warning that is no progress\n')
say(epoch / 4, `epoch ${epoch} of 4`)
writeFileSync(checkpoint, String(epoch))
writeFileSync(path.join(out, 'args.json'), JSON.stringify(process.argv.slice(2)))
switch (mode) {
  case 'ends':
    writeFileSync(path.join(out, 'model.json'), JSON.stringify({ epoch }))
    break
  case 'fails':
    process.stderr.write('Expected hours to train on, was none\n')
    process.exitCode = 1
    break
  case 'finds-too-little':
    process.stderr.write(`${JSON.stringify({ tooLittleData: [{ group: 'options', has: 86_400_000 }] })}\n`)
    process.exitCode = 3
    break
  case 'is-killed-once':
    if (epoch === 1) process.kill(process.pid, 'SIGKILL')
    writeFileSync(path.join(out, 'model.json'), JSON.stringify({ epoch }))
    break
  case 'is-killed':
    process.kill(process.pid, 'SIGKILL')
    break
  case 'writes-nothing':
    break
  case 'hangs':
    process.on('SIGTERM', () => say(1, 'I do not listen'))
    writeFileSync(path.join(out, 'hanging'), String(process.pid))
    await sleep(600_000)
    break
}
