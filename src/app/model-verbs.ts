import { createDemoteModel, createRollBackModel } from './change-model.ts'
import type { MarketState } from './market-state.ts'
import { createListModels, createRegisterShipped } from './model-registry.ts'
import type { Ports } from './ports.ts'
import { createApprovePromotion, createAskForPromotion, createDeclinePromotion } from './promote-model.ts'
import { createRetrainModels } from './retrain-models.ts'
import { createCancelTraining, createStartTraining, createTendTraining, createTrainingProgress } from './train-model.ts'

/** The registry of models: who is in force, who asks for a change, who trains another. */
export const createModelVerbs = (ports: Ports, market: Pick<MarketState, 'feeds'>) => ({
  registerShipped: createRegisterShipped(ports),
  listModels: createListModels(ports),
  askForPromotion: createAskForPromotion(ports),
  approvePromotion: createApprovePromotion(ports),
  declinePromotion: createDeclinePromotion(ports),
  rollBackModel: createRollBackModel(ports),
  demoteModel: createDemoteModel(ports),
  modelRungs: () => ports.models?.rungs ?? [],
  startTraining: createStartTraining(ports),
  cancelTraining: createCancelTraining(ports),
  trainingProgress: createTrainingProgress(ports),
  tendTraining: createTendTraining(ports),
  retrainModels: createRetrainModels(ports, market),
})
