import { FEEDS_USED, featuresOf, VENUE_FEATURE_COUNT, venueFeaturesOf } from './features.ts'
import type { Hidden } from './hiding.ts'

/** Features and their masks, side by side: columns of each venue's rows. */
export const VENUE_INPUTS = 2 * VENUE_FEATURE_COUNT

const FEEDS = FEEDS_USED.map((kind) => ({ ofMarket: featuresOf(kind), ofVenue: venueFeaturesOf(kind) })).filter(
  ({ ofMarket, ofVenue }) => ofMarket.length > 0 && ofVenue.length > 0,
)

/**
 * What of a venue's own rows has to be hidden with features of the market: a feed whose every feature is hidden there has not
 * been received at all.
 */
export function venueFeaturesHidden({ features }: Pick<Hidden, 'features'>): Uint8Array {
  const hidden = new Uint8Array(VENUE_FEATURE_COUNT)
  for (const { ofMarket, ofVenue } of FEEDS) {
    if (ofMarket.every((f) => features[f] === 1)) for (const f of ofVenue) hidden[f] = 1
  }
  return hidden
}
