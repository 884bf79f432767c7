import { tradingStateCommand } from './trading-state.ts'

export default tradingStateCommand('risk reduce', 'reducing', 'Let only orders through that shrink |net delta|')
