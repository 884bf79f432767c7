// A process that takes a proposal's lease and a name, says so, and then only lives: tests kill it.
// Arguments: connection string, proposal id, name.
import { toProposalId } from '../../src/domain/proposal.ts'
import { duration } from '../../src/domain/units.ts'
import { createLog } from '../../src/log.ts'
import { createStore } from '../../src/store/store.ts'

const [connectionString, proposal, name] = process.argv.slice(2)
const store = await createStore({ connectionString: connectionString!, log: createLog('silent') })
const lease = await store.proposals.takeLease(toProposalId(proposal!), store.instanceId, duration(3_600_000))
const singleton = await store.holdSingleton(name!)
console.log(JSON.stringify({ lease, held: singleton !== undefined }))
setInterval(() => {}, 1_000)
