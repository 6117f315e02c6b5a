import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CLI, MODEL, runProcess } from '../support/cli.js';
import { detector, expectNobody, filesBelow, fresh, variant } from './support/runs.js';
import { oracle } from './support/tools.js';

const root = join(import.meta.dirname, '../..');

/** Folders as mercure makes them: files named by series and instance, their tags, the task. */
async function runModule(names: readonly string[], settings: Record<string, unknown>) {
  const folder = fresh();
  const [input, output] = [join(folder, 'in'), join(folder, 'out')];
  mkdirSync(input);
  mkdirSync(output);
  for (const [i, name] of names.entries())
    for (const [n, path] of filesBelow(variant(name)).entries()) {
      copyFileSync(path, join(input, `2.25.18.1.${i}#2.25.18.1.${i}.${n}.dcm`));
      writeFileSync(join(input, `2.25.18.1.${i}#2.25.18.1.${i}.${n}.tags`), '{"Modality":"CT"}');
    }
  const process = [{ module_name: 'segcanary', settings: { detector, ...settings } }];
  writeFileSync(join(input, 'task.json'), JSON.stringify({ id: 'a', process }));
  const ran = await runProcess('node', [join(root, 'examples/mercure/module.mjs')], {
    env: { MERCURE_IN_DIR: input, MERCURE_OUT_DIR: output, SEGCANARY: `node ${CLI}` },
  });
  const result = readFileSync(join(output, 'result.json'), 'utf8');
  expectNobody(ran.stdout.toString() + ran.stderr + result + filesBelow(output).join());
  return { ran, output, result: JSON.parse(result) };
}

describe('the module for mercure', () => {
  it('scores each series and leaves objects that mercure sends on', async () => {
    const { ran, output, result } = await runModule(['two-series'], {});
    expect(ran.stderr).toBe('');
    expect(ran.code).toBe(0);
    expect(result.scans).toHaveLength(2);
    expect(result.__mercure_notification.text).toMatch(/^2 series, /);
    const paths = filesBelow(output).filter((path) => path.endsWith('.dcm'));
    const objects = await oracle<{ kind: string; study: string }[]>('dicom_answers.py', 'objects', ...paths);
    expect(objects.map(({ kind }) => kind).join()).toMatch(/Comprehensive 3D SR/);
    expect(new Set(objects.map(({ study }) => study))).toEqual(new Set(['2.25.18.1']));
  });

  it('segments where a model is named', async () => {
    const { ran, output } = await runModule(['base'], { model: MODEL });
    expect(ran.code).toBe(0);
    const paths = filesBelow(output).filter((path) => path.endsWith('.dcm'));
    const objects = await oracle<{ kind: string }[]>('dicom_answers.py', 'objects', ...paths);
    expect(objects.map(({ kind }) => kind)).toContain('Segmentation');
  });

  it('asks for somebody where a series is refused', async () => {
    const { ran, result } = await runModule(['gap'], {});
    expect(ran.code).not.toBe(0);
    expect(result.__mercure_notification).toMatchObject({ requested: true });
    expect(result.__mercure_notification.text).toMatch(/1 refused/);
  });
});
