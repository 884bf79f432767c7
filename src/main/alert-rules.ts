import type { Config } from '../config.ts'
import type { AlertRules } from '../domain/alert.ts'
import { fraction } from '../domain/units.ts'

/** Without a calibration nothing is estimated, so that nothing reaches this. */
const NO_CALIBRATION = 1
const HYSTERESIS_SHARE = 0.25

/** The desk's rules; what it leaves open follows from the calibration in use. */
export function alertRules(
  { threshold, hysteresis, ...rules }: Config['alerts'],
  calibrated: number | undefined,
): AlertRules {
  const own = threshold ?? fraction(calibrated ?? NO_CALIBRATION)
  return { ...rules, threshold: own, hysteresis: hysteresis ?? fraction(HYSTERESIS_SHARE * own) }
}
