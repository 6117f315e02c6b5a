import { Writable } from 'node:stream';

/** A stream whose bytes go to each of several, at the pace of the slowest. */
export function tee(...all: readonly Writable[]): Writable {
  const each = (act: (to: Writable, done: (error?: Error | null) => void) => void) =>
    Promise.all(
      all.map((to) => new Promise<void>((resolve, reject) => act(to, (error) => (error ? reject(error) : resolve())))),
    );
  return new Writable({
    write: (chunk, encoding, done) => {
      each((to, written) => to.write(chunk, encoding, written)).then(() => done(), done);
    },
    final: (done) => {
      each((to, ended) => to.end(ended)).then(() => done(), done);
    },
    destroy: (error, done) => {
      for (const to of all) to.destroy(error ?? undefined);
      done(error);
    },
  });
}
