import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rm, statfs, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { renderPng } from '../../charts/render.ts'
import type { ConfigReading } from '../../config.ts'
import { type Check, checksOf } from './check.ts'

const GB = 1024 ** 3
/** A year of live observations of two assets, and room to spare. */
const ENOUGH = 5 * GB
const TOO_LITTLE = GB / 4
const SAMPLE = { width: 200, height: 60 }

const { ok, warning, wrong, skipped } = checksOf('Machine')

/** Node, the data folder, the disk it lies on, and that pictures carry text. */
export async function checkMachine({ values }: Pick<ConfigReading, 'values'>): Promise<readonly Check[]> {
  const folder = values.DATA_DIR === undefined ? undefined : resolve(values.DATA_DIR)
  return [
    await checkNode(),
    ...(folder === undefined ? [skipped('data folder', 'DATA_DIR cannot be read yet')] : await checkFolder(folder)),
    checkFonts(),
  ]
}

async function checkNode(): Promise<Check> {
  const { dependencies } = JSON.parse(await readFile(new URL('../../../package.json', import.meta.url), 'utf8')) as {
    dependencies: { node: string }
  }
  const [running, pinned] = [process.versions.node, dependencies.node]
  if (running === pinned) return ok('Node', `${running}, the one that this version was tested with`)
  const sameMajor = running.split('.')[0] === pinned.split('.')[0]
  const next = 'run it by npm (npm run doctor, npm start), which brings its own'
  return sameMajor
    ? warning('Node', `${running}, tested with ${pinned}`, next)
    : wrong('Node', `${running}, needed is ${pinned}`, next)
}

async function checkFolder(folder: string): Promise<readonly Check[]> {
  const trial = join(folder, `doctor-${randomBytes(6).toString('hex')}`)
  try {
    await mkdir(folder, { recursive: true })
    await writeFile(trial, 'a trial')
    await rm(trial)
  } catch (error) {
    const was = (error as NodeJS.ErrnoException).code ?? (error as Error).message
    return [
      wrong(
        'data folder',
        `${folder} cannot be written: ${was}`,
        'give this user the folder, or name another in DATA_DIR',
      ),
    ]
  }
  const { bavail, bsize } = await statfs(folder)
  return [ok('data folder', `${folder} can be written`), checkSpace(bavail * bsize)]
}

/** @param bytes - free on the disk of the data folder */
export function checkSpace(bytes: number): Check {
  const found = `${bytes < 10 * GB ? (bytes / GB).toFixed(1) : Math.round(bytes / GB)} GB free`
  if (bytes < TOO_LITTLE) return wrong('disk', found, 'free some, or name a folder on another disk in DATA_DIR')
  if (bytes < ENOUGH) return warning('disk', found, 'a live desk wants 5 GB; RETENTION_DAYS bounds what is kept')
  return ok('disk', found)
}

/** A machine without the shipped fonts draws pictures whose text is missing, without a word. */
function checkFonts(): Check {
  const draw = (text: string): Buffer => renderPng({ title: { text } }, SAMPLE)
  try {
    if (!draw('Breakwater').equals(draw(' '))) return ok('fonts', 'pictures carry their text')
    return wrong('fonts', 'pictures lack their text', 'npm ci, to install dejavu-fonts-ttf again')
  } catch (error) {
    return wrong('fonts', `no picture could be drawn: ${(error as Error).message}`, 'npm ci')
  }
}
