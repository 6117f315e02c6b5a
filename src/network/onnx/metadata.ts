import { SegcanaryError } from '../../errors.js';
import { parseModel } from './parse.js';

/**
 * The axes that nnU-Net's training mirrored, and that test-time augmentation may therefore mirror,
 * as `scripts/export_nnunet.py` (and `export_nnunet_v1.py`) writes them into the ONNX file: 0 for
 * z, 1 for y, 2 for x of the network grid. They stand in nnU-Net's checkpoint and in no other file.
 *
 * @throws SegcanaryError `model-unsupported` where the file does not say
 */
export function mirrorAxesOf(onnx: Uint8Array, name: string): number[] {
  const entry = parseModel(onnx, name).metadataProps.find(({ key }) => key === 'inference_allowed_mirroring_axes');
  const axes: unknown = entry === undefined ? undefined : parse(entry.value);
  if (axes === null) return [];
  // Each once: n axes are 2^n passes.
  const once = Array.isArray(axes) && new Set(axes).size === axes.length;
  if (once && axes.every((axis) => [0, 1, 2].includes(axis))) return axes as number[];
  throw new SegcanaryError(
    'model-unsupported',
    `does not say which axes may be mirrored; export it with scripts/export_nnunet.py, or leave \`mirror\` out.`,
    { option: 'mirror', subject: name },
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
