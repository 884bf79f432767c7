import { z } from 'zod'
import { describeCalibration } from '../src/app/cards.ts'
import { command } from '../src/chat/command.ts'

/** `/model status`: which model answers, on which engine, what it was trained and calibrated on, and what it beats. */
export default command({
  name: 'model status',
  description: 'Which model answers, what it was trained on and what it beats',
  role: 'viewer',
  options: z.object({}),

  async run(_, app) {
    const model = app.describeModel()
    if (!model)
      return {
        tone: 'warning',
        title: 'No model is loaded',
        text: 'Forecasts are undetermined; hedges follow the base policy without overlay. Train one with npm run train.',
      }
    return {
      tone: 'info',
      title: `Model ${model.modelId}`,
      fields: [
        { name: 'Architecture', value: `${model.architecture} on ${model.engine}` },
        { name: 'Trained', value: `${model.trainedAt.slice(0, 10)} on ${model.trainedOn}` },
        { name: 'Calibration', value: describeCalibration(model.calibratedOn) },
        ...Object.entries(model.metrics).map(([name, value]) => ({
          name,
          value: `model ${value.model.toFixed(3)}, volatility alone ${value.baseline.toFixed(3)}, base rate ${value.base.toFixed(3)}`,
        })),
      ],
    }
  },
})
