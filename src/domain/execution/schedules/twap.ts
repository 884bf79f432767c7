import type { ScheduleInputs, Slice } from '../schedule.ts'
import { cutIntoSlices } from './slices.ts'

/** The same quantity in every part of the time. */
export const twapSlices = (inputs: ScheduleInputs): readonly Slice[] => cutIntoSlices(inputs, (timeShare) => timeShare)
