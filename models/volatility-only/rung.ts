import { linearRung } from '../linear-rung.ts'

/** What volatility alone says: `ln(σ fast / σ slow)` and `ln σ` of the last hour. */
export const volatilityOnlyRung = linearRung({
  name: 'volatility-only',
  title: 'volatility only',
  inputsOf: () => ['volatility-ratio-fast', 'log-volatility'],
})
