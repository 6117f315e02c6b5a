import type { Command } from 'commander';
import { SegcanaryError } from '../errors.js';
import { openNetwork } from '../network/folder.js';
import { listTaps, type Tap } from '../network/taps.js';
import type { LogOptions } from './log.js';
import { flagsOf, type PlanFlags, withFoldOption, withPlanOptions } from './options.js';
import { runSession } from './session.js';
import { table } from './table.js';

interface TapsFlags extends PlanFlags, LogOptions {
  readonly fold: number;
  readonly ndjson?: boolean;
}

export function tapsCommand(program: Command): void {
  const command = program
    .command('taps')
    .description('list the tensors worth tapping: name, shape, features after pooling; * marks the bottleneck')
    .argument('<model>', 'nnU-Net’s model folder, or an ONNX file');
  withFoldOption(withPlanOptions(command))
    .option('--ndjson', 'one JSON object a line instead of a table')
    .action((path: string) => {
      const flags = flagsOf<TapsFlags>(command);
      return runSession(flags, async ({ log, signal, say, print }) => {
        const model = await openNetwork(path, { ...flags, signal });
        const patchShape = model.plan ? [model.plan.channels.length, ...model.plan.patchSize] : undefined;
        const taps = await listTaps(model.onnx, patchShape, { name: model.path });
        if (taps.length === 0) {
          throw new SegcanaryError(
            'model-unsupported',
            'has no tensor with the axes of a 3-D patch; segcanary taps 3-D networks.',
            { subject: model.path },
          );
        }
        if (!taps.some((tap) => tap.suggested)) {
          log.warn(
            `${model.path}: nothing in it up-samples, so it has no bottleneck and no stages; fit a detector on a tap (fit --detector mahalanobis --tap …).`,
          );
        }
        if (flags.ndjson) for (const tap of taps) await print(tap);
        else await say(table(['', 'tensor', 'made by', 'shape', 'pooled', 'd'], taps.map(row)));
        return 0;
      });
    });
}

const row = (tap: Tap): string[] => [
  tap.suggested ? '*' : '',
  tap.name,
  tap.op,
  tap.shape.join('x'),
  tap.pooledShape.join('x'),
  String(tap.d),
];
