/**
 * Why npm could not install, in one plain sentence with the remedy.
 *
 * @module
 */

/** Error codes of npm and Node, the first match first: what is wrong, what to do. */
const CAUSES = [
  [/^ENOSPC$/, 'The disk is full.', 'Free about 1.5 GB and run the command again.'],
  [
    /^EROFS$/,
    'This folder is on a read-only disk.',
    'Copy it to a place that can be written and run the command there.',
  ],
  [
    /^(EACCES|EPERM)$/,
    'This user may not write to this folder or to the npm cache.',
    'Run as the owner of the folder, or give it to this user with chown.',
  ],
  [
    /^(ENOTFOUND|EAI_AGAIN|EAI_FAIL|ENETUNREACH|EHOSTUNREACH)$/,
    'The npm registry was not found: this machine seems to have no network.',
    'Connect it, or set HTTPS_PROXY if it needs a proxy, and run the command again.',
  ],
  [
    /^(ECONNREFUSED|ECONNRESET|ECONNABORTED|EPIPE|ETIMEDOUT|ERR_SOCKET_TIMEOUT|EIDLETIMEOUT|FETCH_ERROR|E5\d\d|E429)$/,
    'The npm registry does not answer.',
    'Check the network and `npm config get registry`, and run the command again.',
  ],
  [
    /CERT|SELF_SIGNED|UNABLE_TO_VERIFY/,
    "The npm registry's certificate is not trusted here.",
    'Point npm at your certificate authority with `npm config set cafile <file>`.',
  ],
  [
    /^(E401|E403|E407|ENEEDAUTH)$/,
    'The npm registry or a proxy refused this machine.',
    'Check the credentials in .npmrc and the proxy.',
  ],
  [
    /^(E404|ETARGET)$/,
    'The npm registry does not have a package of package-lock.json.',
    'Check `npm config get registry`: a mirror may be incomplete.',
  ],
  [
    /^EINTEGRITY$/,
    'A downloaded package is not the one that package-lock.json names.',
    'Run `npm cache clean --force` and try again; if it stays, do not trust the registry.',
  ],
  [
    /^EUSAGE$/,
    'package.json and package-lock.json do not match.',
    'Restore both from git, or run `npm install` if you changed the dependencies.',
  ],
  [
    /^(EBADPLATFORM|EBADENGINE)$/,
    'A package does not support this machine.',
    'Breakwater runs on 64-bit Linux and macOS with Node 18 or newer.',
  ],
  [
    /^ENOENT$/,
    'npm, or a file that it needs, is missing.',
    'Check that `npm --version` works and that package-lock.json is there.',
  ],
]

/**
 * @param {string} log - everything npm printed
 * @returns {string} one sentence saying what is wrong and one saying what to do
 */
export function explainFailure(log) {
  const codes = [...log.matchAll(/npm (?:ERR!|error) (?:code|errno) (\S+)/g)].map((match) => match[1])
  for (const [pattern, wrong, remedy] of CAUSES) {
    if (codes.some((code) => pattern.test(code))) return `${wrong} ${remedy}`
  }
  const last = log.match(/npm (?:ERR!|error) (?!code|errno|A complete log)\S.*/g)?.[0]
  return `npm could not install the packages${last ? ` (${last.replace(/^npm (ERR!|error) /, '')})` : ''}. Run the command again.`
}
