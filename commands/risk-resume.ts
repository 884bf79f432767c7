import { tradingStateCommand } from './trading-state.ts'

export default tradingStateCommand('risk resume', 'active', 'Back to normal trading within the limits')
