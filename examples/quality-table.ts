/**
 * What the estimates of `segcanary segment` were worth, as Markdown:
 *
 *     npx tsx examples/quality-table.ts results.json lines.jsonl [TAU]      (.6)
 *
 * results.json is what `segcanary evaluate` wrote for the cohort, of which the true Dice are taken;
 * lines.jsonl what `segcanary segment -d DETECTOR` printed for its test scans, under the same
 * names.
 */
import { readFileSync } from 'node:fs';
import {
  type EstimatedScan,
  type EvaluationResults,
  meanAbsoluteError,
  qualityStatistics,
  type SegmentLine,
} from 'segcanary';

const [results = 'results.json', lines = 'lines.jsonl', tau = '.6'] = process.argv.slice(2);
const { methods } = JSON.parse(readFileSync(results, 'utf8')) as EvaluationResults;
const known = new Map(methods[0].cases.map((c) => [c.case, c]));

interface Judged extends EstimatedScan {
  readonly group: string;
  readonly shift: string;
  readonly trust: string;
  readonly flagged: boolean;
}

const judged = readFileSync(lines, 'utf8')
  .trim()
  .split('\n')
  .flatMap((text): Judged[] => {
    const line = JSON.parse(text) as SegmentLine;
    const { dice = null, group = '', shift = '', split } = known.get(line.case) ?? {};
    if (split !== 'test' || dice === null || !('score' in line) || !line.quality) return [];
    const { quality, uncertainty, trust, verdict } = line;
    const flagged = verdict === 'out-of-distribution';
    return [{ dice, estimate: quality.dice, atLeast: quality.atLeast, uncertainty, group, shift, trust, flagged }];
  });

const digits = (value: number | null | undefined): string =>
  value === null || value === undefined ? '–' : value.toFixed(3).replace(/^(-?)0\./, '$1.');
const row = (cells: readonly (string | number)[]) => console.log(`| ${cells.join(' | ')} |`);
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

row(['scans', 'n', 'Dice', 'expected', 'MAE', 'flagged', 'trusted']);
row(Array.from({ length: 7 }, () => '---'));
const show = (name: string, scans: readonly Judged[]) =>
  row([
    name,
    scans.length,
    digits(mean(scans.map(({ dice }) => dice))),
    digits(mean(scans.map(({ estimate }) => estimate))),
    digits(meanAbsoluteError(scans)),
    scans.filter(({ flagged }) => flagged).length,
    scans.filter(({ trust }) => trust === 'yes').length,
  ]);
const atHome = judged.filter(({ group }) => group === 'id');
show('in distribution', atHome);
for (const shift of new Set(judged.flatMap((scan) => scan.shift || [])))
  show(
    shift,
    judged.filter((scan) => scan.shift === shift),
  );
show('all', judged);

const [home, all] = [qualityStatistics(atHome), qualityStatistics(judged)];
if (home && all) {
  const { covered, n, interval } = home.bound;
  const trusted = judged.filter(({ trust }) => trust === 'yes');
  console.log(`
- bound: ${covered} of ${n} in-distribution scans have the Dice that it says (95 %: ${digits(interval?.low)} to ${digits(interval?.high)})
- ESCE over all: ${digits(all.calibrationError.esce)} of the estimate, ${digits(all.paperCalibrationError?.esce)} of the paper's 1 - U
- AURC ${digits(all.failure.aurc)}, AUGRC ${digits(all.failure.augrc)} over all, admitted by the estimate
- of ${trusted.length} trusted scans, ${trusted.filter(({ dice }) => dice < Number(tau)).length} have a Dice below ${tau}`);
}
