// A process that starts or adopts the embedded server, says so, and lives until it is killed or asked to stop.
// Argument: folder.
import { createLog } from '../../src/log.ts'
import { startEmbedded } from '../../src/store/embedded.ts'

const [folder] = process.argv.slice(2)
const server = await startEmbedded({ folder: folder!, settings: { fsync: 'off' }, log: createLog('silent') })
const living = setInterval(() => {}, 1_000)
process.once('SIGTERM', async () => {
  await server.stop()
  clearInterval(living)
})
console.log(JSON.stringify({ port: server.port, adopted: server.adopted }))
