import { type Condition, flag, judge, type RailCheck } from '../reading.ts'

const WARN_PSI = 0.1
const MAX_PSI = 0.25
const MIN_LIFT = 1

/**
 * Rail 10: calibration gate failed, inputs have drifted, Page–Hinkley alarms, precision no better than chance, or inference gave no
 * number. The model goes to shadow and the volatility-timed hedge takes its place, until a model passes the gate.
 */
export const checkModelHealth: RailCheck = ({ model }, _limits, state) => {
  const { calibrationGatePassed, psi, pageHinkleyAlarm, averagePrecisionLift, inferenceFailed } = model
  const failed = calibrationGatePassed === undefined ? undefined : !calibrationGatePassed
  const conditions: readonly Condition[] = [
    flag('calibration gate failed', failed, { level: 'degraded', variant: 'calibration' }),
    {
      what: 'population stability index',
      value: psi,
      trips: 'above',
      steps: [
        ['caution', WARN_PSI],
        ['degraded', MAX_PSI],
      ],
      format: (value) => value.toFixed(2),
      variant: 'drift',
    },
    flag('Page–Hinkley alarm', pageHinkleyAlarm, { level: 'degraded', variant: 'page-hinkley' }),
    {
      what: 'lift of average precision',
      value: averagePrecisionLift,
      trips: 'below',
      steps: [['degraded', MIN_LIFT]],
      format: (value) => value.toFixed(2),
      variant: 'precision',
    },
    flag('inference failed', inferenceFailed, { level: 'degraded', variant: 'inference' }),
  ]
  return [
    judge({
      rail: 'model-health',
      scope: 'desk',
      conditions,
      releaseHolds:
        // A warning ends with its cause; what put the model aside ends with a passed gate.
        (calibrationGatePassed === true || (!failed && state('desk')?.level === 'caution')) &&
        (psi === undefined || psi <= MAX_PSI) &&
        pageHinkleyAlarm !== true &&
        (averagePrecisionLift === undefined || averagePrecisionLift >= MIN_LIFT) &&
        inferenceFailed !== true,
    }),
  ]
}
