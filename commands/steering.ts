import { z } from 'zod'
import type { App } from '../src/app/app.ts'
import type { Steering } from '../src/app/steer-execution.ts'
import { type Asker, type Completion, command } from '../src/chat/command.ts'
import type { Card } from '../src/domain/card.ts'
import { formatQuantity, formatUsd } from '../src/domain/format.ts'
import type { ExecutionControl } from '../src/domain/proposal.ts'
import { proposalId } from './arguments.ts'

const LATEST = 50

/** A command that tells an execution to hold still, to go on or to end. */
export const steeringCommand = ({
  name,
  description,
  to,
}: {
  readonly name: string
  readonly description: string
  readonly to: ExecutionControl
}) =>
  command({
    name,
    description,
    role: 'trader',
    options: z.object({ proposal: proposalId.describe('The id on the card of the execution') }),
    complete: { proposal: (asker, app) => steerable(asker, app) },

    async run({ options, actor }, app) {
      return steeringCard(await app.steerExecution({ proposalId: options.proposal, to, by: actor }), options.proposal)
    },
  })

/** What is approved and not finished, newest first. */
async function steerable(_: Asker, app: App): Promise<readonly Completion[]> {
  const latest = await app.listProposals(LATEST)
  return latest
    .filter(({ state }) => state === 'approved' || state === 'executing')
    .map(({ proposalId: id, side, quantity, asset, notional, control }) => ({
      value: id,
      label: `${id}: ${side} ${formatQuantity(quantity, asset)}, ${formatUsd(notional)}, ${control}`,
    }))
}

const DONE: Readonly<Record<ExecutionControl, string>> = {
  running: 'It goes on where it stopped.',
  paused:
    'Nothing more is sent, and what rests at the venue is cancelled. What is filled stays. To go on: /hedge resume',
  canceling: 'Nothing more is sent, what rests at the venue is cancelled, and what is filled stays.',
}
const TITLES: Readonly<Record<ExecutionControl, string>> = {
  running: 'Goes on',
  paused: 'Paused',
  canceling: 'Canceled',
}

function steeringCard(steering: Steering, id: string): Card {
  switch (steering.kind) {
    case 'steered': {
      const { control } = steering.proposal
      return {
        tone: 'ok',
        title: `${TITLES[control]}: ${steering.proposal.asset} ${id}`,
        text: control === 'paused' ? `${DONE.paused} ${id}` : DONE[control],
      }
    }
    case 'unchanged':
      return { tone: 'info', title: `${id} is ${steering.proposal.control} already`, text: 'Nothing changed.' }
    case 'not-steerable':
      return {
        tone: 'refused',
        title: `${id} is ${steering.proposal.control === 'canceling' ? 'being canceled' : steering.proposal.state}`,
        text: 'Only an approved hedge that is not finished can be paused, resumed or canceled.',
      }
    case 'not-found':
      return { tone: 'refused', title: `There is no proposal ${id}`, text: '/hedge history lists the latest.' }
  }
}
