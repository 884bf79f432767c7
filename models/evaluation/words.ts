import type { RungName } from '../rung.ts'

/** How a rung is called in tables and pictures. */
export const RUNG_TITLES: Readonly<Record<RungName, string>> = {
  'base-rate': 'base rate',
  'volatility-only': 'volatility only',
  'open-interest-funding': 'open interest and funding',
  'five-feature': 'five features',
  'boosted-trees': 'boosted trees',
  gru: 'GRU',
  lstm: 'LSTM',
  'cnn-lstm': 'CNN-LSTM',
  tcn: 'dilated TCN',
  transformer: 'transformer',
}
