import { z } from 'zod'
import { REPORT_PERIODS, type Report } from '../src/app/write-report.ts'
import { command } from '../src/chat/command.ts'
import { formatAge, formatBps, formatPercent, formatTime, formatUsd } from '../src/domain/format.ts'
import { effectivenessLines, effectivenessPicture } from './effectiveness-text.ts'
import { drawdownLines, pnlFields } from './pnl-text.ts'

/** `/report daily|weekly`: what the desk did and what came of it. */
export default command({
  name: 'report',
  description: 'The last day or week: P&L, what the hedge did, alerts, proposals, orders, model',
  role: 'viewer',
  weight: 'heavy',
  options: z.object({ period: z.enum(REPORT_PERIODS).default('daily').describe('daily (by default) or weekly') }),

  async run({ options, at }, app) {
    const report = await app.writeReport(options)
    const { pnl, effectiveness } = report
    return {
      tone: 'info',
      title: `${options.period === 'daily' ? 'Daily' : 'Weekly'} report of book ${pnl.book}`,
      ...(report.cutShort ? { text: 'More happened than is read at once: counts are lower bounds.' } : {}),
      fields: [
        ...(pnl.points.length < 2
          ? [{ name: 'P&L', value: 'fewer than two hourly prices on record' }]
          : [...pnlFields(pnl), { name: 'Greatest drawdown', value: drawdownLines(pnl) }]),
        { name: 'What the hedge did', value: effectivenessLines(effectiveness.said) },
        { name: 'Worst hour', value: worstHour(report) },
        { name: 'Alerts', value: alertLines(report) },
        { name: 'Proposals', value: proposalLines(report) },
        { name: 'Orders', value: orderLines(report) },
        { name: 'Messages', value: deliveryLines(report) },
        { name: 'Model', value: modelLines(report) },
      ],
      ...(effectiveness.path.points.length < 2 ? {} : { picture: effectivenessPicture(report) }),
      footer: `${formatTime(report.from)} to ${formatTime(at)}; paper money`,
    }
  },
})

const counted = (counts: readonly (readonly [string, number])[]): string =>
  counts.map(([kind, count]) => `${count} ${kind}`).join(', ') || 'none'

function worstHour({ worstMove }: Report): string {
  if (!worstMove) return 'no hour is on record at both ends'
  const { asset, change, endedAt } = worstMove
  return `${asset} ${change < 0 ? '−' : '+'}${formatPercent(Math.abs(change), 2)} in the hour to ${formatTime(endedAt)}`
}

const alertLines = ({ alerts }: Report): string =>
  `raised: ${counted(alerts.raised)}\nended: ${counted(alerts.ended)}\nopen now: ${alerts.open}`

function proposalLines({ proposals }: Report): string {
  const { byState, timeToDecision } = proposals
  const decided = timeToDecision
    ? `decided in ${formatAge(timeToDecision.median)} (median of ${timeToDecision.count}), 95 % within ${formatAge(timeToDecision.p95)}`
    : 'none decided by people'
  return `${counted(byState)}\n${decided}`
}

function orderLines({ orders }: Report): string {
  if (orders.count === 0) return 'none sent'
  const said = (cost: number | undefined): string => (cost === undefined ? 'not known' : formatBps(cost))
  return [
    `${orders.count} sent, ${orders.filled} filled, ${formatUsd(orders.notional)}`,
    `slippage ${said(orders.slippage)}, fees ${formatUsd(orders.fees)}`,
    `cost ${said(orders.cost)} against ${said(orders.expectedCost)} expected`,
  ].join('\n')
}

function deliveryLines({ deliveries }: Report): string {
  const { delivered, waiting, givenUp, latency } = deliveries
  const took = latency ? `median ${formatAge(latency.median)}, 95 % within ${formatAge(latency.p95)}` : 'none delivered'
  return `${delivered} delivered, ${waiting} waiting, ${givenUp} given up\n${took}`
}

function modelLines({ model: { facts, newest }, at }: Report): string {
  const failed = Object.entries(facts?.gates ?? {}).flatMap(([head, passed]) => (passed ? [] : [head]))
  const name = facts
    ? `${facts.modelId}, calibrated on ${facts.calibratedOn === 'simulated' ? 'simulated data only' : 'recorded data'}`
    : 'no model is loaded'
  return [
    name,
    ...(facts ? [failed.length === 0 ? 'every calibration gate passed' : `gate failed: ${failed.join(', ')}`] : []),
    ...newest.map(({ asset, at: madeAt, prediction }) => {
      const state = prediction.kind === 'estimated' ? 'forecast' : `undetermined (${prediction.reason})`
      return `${asset}: ${state}, ${formatAge(at - madeAt)} old`
    }),
  ].join('\n')
}
