import { z } from 'zod'
import { command } from '../src/chat/command.ts'
import { conditionFields, permissionText, REHEARSAL } from './live-text.ts'

/** `/live status`: every condition of the gate to real money, met or not, with its numbers. */
export default command({
  name: 'live status',
  description: 'Whether the record is good enough for real money, condition by condition',
  role: 'viewer',
  options: z.object({}),
  weight: 'heavy',

  async run(_, app) {
    const gate = await app.readLiveGate()
    return {
      tone: gate.verdict.kind === 'open' ? 'ok' : 'info',
      title: gate.verdict.kind === 'open' ? 'Every condition for real money is met' : 'Not ready for real money',
      ...(gate.mode === 'paper' ? { text: REHEARSAL } : {}),
      fields: [...conditionFields(gate.verdict), { name: 'Permission', value: permissionText(gate) }],
      footer: '/live request asks for permission once every condition is met; another admin approves.',
    }
  },
})
