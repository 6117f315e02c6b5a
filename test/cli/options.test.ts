import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { calibrateCommand } from '../../src/cli/calibrate.js';
import { evaluateCommand } from '../../src/cli/evaluate.js';
import { fitCommand } from '../../src/cli/fit.js';
import { flagsOf, withInferenceOptions } from '../../src/cli/options.js';
import { scoreCommand } from '../../src/cli/score.js';
import { segmentCommand } from '../../src/cli/segment.js';
import { serveCommand } from '../../src/cli/serve.js';
import { simulateCommand } from '../../src/cli/simulate.js';
import { tapsCommand } from '../../src/cli/taps.js';

const program = new Command();
for (const add of [calibrateCommand, evaluateCommand, fitCommand, scoreCommand, segmentCommand, serveCommand])
  add(program);
simulateCommand(program);
tapsCommand(program);

describe('the options of the command line', () => {
  it.each(program.commands.map((command) => [command.name(), command] as const))(
    'of %s have defaults that a person would write',
    (_, command) => {
      expect(command.helpInformation()).not.toMatch(/default:\s+[[{]/);
    },
  );

  it.each([
    ['--threads', 6],
    ['--tmpdir', 6],
    ['--limits', 7],
    ['--plans', 7],
    ['--configuration', 7],
  ])('%s is the same wherever it is', (long, count) => {
    const options = program.commands.flatMap((command) => command.options.filter((option) => option.long === long));
    expect(options).toHaveLength(count);
    expect(new Set(options.map(({ flags, description }) => `${flags}: ${description}`)).size).toBe(1);
  });

  it('hand on how networks are run as one value', () => {
    const command = withInferenceOptions(new Command()).exitOverride();
    command.parse(['--threads', '3'], { from: 'user' });
    expect(flagsOf(command)).toEqual({ inference: { threads: 3 } });
  });
});
