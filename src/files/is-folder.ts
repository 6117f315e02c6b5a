import { stat } from 'node:fs/promises';

/** Whether there is a folder; what is not there is told by whoever opens it. */
export const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
