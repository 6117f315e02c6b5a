#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { version } from '../version.js';
import { EXIT } from './exit.js';

/**
 * Each with all that it needs, so that a command does not wait for what only the others use. In the
 * order of the help.
 */
const COMMANDS = {
  taps: async () => (await import('./taps.js')).tapsCommand,
  fit: async () => (await import('./fit.js')).fitCommand,
  calibrate: async () => (await import('./calibrate.js')).calibrateCommand,
  score: async () => (await import('./score.js')).scoreCommand,
  segment: async () => (await import('./segment.js')).segmentCommand,
  dicomweb: async () => (await import('./dicomweb.js')).dicomwebCommand,
  evaluate: async () => (await import('./evaluate.js')).evaluateCommand,
  simulate: async () => (await import('./simulate.js')).simulateCommand,
  inspect: async () => (await import('./inspect.js')).inspectCommand,
  series: async () => (await import('./series.js')).seriesCommand,
  serve: async () => (await import('./serve.js')).serveCommand,
} satisfies Record<string, () => Promise<(program: Command) => void>>;

const program = new Command('segcanary')
  .description(
    'Tells when a pre-trained medical segmentation model fails silently: fit a detector on scans it was made for, calibrate it, score new scans.',
  )
  .version(version)
  .option('-q, --quiet', 'only errors on stderr')
  .option('-v, --verbose', 'more on stderr: a line a scan, with its seconds')
  .option('--json', 'log lines on stderr as JSON')
  .configureHelp({ showGlobalOptions: true })
  .addHelpText(
    'after',
    `
Data on stdout, logs on stderr; - is stdin or stdout.
Exit codes: 0 done, 1 failure, 2 usage, 3 some scans failed, 10 out of distribution (--fail-on-ood), 130 interrupted.

  segcanary fit -m MODEL_DIR -i train/ -o detector/
  segcanary calibrate -d detector/ -i held-out/
  cat scan.nii.gz | segcanary score -d detector/ -i -
  segcanary segment -m MODEL_DIR -d detector/ -i scans/ -o segmentations/`,
  );

// No global option takes a value, so the first word is the command. Help, and what is no command,
// needs all of them; the version none.
const word = process.argv.slice(2).find((arg) => !arg.startsWith('-'));
const onlyVersion = word === undefined && process.argv.slice(2).some((arg) => arg === '--version' || arg === '-V');
const needed = Object.entries(COMMANDS).filter(
  ([name]) => !onlyVersion && (word === name || !(word && word in COMMANDS)),
);
for (const [, add] of needed) (await add())(program);
for (const command of [program, ...program.commands])
  command.exitOverride().showHelpAfterError('(add --help for the options)');

// Help is printed before any command runs, and a reader may close early there too. Commands see to
// their own writes.
process.stdout.on('error', () => {});

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? EXIT.done : EXIT.usage;
}
