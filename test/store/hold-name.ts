// A process that waits for a name, says so, and says when it has lost it: tests kill and stop it.
// Arguments: connection string, name, heartbeat as JSON.
import { createLog } from '../../src/log.ts'
import { createStore } from '../../src/store/store.ts'

const [connectionString, name, heartbeat] = process.argv.slice(2)
const store = await createStore({
  connectionString: connectionString!,
  log: createLog('silent'),
  heartbeat: JSON.parse(heartbeat!),
})
void store.lost.then((what) => console.log(`lost ${what}`))
await store.awaitSingleton(name!)
console.log('held')
setInterval(() => {}, 1_000)
