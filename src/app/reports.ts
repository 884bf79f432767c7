import type { Ports } from './ports.ts'
import { createReportFunding } from './report-funding.ts'
import { createReportOrders } from './report-orders.ts'
import { createReportPnl } from './report-pnl.ts'
import { createReportStatus } from './report-status.ts'
import { createWriteReport } from './write-report.ts'

/** Everything that only reads the record and adds up what it finds. */
export const createReports = (ports: Ports) => ({
  reportStatus: createReportStatus(ports),
  reportOrders: createReportOrders(ports),
  reportFunding: createReportFunding(ports),
  reportPnl: createReportPnl(ports),
  writeReport: createWriteReport(ports),
})

export type Reports = ReturnType<typeof createReports>
