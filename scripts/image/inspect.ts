import { lstatSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';

/** Every file of a folder, and its bytes. */
export function filesOf(root: string): { readonly path: string; readonly bytes: number }[] {
  return readdirSync(root, { recursive: true, withFileTypes: true }).flatMap((entry) => {
    if (entry.isDirectory()) return [];
    const path = join(entry.parentPath, entry.name);
    return [{ path: relative(root, path), bytes: lstatSync(path).size }];
  });
}

/** Binaries that this system cannot load, and those of GPUs. */
export function foreignBinaries(
  paths: readonly string[],
  { platform, arch }: { platform: string; arch: string },
): string[] {
  const others = ['linux', 'darwin', 'win32'].filter((name) => name !== platform);
  const processors = ['x64', 'arm64', 'ia32'].filter((name) => name !== arch);
  const foreign = new RegExp(
    `(^|[/_-])(${[...others, ...processors, 'musl', 'cuda', 'tensorrt', 'providers'].join('|')})([/_.-]|$)`,
  );
  return paths.filter(
    (path) => /\.(dll|dylib|lib|exe)$/.test(path) || (/\.(node|so(\.\d+)*)$/.test(path) && foreign.test(path)),
  );
}
