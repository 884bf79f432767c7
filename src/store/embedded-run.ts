import { spawn } from 'node:child_process'

/** Why the embedded PostgreSQL cannot be used, in one sentence with its remedy. */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError'
}

/** Who PostgreSQL runs as; undefined: as ourselves. */
export interface ServerUser {
  readonly uid: number
  readonly gid: number
  readonly name: string
}

export interface Outcome {
  readonly code: number
  /** Standard output and error, as they came. */
  readonly output: string
}

/** Runs one of PostgreSQL's programs to its end. Never rejects: a program that cannot be started has code -1. */
export function run(program: string, args: readonly string[], user: ServerUser | undefined): Promise<Outcome> {
  return new Promise((resolve) => {
    let output = ''
    const child = spawn(program, args, {
      ...(user && { uid: user.uid, gid: user.gid }),
      cwd: process.platform === 'win32' ? undefined : '/', // ours may be closed to that user
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
    })
    const note = (chunk: Buffer) => {
      output += chunk.toString()
    }
    child.stdout.on('data', note)
    child.stderr.on('data', note)
    child.on('error', (error) => resolve({ code: -1, output: `${output}${error.message}` }))
    // Not `close`: the server that pg_ctl leaves behind may keep the pipes open.
    child.on('exit', (code) => setImmediate(() => resolve({ code: code ?? -1, output })))
  })
}

/** Turns what a program printed into one sentence a person can act on. */
export function explain(output: string, what: string): EmbeddedPostgresError {
  const failure = output.replaceAll(/\s+/g, ' ').trim().slice(-600)
  const sentence = (why: string) => new EmbeddedPostgresError(`Could not ${what}: ${why}`, { cause: failure })
  if (/ENOSPC|no space left/i.test(output)) return sentence('the disk is full. Free some space and start again.')
  if (/EROFS|read-only file system/i.test(output)) {
    return sentence('the disk is read-only. Choose a data folder that can be written, or set DATABASE_URL.')
  }
  if (/EACCES|EPERM|permission denied|not permitted/i.test(output)) {
    return sentence('permission was refused. Give this user the folder, choose another, or set DATABASE_URL.')
  }
  if (/incompatible with server/i.test(output)) {
    return sentence(
      'its data was made by another version of PostgreSQL. Choose another data folder, or set DATABASE_URL.',
    )
  }
  return sentence(
    `${failure || 'it said nothing'}. A PostgreSQL server of your own can be used instead: set DATABASE_URL.`,
  )
}
