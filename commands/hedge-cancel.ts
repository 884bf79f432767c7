import { steeringCommand } from './steering.ts'

/** `/hedge cancel <proposal>`: end an execution with what is filled; what rests is cancelled. */
export default steeringCommand({
  name: 'hedge cancel',
  description: 'End an execution with what is filled; what rests is cancelled',
  to: 'canceling',
})
