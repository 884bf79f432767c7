import { steeringCommand } from './steering.ts'

/** `/hedge resume <proposal>`: let a paused execution go on. */
export default steeringCommand({ name: 'hedge resume', description: 'Let a paused execution go on', to: 'running' })
