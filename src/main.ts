/**
 * Composition root and command line: the only place that wires.
 *
 * @module
 */
import { Command, Option } from 'commander'
import { ConfigError } from './config.ts'
import {
  endOf,
  instant,
  moreSymbols,
  number,
  positive,
  span,
  symbols,
  wholeDays,
  wholeNumber,
  wholeNumbers,
} from './main/arguments.ts'

const program = new Command('breakwater')
  .description('A chat-ops hedging desk: liquidation map, cascade forecasts, approved hedges')
  .showHelpAfterError('(add --help for the whole list)')

// In the folder of this repository, from which npm runs it.
const REPORT_FOLDER = 'models/reports'
const WORK_FOLDER = 'data/evaluation'
const PROOF_FOLDER = 'data/proof'

program
  .command('demo')
  .description('the whole desk on paper money, with the chat in this terminal')
  .option('--market <market>', 'simulated, replay:<folder> or live', 'simulated')
  .option('--symbol <asset>', 'only this asset of the book')
  .option('--from <date>', 'first day of the window (UTC); a date alone means its midnight', instant)
  .option('--to <date>', 'end of the window (UTC), the day itself included when given as a date', endOf)
  .option('--days <number>', 'length of an unattended run on the simulated market', positive, 3)
  .option(
    '--speed <number>',
    'market seconds per second; while a proposal waits for you it is at most 5',
    positive,
    300,
  )
  .option('--seed <number>', 'seed of the simulated market', number, 1)
  .option('--script', 'run unattended to the end of the window and print figures as the last line')
  .option('--fresh', 'forget what an earlier demo of the same market stored')
  .action(async (options) => (await import('./main/demo.ts')).runDemo(options))

program
  .command('start')
  .description('the desk as .env configures it: Discord and Telegram when tokens are given, this terminal otherwise')
  .argument('[roles...]', 'bot and worker, all in one by default; or trainer alone')
  .action(async (roles: string[]) => (await import('./main/start.ts')).runStart(roles))

program
  .command('doctor')
  .description('look whether everything that .env names is there and lets the desk in, one line a check')
  .option('--json', 'print one JSON value')
  .action(async (options) => (await import('./main/doctor.ts')).runDoctor(options))

program
  .command('train')
  .description('train a model on the simulated market and write models/artifacts, or on recorded data')
  .option('--rung <name>', 'kind of model, such as boosted-trees or tcn', 'boosted-trees')
  .option(
    '--members <number>',
    'so many of them, one seed after another, that answer with the mean of their log odds',
    wholeNumber,
    1,
  )
  .option('--data <folder>', 'folder of recorded data instead of the simulated market')
  .option('--symbol <assets>', 'assets of the record, separated by commas', symbols, symbols('ETH,BTC'))
  .option('--pool <number>', 'learn from so many further coins of the record as well', wholeNumber)
  .option('--test-from <date>', 'what to judge it on, with everything before it to learn from (UTC)', instant)
  .option('--test-to <date>', 'last day of that', endOf)
  .option('--override <why>', 'train although less than two years are recorded; the reason stands on its card')
  .option('--quick', 'a few seconds on little data, to see that it works; the result is not for use')
  .option('--out <folder>', 'where to write')
  .option('--seed <number>', 'seed of data and weights', number, 1)
  .option('--json', 'print the report as one JSON value')
  .option('--json-progress', 'progress as one JSON value a line on standard error')
  .action(async (options) => (await import('./main/train.ts')).runTrain(options))

program
  .command('prove')
  .description(
    'prove map, cluster confidence and models on simulated markets and write models/reports; fails when a check does',
  )
  .addOption(new Option('--only <part>', 'one part alone').choices(['map', 'ladder', 'patterns']))
  .option(
    '--seeds <number>',
    'how many seeds the map is judged on, each a year; as many others are fitted on',
    positive,
    8,
  )
  .option('--out <folder>', 'where to write')
  .option('--work <folder>', 'where finished rungs of the ladder are kept until all are', PROOF_FOLDER)
  .option('--json', 'print the report as one JSON value')
  .action(async (options) => (await import('./main/prove.ts')).runProve(options))

program
  .command('evaluate')
  .description(
    'judge the ladder of models, or one of them, on recorded hours that it was not fitted on; Ctrl-C keeps what is done',
  )
  .requiredOption('--data <folder>', 'folder of recorded data')
  .option('--symbol <assets>', 'assets that are judged together; commas between, or the option again', moreSymbols)
  .option('--models <rungs>', 'all, or rungs of the ladder with commas between', 'all')
  .option('--model <id>', 'one model that was trained before, by its id or folder; needs a window')
  .option('--folds <number>', 'test segments that follow each other; default 4, or 1 for a window', wholeNumber)
  .option(
    '--test-from <date>',
    'first day of a window to be judged on, with everything before it to learn from (UTC)',
    instant,
  )
  .option('--test-to <date>', 'last day of that', endOf)
  .option('--every <time>', 'time between two decisions, in whole hours', span, span('4h'))
  .option('--calibration <days>', 'days before each test segment that calibrate', wholeDays, 180)
  .option('--pool <number>', 'learn from so many further coins as well', wholeNumber)
  .option('--pooling <numbers>', 'show what so many further coins add to one rung; commas between', wholeNumbers)
  .option('--seed <number>', 'seed of weights and draws', number, 1)
  .option(
    '--again <why>',
    'look at the stretch kept back for one evaluation again; the reason is entered in the ledger',
  )
  .option('--quick', 'fits of seconds, to see that it works; the figures are of no use')
  .option('--out <folder>', 'where reports are written', REPORT_FOLDER)
  .option('--no-pictures', 'write none: Markdown and JSON alone')
  .option('--work <folder>', 'where finished folds are kept', WORK_FOLDER)
  .option('--ledger <folder>', 'where looks at the stretch kept back are entered', REPORT_FOLDER)
  .option('--cards', 'write the facts into the card of every rung that was judged')
  .option('--json', 'print one JSON object')
  .action(async (options) =>
    (await import('./main/evaluate.ts')).runEvaluate({ ...options, symbol: options.symbol ?? symbols('ETH,BTC') }),
  )

program
  .command('forecast')
  .description('what a model would have said at every step of a recorded window, fitted on what lies before it')
  .requiredOption('--data <folder>', 'folder of recorded data')
  .option('--symbol <asset>', 'asset', 'ETH')
  .requiredOption('--from <date>', 'start of the window (UTC)', instant)
  .requiredOption('--to <date>', 'end of the window (UTC), the day itself included when given as a date', endOf)
  .option('--every <time>', 'time between two forecasts, in whole hours', span, span('1h'))
  .option('--model <rung>', 'rung of the ladder; default that of the shipped model of recorded markets')
  .option('--calibration <days>', 'days before the window that calibrate', wholeDays, 180)
  .option('--seed <number>', 'seed of its weights', number, 1)
  .option('--quick', 'a fit of seconds, to see that it works')
  .option('--csv', 'print CSV; otherwise one JSON value a line')
  .action(async (options) => (await import('./main/forecast.ts')).runForecast(options))

program
  .command('liq-validate')
  .description('judge map and cluster confidence on recorded data, fitted on what lies before the window')
  .requiredOption('--data <folder>', 'folder of recorded data')
  .option('--symbol <asset>', 'asset', 'ETH')
  .requiredOption('--from <date>', 'start of the window (UTC)', instant)
  .requiredOption('--to <date>', 'end of the window (UTC), the day itself included when given as a date', endOf)
  .option(
    '--refit <days>',
    'fit anew after so many days, on everything before; default once, before the window',
    wholeDays,
  )
  .option('--report', 'write models/reports')
  .option('--out <folder>', 'write the report there')
  .option('--json', 'print one JSON object')
  .action(async (options) => (await import('./main/liq-validate.ts')).runLiqValidate(options))

program
  .command('liq-fit')
  .description(
    'fit the cluster confidence on recorded data, judge it on its last half year, write models/artifacts/recorded',
  )
  .requiredOption('--data <folder>', 'folder of recorded data')
  .requiredOption('--to <date>', 'end of what is fitted on (UTC), the day itself included when given as a date', endOf)
  .option('--out <folder>', 'where to write')
  .action(async (options) => (await import('./main/liq-fit.ts')).runLiqFit(options))

program
  .command('liq-map')
  .description('the liquidation map of recorded data at an instant, with clusters and their confidence')
  .requiredOption('--data <folder>', 'folder of recorded data')
  .option('--symbol <asset>', 'asset', 'ETH')
  .requiredOption('--at <time>', 'instant (UTC)', instant)
  .option('--png <file>', 'draw the three days before it')
  .option('--dark', 'for a dark page')
  .option('--json', 'print one JSON object')
  .action(async (options) => (await import('./main/liq-map.ts')).runLiqMap(options))

program
  .command('liq-clusters')
  .description('every cluster at every step of a window of recorded data, point in time')
  .requiredOption('--data <folder>', 'folder of recorded data')
  .option('--symbol <asset>', 'asset', 'ETH')
  .requiredOption('--from <date>', 'start of the window (UTC)', instant)
  .requiredOption('--to <date>', 'end of the window (UTC), the day itself included when given as a date', endOf)
  .option('--every <time>', 'time between two steps, such as 4h or 30m', span, span('4h'))
  .option('--csv', 'print CSV; otherwise one JSON value a line')
  .action(async (options) => (await import('./main/liq-clusters.ts')).runLiqClusters(options))

const hedge = program.command('hedge').description('sizing without a market')
hedge
  .command('size')
  .description('from exposure to hedge by the formula S = L·β / (1 + ρ(1 − C)), every step shown')
  .requiredOption('--exposure <coins>', 'spot held', number)
  .option('--beta <fraction>', 'share of the exposure to hedge at full confidence', number, 0.8)
  .requiredOption('--rho <number>', 'correlation of funding changes and returns, already shrunk', number)
  .requiredOption('--confidence <fraction>', 'calibrated confidence C from 0 to 1', number)
  .option('--max-ratio <fraction>', 'largest hedge as a share of the exposure', number, 1)
  .option('--price <usd>', 'price, to show the notional', positive)
  .option('--lot <coins>', 'lot size of the venue', '0.001')
  .option('--json', 'print one JSON value')
  .action(async (options) => (await import('./main/hedge-size.ts')).runHedgeSize(options))

program
  .command('slippage')
  .description('what the execution schedules cost against one market sweep of the same orders, in synthetic books')
  .option('--parents <number>', 'orders for each source and size', wholeNumber, 200)
  .option('--seed <number>', 'seed of the orders and of the made-up minutes', number, 1)
  .option('--data <folder>', 'folder of recorded data: minutes and depth from there as well')
  .option('--report', 'write docs/reports/slippage.md')
  .option('--json', 'print one JSON object')
  .action(async (options) => (await import('./main/slippage.ts')).runSlippage(options))

program
  .command('features')
  .description('the catalogue of what the models see, from the code; also writes models/FEATURES.md')
  .option('--json', 'print one JSON value')
  .action(async (options) => (await import('./main/features.ts')).runFeatures(options))

const audit = program.command('audit').description('the append-only record of who did what')
audit
  .command('verify')
  .description('recompute the hash chain and name the first broken row')
  .addOption(databaseOption())
  .option('--json', 'print one JSON value')
  .action(async (options) => (await import('./main/maintenance.ts')).runAuditVerify(options))

const db = program.command('db').description('the database')
db.command('migrate')
  .description('bring the schema up to date')
  .addOption(databaseOption())
  .option('--json', 'print one JSON value')
  .action(async (options) => (await import('./main/maintenance.ts')).runMigrate(options))

const keys = program.command('keys').description('keys of the venues that are traded on, encrypted at rest')
keys
  .command('add')
  .description('ask for the keys of a venue, without an echo, and put them into the file')
  .argument('<venue>', 'binance, bybit, okx, deribit, hyperliquid or dydx')
  .option('--from-file <json>', 'take them from a file of one JSON object')
  .option('--stdin', 'take the same from standard input')
  .action(async (venue: string, options) => (await import('./main/keys.ts')).runKeysAdd(venue, options))
keys
  .command('list')
  .description('which venues have keys, since when, and their fingerprints; never a key')
  .option('--json', 'print one JSON value')
  .action(async (options) => (await import('./main/keys.ts')).runKeysList(options))
keys
  .command('remove')
  .description('take the keys of a venue out of the file')
  .argument('<venue>', 'as keys list names it')
  .action(async (venue: string) => (await import('./main/keys.ts')).runKeysRemove(venue))
keys
  .command('passphrase')
  .description('encrypt the file with another passphrase')
  .option('--new-file <file>', 'take the new passphrase from a file in place of asking')
  .action(async (options) => (await import('./main/keys.ts')).runKeysPassphrase(options))

program
  .command('watchdog')
  .description('take the heartbeats of a desk, and page and post when they stop; best on another machine')
  .helpOption(false)
  .allowUnknownOption()
  .argument('[options...]', 'see watchdog --help')
  .action(async (options: string[]) => (await import('./watchdog/run.ts')).runWatchdog(options))

program
  .command('export')
  .description('write recorded observations as the panels that replay reads')
  .requiredOption('--out <folder>', 'folder to write')
  .addOption(databaseOption())
  .option('--json', 'print one JSON value')
  .action(async (options) => (await import('./main/maintenance.ts')).runExport(options))

program
  .command('picture')
  .description('draw a run: price, hedge ratio, alerts, fills')
  .requiredOption('--out <file.png>', 'file to write')
  .option('--symbol <asset>', 'asset', 'ETH')
  .option('--dark', 'for a dark page')
  .addOption(databaseOption())
  .action(async (options) => (await import('./main/picture.ts')).runPicture(options))

program
  .command('bench')
  .description('run the benchmarks in bench/ and print their ratios')
  .argument('[names...]', 'only these')
  .option('--json', 'print one JSON object')
  .action(async (names: string[], options) => (await import('./main/bench.ts')).runBench(names, options))

function databaseOption(): Option {
  return new Option('--database <name>', 'database on the embedded server, as the run named it').default('breakwater')
}

try {
  await program.parseAsync()
} catch (error) {
  const known = error instanceof ConfigError || error instanceof Error
  process.stderr.write(`\n${known ? (error as Error).message : String(error)}\n`)
  process.exitCode = 1
}
