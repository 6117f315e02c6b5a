import { type Box, chain, type Grid, load, openScan, type Slice, saveScan, stage } from 'segcanary';

/**
 * Writes a box of a scan, slice by slice, where it lay in the scanner.
 *
 * @param box half-open, in voxels of the file along [z, y, x]; an end that is null is the file's
 * @param to a path that ends in .nii.gz
 */
export async function cutBox(file: string, box: Ends, to: string): Promise<void> {
  await chain(load({ case: file }))
    .to(cut(box))
    .to(saveScan({ to }))
    .run(await openScan(file));
}

type End = readonly [start: number, stop: number | null];

/** Along z, y and x. */
export type Ends = readonly [End, End, End];

function cut(ends: Ends) {
  let cropped: Grid | null = null;
  let box: Box | null = null;
  return stage<Slice, Slice>(
    { name: 'cut' },
    {
      *transform({ grid, z, data }) {
        box ??= boxOf(grid, ends);
        cropped ??= gridOf(grid, box);
        const { start, stop } = box;
        if (z < start[0] || z >= stop[0]) return;
        const [, height, width] = cropped.shape;
        const inside = data.lo(0, start[1], start[2]).hi(grid.channels, height, width);
        yield { grid: cropped, z: z - start[0], data: inside };
      },
    },
  );
}

function boxOf({ shape }: Grid, [z, y, x]: Ends): Box {
  return { start: [z[0], y[0], x[0]], stop: [z[1] ?? shape[0], y[1] ?? shape[1], x[1] ?? shape[2]] };
}

/** The grid of the box as a scan of its own: its first voxel lies where it lay. */
function gridOf(grid: Grid, { start, stop }: Box): Grid {
  const shape = [stop[0] - start[0], stop[1] - start[1], stop[2] - start[2]] as const;
  const affine = [...grid.scan.affine];
  for (const row of [0, 4, 8])
    affine[row + 3] += affine[row] * start[2] + affine[row + 1] * start[1] + affine[row + 2] * start[0];
  // A header of no format makes the writer take the affine.
  const scan = { ...grid.scan, shape, affine, header: { format: 'box' } };
  return { ...grid, scan, shape, box: { start: [0, 0, 0], stop: shape } };
}
