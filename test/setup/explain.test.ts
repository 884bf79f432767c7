import assert from 'node:assert/strict'
import { test } from 'node:test'
import { explainFailure } from '../../setup/explain.mjs'

const CASES: readonly (readonly [what: string, log: string, answer: RegExp])[] = [
  ['no network', 'npm error code ENOTFOUND\nnpm error errno ENOTFOUND', /no network/],
  ['no network, as older npm writes it', 'npm ERR! code EAI_AGAIN', /no network/],
  ['a silent registry', 'npm error code ECONNREFUSED', /registry does not answer/],
  ['a failing registry', 'npm error code E503', /registry does not answer/],
  ['a full disk', 'npm error code ENOSPC\nnpm error nospc ENOSPC: no space left on device', /disk is full/],
  ['no permission', 'npm error code EACCES\nnpm error path /srv/node_modules', /may not write/],
  ['a read-only disk', 'npm error code EROFS', /read-only/],
  ['an outdated lock file', 'npm error code EUSAGE', /package.json and package-lock.json do not match/],
  ['a refusing registry', 'npm error code E401', /refused this machine/],
  ['an unknown certificate', 'npm error code UNABLE_TO_GET_ISSUER_CERT_LOCALLY', /certificate/],
  ['an altered package', 'npm error code EINTEGRITY', /not the one that package-lock.json names/],
  ['an incomplete mirror', 'npm error code E404', /does not have a package/],
]
for (const [what, log, answer] of CASES) {
  test(`${what} is named, with what to do`, () => {
    const sentence = explainFailure(`npm warn something\n${log}\n`)
    assert.match(sentence, answer)
    assert.match(sentence, /^[^\n]+\.$/)
  })
}

test('a full disk outranks the errors that follow from it', () => {
  assert.match(explainFailure('npm error code ECONNRESET\nnpm error code ENOSPC'), /disk is full/)
})

test('an optional package that failed is not taken for the cause', () => {
  assert.match(
    explainFailure('npm verbose reify failed optional: getaddrinfo ENOTFOUND\nnpm error code ENOSPC'),
    /disk is full/,
  )
})

test("an unknown failure is told in npm's own words", () => {
  assert.match(explainFailure('npm error code 1\nnpm error command failed\n'), /\(command failed\)/)
  assert.match(explainFailure(''), /could not install the packages\. Run the command again\./)
})
