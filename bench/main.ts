/**
 * Every benchmark, each a process of its own, one after another: `npm run bench`, or `npm run bench
 * -- memory overhead` for some.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ALL = ['startup', 'memory', 'overhead', 'savings', 'encoder', 'fit', 'projection', 'dicom', 'default'];
/** These need Python environments, or curl, so they run only when they are named. */
const NAMED = ['nnunet', 'python', 'server'];

const wanted = process.argv.slice(2);
for (const name of wanted.length > 0 ? wanted : ALL) {
  if (![...ALL, ...NAMED].includes(name))
    throw new Error(`there is no benchmark ${name}; there are ${[...ALL, ...NAMED].join(', ')}`);
  const file = fileURLToPath(new URL(`./${name}.ts`, import.meta.url));
  const { status } = spawnSync(process.execPath, [...process.execArgv, file], { stdio: 'inherit' });
  // A bound that was missed: go on, and say so in the end.
  if (status !== 0) process.exitCode = 1;
  console.log();
}
