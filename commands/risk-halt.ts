import { tradingStateCommand } from './trading-state.ts'

export default tradingStateCommand('risk halt', 'halted', 'Stop every new order at once; the hedge that stands is kept')
