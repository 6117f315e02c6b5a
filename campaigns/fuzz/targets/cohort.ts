import { isAbsolute } from 'node:path';
import { readCohort } from '../../../src/evaluate/cohort.js';
import type { Dice } from '../../dice.js';
import { expect } from '../finding.js';
import { mutateBytes } from '../mutate/bytes.js';
import type { Target } from '../target.js';

const file = 'cohort.csv';

interface Row {
  readonly case: string;
  readonly image: string;
  readonly label: string;
  readonly split: string;
  readonly group: string;
  readonly shift: string;
  readonly dataset: string;
}

/** Cohorts through `readCohort`: unharmed ones have to come back, cell by cell. */
export const cohort: Target = {
  name: 'cohort',
  weight: 8,
  limit: 2000,
  file,
  run(dice) {
    const rows = rowsOf(dice);
    const plain = write(rows, dice);
    const harmed = dice.chance(0.7);
    const text = harmed ? harm(plain, dice) : plain;
    const cases = readCohort(text, `/data/${file}`);
    expect(new Set(cases.map((c) => c.case)).size === cases.length, 'a case came twice');
    for (const found of cases) {
      expect(found.images.length > 0 && found.images.every(isAbsolute), `images ${found.images}`);
      expect(!/[/\\\p{Cc}]/u.test(found.case) && found.case !== '', `a case is named ${JSON.stringify(found.case)}`);
      expect(
        ['train', 'val', 'test'].includes(found.split) && ['id', 'ood'].includes(found.group),
        `split ${found.split}`,
      );
    }
    if (harmed) return;
    expect(cases.length === rows.length, `${cases.length} cases of ${rows.length} lines`);
    for (const [i, { label, image, ...rest }] of rows.entries()) {
      const found = cases[i];
      for (const [key, value] of Object.entries(rest))
        expect(found[key as keyof typeof rest] === value, `${key} is ${found[key as keyof typeof rest]}, not ${value}`);
      expect(
        found.images.join(';') ===
          image
            .split(';')
            .map((name) => `/data/${name}`)
            .join(';'),
        `images ${found.images}`,
      );
      expect(found.label === (label === '' ? null : `/data/${label}`), `label ${found.label}`);
    }
  },
};

function rowsOf(dice: Dice): Row[] {
  return Array.from({ length: dice.int(3, 12) }, (_, i) => {
    const split = ['train', 'val', 'test'][i % 3];
    const group = i > 2 && split === 'test' && dice.chance(0.5) ? 'ood' : 'id';
    const name = dice.pick(['case', 'a, b', 'say "x"', 'é', '..', '__proto__', '=1+', "'-x"]);
    return {
      case: `${name}${i}`,
      image: Array.from({ length: dice.int(1, 2) }, (_, c) => `scans/${i}_000${c}.nii.gz`).join(';'),
      label: dice.chance(0.5) ? `labels/${i}.nii.gz` : '',
      split,
      group,
      shift: group === 'ood' ? 'contrast, late' : '',
      dataset: dice.pick(['', 'Task501']),
    };
  });
}

/** Quoted where it has to be, in any order of columns, with either end of line. */
function write(rows: readonly Row[], dice: Dice): string {
  const columns = (Object.keys(rows[0]) as (keyof Row)[]).sort(() => dice.float() - 0.5);
  // An apostrophe before a formula is no part of a cell: one that is gets another before it.
  const plain = (text: string) =>
    /^'+[=+@-]/.test(text) || (/^[=+@-]/.test(text) && dice.chance(0.5)) ? `'${text}` : text;
  const quoted = (text: string) => (/[",]/.test(text) || dice.chance(0.1) ? `"${text.replaceAll('"', '""')}"` : text);
  const cell = (text: string) => quoted(plain(text));
  const end = dice.pick(['\n', '\r\n']);
  const lines = [columns, ...rows.map((row) => columns.map((column) => row[column]))].map((cells) =>
    cells.map(cell).join(','),
  );
  return (dice.chance(0.1) ? '\ufeff' : '') + lines.join(end) + (dice.chance(0.5) ? end : '');
}

function harm(text: string, dice: Dice): string {
  const nasty = ['"', ',', '\n', '\u0000', '\u001b[2J', '../', 'x'.repeat(30_000), '__proto__', ';;', '"\n', '\r'];
  switch (dice.int(0, 3)) {
    case 0:
      return new TextDecoder().decode(mutateBytes(new TextEncoder().encode(text), dice));
    case 1: {
      const at = dice.int(0, text.length);
      return text.slice(0, at) + dice.pick(nasty) + text.slice(at);
    }
    case 2:
      return text.replace(
        dice.pick(['case', 'image', 'split', 'train', 'id', 'test', 'group', 'label']),
        dice.pick([...nasty, '', 'case', 'constructor']),
      );
    default: {
      const lines = text.split('\n');
      lines.splice(dice.int(0, lines.length - 1), dice.int(0, 1), dice.pick(lines));
      return lines.join('\n');
    }
  }
}
