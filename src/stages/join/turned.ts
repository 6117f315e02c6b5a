import type { Grid, Slice, Triple } from '../../chunks.js';
import { TempFile } from '../../files/temp-file.js';
import { contiguous } from '../../maths/volume/contiguous.js';
import type { AxisMap } from '../../maths/volume/orientation.js';
import { SliceOrder } from '../slice-order.js';
import { playBack } from '../spool/playback.js';

/**
 * A channel in other axes than those it is stored in: written to a temporary file as it comes, and
 * played back from there. Holds two slices, or 64 MiB of them where the slice axis moves.
 *
 * @param first its first slice, which was taken to see how it lies; `rest` has the others
 * @throws SegcanaryError `io` where the folder has no room, `truncated` where slices are missing
 */
export async function* turned(
  first: Slice,
  rest: AsyncIterator<Slice>,
  map: AxisMap,
  { tmpdir, signal }: { readonly tmpdir?: string | undefined; readonly signal: AbortSignal },
): AsyncGenerator<Slice, void, undefined> {
  const { scan } = first.grid;
  const file = TempFile.open(tmpdir, scan.case);
  try {
    const order = new SliceOrder('join');
    for (let slice = first; ; ) {
      signal.throwIfAborted();
      order.take(slice);
      await file.append(contiguous(slice.data));
      const { done, value } = await rest.next();
      if (done) break;
      slice = value;
    }
    order.end();
    const store = {
      masked: false,
      read: (z: number, data: Float32Array) => file.read(data, z * data.byteLength),
    };
    yield* playBack(turnedGrid(first.grid, map), store, signal);
  } finally {
    await file.close();
  }
}

function turnedGrid(grid: Grid, { axes, flipped }: AxisMap): Grid {
  const pick = ([...values]: Triple): Triple => [values[axes[0]], values[axes[1]], values[axes[2]]];
  const shape = pick(grid.shape);
  return { ...grid, axes, flipped, shape, spacing: pick(grid.spacing), box: { start: [0, 0, 0], stop: shape } };
}
