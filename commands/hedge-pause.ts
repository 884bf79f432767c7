import { steeringCommand } from './steering.ts'

/** `/hedge pause <proposal>`: hold a running execution still; what rests is cancelled. */
export default steeringCommand({
  name: 'hedge pause',
  description: 'Hold a running execution still; what rests is cancelled',
  to: 'paused',
})
