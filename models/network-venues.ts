import type { Hidden } from './hiding.ts'

export const VENUE_FEATURES: readonly { readonly name: string; readonly floor?: number }[] = []
export const VENUE_FEATURE_COUNT = VENUE_FEATURES.length
/** Features and their masks, side by side: columns of each venue's rows. */
export const VENUE_INPUTS = 2 * VENUE_FEATURE_COUNT
export const venueFeaturesHidden = (_: Hidden): Uint8Array => new Uint8Array(VENUE_FEATURE_COUNT)
