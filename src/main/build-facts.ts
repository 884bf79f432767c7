import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import pg from 'pg'
import type { BuildFacts } from '../app/describe-version.ts'
import { timestamp } from '../domain/units.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** Which Breakwater this is: its version, the commit where git knows one, Node, and the database it works on. */
export async function buildFacts(connectionString: string): Promise<BuildFacts> {
  const { version, commit } = await readVersion()
  return {
    version,
    ...(commit ? { commit } : {}),
    node: process.version,
    startedAt: timestamp(Date.now()),
    databaseVersion: () => serverVersion(connectionString),
  }
}

/** The version, and the commit where git knows one: what trained a model. */
export async function codeVersion(): Promise<string> {
  const { version, commit } = await readVersion()
  return commit ? `${version} (${commit})` : version
}

async function readVersion(): Promise<{ version: string; commit?: string | undefined }> {
  const { version } = JSON.parse(await readFile(`${ROOT}/package.json`, 'utf8')) as { version: string }
  const commit = await promisify(execFile)('git', ['rev-parse', '--short=12', 'HEAD'], {
    cwd: ROOT,
    timeout: 2_000,
  }).then(
    ({ stdout }) => stdout.trim(),
    // Installed without its history, or on a machine without git: the version alone has to do.
    () => undefined,
  )
  return { version, commit }
}

async function serverVersion(connectionString: string): Promise<string> {
  const client = new pg.Client({ connectionString })
  await client.connect()
  try {
    const { rows } = await client.query<{ server_version: string }>('show server_version')
    return rows[0]!.server_version.split(' ')[0]!
  } finally {
    await client.end()
  }
}
