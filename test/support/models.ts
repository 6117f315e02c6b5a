import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface ExpectedTap {
  readonly role: string;
  /** Tensors of the ONNX file that hold what the PyTorch module computes. */
  readonly names: readonly string[];
  /** Without the batch axis. */
  readonly shape: readonly number[];
  readonly positions: readonly number[];
  /** Values there: from a PyTorch forward hook, and from onnxruntime in Python on a cut encoder. */
  readonly torch: readonly number[];
  readonly onnxruntime: readonly number[];
}

export interface ExpectedModel {
  readonly name: string;
  readonly patch: readonly number[];
  readonly opset: number;
  readonly axes: string;
  readonly taps: readonly ExpectedTap[];
}

const folder = join(import.meta.dirname, '../fixtures/models');

/** What test/oracle/onnx_models.py found in PyTorch. */
export const expectedModels: readonly ExpectedModel[] = Object.entries(
  JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as Record<string, Omit<ExpectedModel, 'name'>>,
).map(([name, model]) => ({ name, ...model }));

export const modelFile = (name: string): Uint8Array => new Uint8Array(readFileSync(join(folder, `${name}.onnx`)));

/** The input that the Python scripts make too: ((7919 i) mod 1009) / 504.5 - 1. */
export function oracleInput(shape: readonly number[]): Float32Array {
  const size = shape.reduce((a, b) => a * b, 1);
  return Float32Array.from({ length: size }, (_, i) => ((7919 * i) % 1009) / 504.5 - 1);
}
