/**
 * The runner's own spec reporter, with one line more above its summary: which tests did not run, and why.
 *
 * @module
 */
import { writeFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { spec } from 'node:test/reporters'
import { type Counts, closingLine, type NotRun, RESULTS_FILE } from './test-results.ts'

interface Event {
  readonly type: string
  readonly data: {
    readonly name?: string
    readonly message?: string
    readonly file?: string
    readonly skip?: string | boolean
    readonly nesting?: number
    readonly counts?: Counts
    readonly details?: { readonly type?: string }
  }
}

// The runner takes a stream or a generator function, nothing that merely returns one.
export default async function* report(source: AsyncIterable<Event>): AsyncIterable<unknown> {
  yield* Readable.from(withClosingLine(source)).compose(spec())
}

async function* withClosingLine(source: AsyncIterable<Event>): AsyncIterable<unknown> {
  const notRun: NotRun[] = []
  let isTold = false
  for await (const event of source) {
    const { type, data } = event
    if (type === 'test:pass' && data.skip !== undefined && data.skip !== false) {
      notRun.push({
        name: data.name ?? '',
        reason: data.skip === true ? '' : data.skip,
        isSuite: data.details?.type === 'suite',
      })
    }
    const isSummary = type === 'test:diagnostic' && data.nesting === 0 && data.file === undefined
    if (isSummary && !isTold && notRun.length > 0) {
      yield { type: 'test:diagnostic', data: { nesting: 0, message: closingLine(notRun), level: 'info' } }
    }
    isTold ||= isSummary
    if (type === 'test:summary' && data.file === undefined && data.counts) {
      writeFileSync(RESULTS_FILE, `${JSON.stringify({ ...data.counts, notRun }, null, 2)}\n`)
    }
    yield event
  }
}
