/**
 * A process to kill: takes every execution, says so, and never finishes one.
 *
 * @module
 */
import type { ProposalId } from '../../src/domain/proposal.ts'
import { timestamp } from '../../src/domain/units.ts'
import { createLog } from '../../src/log.ts'
import type { Clock } from '../../src/ports.ts'
import { createQueue, type QueueBackend } from '../../src/queue/queue.ts'
import { handlers } from './queue.ts'

const given = JSON.parse(process.argv[2]!) as { backend: QueueBackend; queueName: string; clock: Clock['kind'] }
const queue = await createQueue({
  backend: given.backend,
  name: given.queueName,
  clock: { kind: given.clock, now: () => timestamp(Date.now()) },
  log: createLog('silent'),
})
await queue.start(
  handlers({
    'execute-proposal': {
      run: ({ proposalId }: { proposalId: ProposalId }) => {
        console.log(`took ${proposalId}`)
        return new Promise<void>(() => undefined)
      },
    },
  }),
)
console.log('ready')
if (given.clock === 'virtual') {
  await queue.add({
    name: 'execute-proposal',
    data: { proposalId: 'KKKKKKKKKK' as ProposalId, lease: 1 },
    jobId: 'execute-KKKKKKKKKK-1',
  })
}
