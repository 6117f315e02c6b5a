#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { version } from '../version.js';
import { calibrateCommand } from './calibrate.js';
import { evaluateCommand } from './evaluate.js';
import { EXIT } from './exit.js';
import { fitCommand } from './fit.js';
import { inspectCommand } from './inspect.js';
import { scoreCommand } from './score.js';
import { segmentCommand } from './segment.js';
import { simulateCommand } from './simulate.js';
import { tapsCommand } from './taps.js';

const program = new Command('segcanary')
  .description(
    'Tells when a pre-trained medical segmentation model fails silently: fit a detector on scans it was made for, calibrate it, score new scans.',
  )
  .version(version)
  .option('-q, --quiet', 'only errors on stderr')
  .option('-v, --verbose', 'more on stderr')
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

for (const add of [
  tapsCommand,
  fitCommand,
  calibrateCommand,
  scoreCommand,
  segmentCommand,
  evaluateCommand,
  simulateCommand,
  inspectCommand,
])
  add(program);
for (const command of [program, ...program.commands])
  command.exitOverride().showHelpAfterError('(add --help for the options)');

// Help is printed before any command runs, and a reader may close early there too. Commands see to their own writes.
process.stdout.on('error', () => {});

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? EXIT.done : EXIT.usage;
}
