import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { checkout, outputsOf, type Step } from '../../campaigns/same-results/checkouts.js';
import { compare } from '../../campaigns/same-results/compare.js';

const one = (name: string, content: string | Buffer) => new Map([[name, Buffer.from(content as string)]]);
const compared = (name: string, before: string | Buffer, after: string | Buffer) =>
  compare(one(name, before), one(name, after));

describe('outputs of two checkouts', () => {
  it('are equal byte for byte, or differ at a byte that is named', () => {
    expect(compared('a.csv', 'case,1\n', 'case,1\n')).toEqual({ files: 1, bytes: 7, different: [], noted: [] });
    expect(compared('a.csv', 'case,1\n', 'case,2\n').different).toEqual([
      'a.csv: byte 5 of 7 (now 7), "case,1\\n" became "case,2\\n"',
    ]);
    expect(compared('a.nii.gz', Buffer.from([0x1f, 1]), Buffer.from([0x1f, 2, 3])).different).toEqual([
      'a.nii.gz: byte 1 of 2 (now 3)',
    ]);
  });

  it('have the same files', () => {
    expect(compare(one('a', ''), one('b', '')).different).toEqual(['a is missing', 'b is new']);
  });

  it('may have more fields in detector.json, and none that changed', () => {
    const before = '{"n":3,"plan":{"order":1}}';
    const more = compared('x/detector.json', before, '{"n":3,"device":"cpu","plan":{"order":1,"form":2}}');
    expect(more).toMatchObject({
      different: [],
      noted: ['x/detector.json gained .device', 'x/detector.json gained .plan.form'],
    });
    const other = compared('x/detector.json', before, '{"n":4,"plan":{}}');
    expect(other).toMatchObject({
      different: ['x/detector.json: .n differs', 'x/detector.json: .plan.order differs'],
      noted: [],
    });
    expect(compared('x/detector.json', before, '{"plan":{"order":1},"n":3}').different).toHaveLength(1);
    expect(compared('scores.json', before, '{"n":3,"plan":{"order":1,"form":2}}').different).toHaveLength(1);
  });

  it('may word an error otherwise, and give no other one', () => {
    const line = (code: string, message: string) =>
      `{"case":"a","score":1}\n{"case":"b","error":{"code":"${code}","message":"${message}"}}\n`;
    expect(compared('stdout', line('truncated', 'x'), line('truncated', 'y'))).toMatchObject({ different: [] });
    expect(compared('stdout', line('truncated', 'x'), line('truncated', 'y')).noted).toHaveLength(1);
    expect(compared('stdout', line('truncated', 'x'), line('io', 'y')).different).toHaveLength(1);
    expect(compared('stdout', line('io', 'x'), line('io', 'x').replace('1', '2')).different).toHaveLength(1);
    const more = line('io', 'x').replace('"code"', '"subject":"b","code"');
    expect(compared('stdout', line('io', 'x'), more)).toMatchObject({ different: [] });
    // A warning is part of a result.
    const warning = (message: string) => `{"warnings":[{"code":"few","message":"${message}"}]}\n`;
    expect(compared('stdout', warning('x'), warning('y')).different).toHaveLength(1);
  });

  it('may have images that say otherwise whose they are, and no other header or voxel', () => {
    const image = (description: string, at = 148) => {
      const bytes = Buffer.alloc(360);
      bytes.write(description, at);
      return bytes;
    };
    const [before, after] = [image('FSL'), image('segcanary: labels')];
    for (const pack of [gzipSync, (bytes: Buffer) => bytes]) {
      const found = compared(pack === gzipSync ? 'a.nii.gz' : 'a.nii', pack(before), pack(after));
      expect(found).toMatchObject({ different: [], noted: [expect.stringMatching(/^a\.nii/)] });
    }
    expect(compared('a.nii', before, image('FSL', 228)).different).toHaveLength(1);
    expect(compared('a.bin', before, after).different).toHaveLength(1);
  });

  it('may have other comments in the script of a report', () => {
    const page = (comment: string, data: string) => `<script>${comment}\nconst a = ${data};\n</script>`;
    expect(compared('out/report.html', page('// a b', '1'), page('// a\n/**\n * b\n */', '1'))).toMatchObject({
      different: [],
    });
    expect(compared('out/report.html', page('// a', '1'), page('// b', '2')).different).toHaveLength(1);
  });

  it('are compared without what was measured of the run itself', () => {
    expect(compared('out/results.json', '{"seconds":1,"auroc":1}', '{"seconds":2,"auroc":1}').different).toEqual([]);
    expect(compared('out/results.json', '{"seconds":1,"auroc":1}', '{"seconds":1,"auroc":2}').different).toHaveLength(
      1,
    );
  });
});

describe('a step', () => {
  const ROOT = fileURLToPath(new URL('../..', import.meta.url));
  const inFolder = async (work: (folder: string) => Promise<void>) => {
    const folder = mkdtempSync(join(tmpdir(), 'segcanary-same-'));
    try {
      await work(folder);
    } finally {
      rmSync(folder, { recursive: true });
    }
  };

  it('gives what the command writes and says', () =>
    inFolder(async (folder) => {
      const at = checkout(ROOT, folder);
      const step: Step = {
        artefact: 'version',
        args: ['--version'],
        prepare: (to) => {
          mkdirSync(join(to, 'cache'));
          writeFileSync(join(to, 'cache/a'), 'no result');
          writeFileSync(join(to, 'b'), 'result');
        },
      };
      const outputs = await outputsOf(step, at, true);
      expect([...outputs.keys()]).toEqual(['exit code', 'stdout', 'stderr', 'b']);
      expect(String(outputs.get('stdout'))).toMatch(/^\d+\.\d+\.\d+\n$/);
    }));

  it('proves nothing where the older checkout fails, or is not built', () =>
    inFolder(async (folder) => {
      const at = checkout(ROOT, folder);
      const wrong: Step = { artefact: 'wrong', args: ['score', '--no-such-option'] };
      await expect(outputsOf(wrong, at, true)).rejects.toThrow(/wrong: segcanary score .* ended with 2/);
      await expect(outputsOf(wrong, at, false)).resolves.toBeDefined();
      expect(() => checkout(folder, folder)).toThrow(/run `npm ci && npm run build`/);
    }));
});
