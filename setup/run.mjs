/**
 * The one way in: `node setup/run.mjs <verb> [arguments]`. Sets up what is missing, then becomes the product on its own
 * Node. This file keeps to syntax that old versions read, so that they can say what they are missing.
 *
 * @module
 */
const OLDEST_NODE = 18

if (Number(process.versions.node.split('.')[0]) < OLDEST_NODE) {
  console.error(
    `Breakwater needs Node ${OLDEST_NODE} or newer to set itself up, this is ${process.version}. ` +
      'Install one from https://nodejs.org and run the command again.',
  )
  process.exit(1)
}

import('./main.mjs').then(
  (setup) => setup.main(process.argv.slice(2)),
  (error) => {
    console.error(error)
    process.exit(1)
  },
)
