import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { cutAtTap } from '../../../src/network/onnx/cut.js';
import { insertDropout } from '../../../src/network/onnx/dropout.js';
import { GraphIndex } from '../../../src/network/onnx/graph.js';
import { mirrorAxesOf } from '../../../src/network/onnx/metadata.js';
import { parseModel } from '../../../src/network/onnx/parse.js';
import { suggestTap } from '../../../src/network/taps.js';
import { expect } from '../finding.js';
import { elsewhere, mutateOnnx } from '../mutate/onnx.js';
import type { Target } from '../target.js';

const file = 'net.onnx';
const fixture = (name: string) =>
  new Uint8Array(readFileSync(fileURLToPath(new URL(`../../../test/fixtures/models/${name}.onnx`, import.meta.url))));

/** The smallest of every kind of graph that the tests know. */
export const models = ['flat', 'unet-nearest', 'unet-sizes', 'nested', 'plain-17-dynamic'].map(fixture);

/** ONNX bytes through everything that is done to a graph before onnxruntime sees it. */
export const onnx: Target = {
  name: 'onnx',
  weight: 8,
  limit: 2000,
  file,
  run(dice) {
    const whole = dice.pick(models);
    const { bytes, smuggled } = dice.chance(0.03) ? { bytes: whole, smuggled: false } : mutateOnnx(whole, dice);
    const { graph } = parseModel(bytes, file);
    expect(!smuggled, 'weights in another file got past parseModel');
    const index = new GraphIndex(graph);
    const named = dice.pick(graph.node).output[0] ?? '';
    const tap = dice.chance(0.5) ? (suggestTap(graph) ?? named) : named;
    const features = dice.chance(0.3) ? { stages: [tap], taps: [{ name: tap, shape: [8, 4, 8, 8] }] } : {};
    const cut = cutAtTap(bytes, tap, file, features);
    expect(!Buffer.from(cut).includes(elsewhere), 'the cut model names another file');
    const again = parseModel(cut, file);
    expect(again.graph.output[0]?.name === tap, `the output is ${again.graph.output[0]?.name}, not ${tap}`);
    expect(again.graph.node.length <= graph.node.length + 20, 'the cut made it longer');
    const kept = new Set(again.graph.node.flatMap((node) => node.output));
    const { nodes } = index.backwardsFrom([tap]);
    for (const node of nodes)
      for (const output of index.nodes[node].output) expect(kept.has(output), `the cut lost ${output}`);
    if (dice.chance(0.5)) insertDropout(graph, file);
    if (dice.chance(0.2)) {
      const axes = mirrorAxesOf(bytes, file);
      expect(axes.length <= 3, `${axes.length} axes to mirror`);
    }
  },
};
