import { SegcanaryError } from '../errors.js';
import { sha256 } from '../files/hash.js';
import { readWhole } from '../files/open.js';
import type { Warning } from '../results.js';

/** BIDS: `sub-01_ses-2_T1w`. */
const BIDS = /^(sub-[A-Za-z0-9]+)(?:_|$)/;
/** What follows a patient's name where one scan of several is meant, up to the end of the name. */
const VISIT =
  /[-_. ](?:ses|session|visit|timepoint|tp|followup|follow-up|fu|baseline|week|month|year)[-_. ]?\d*(?:[-_. ].*)?$/i;
/** A date, 20200131 or 2020-01-31, perhaps with a time or more behind it. */
const DATE = /[-_. ](?:19|20)\d\d([-_.]?)(?:0[1-9]|1[0-2])\1(?:0[1-9]|[12]\d|3[01])(?:[-_. T].*)?$/;

/**
 * Which patient each case is of. Where no table says so, the names do, if they say so plainly:
 *
 *   sub-01_ses-2_T1w    the subject of BIDS                             sub-01
 *   P7_visit2           what stands before ses, session, visit, tp,     P7
 *                       timepoint, followup, fu, baseline, week,
 *                       month or year, if there is a digit in it
 *   case_012_20200131   what stands before a date, if there are two     case_012
 *                       digits in a row in it (`T1_20200131` has not)
 *
 * Any other case is a patient of its own: to take two patients for one costs more scans than to
 * overlook that two scans are of one.
 *
 * @param table patient of each case, as `readPatients` gives it
 * @returns the patient of each case, in the order of the cases
 * @throws SegcanaryError `usage` for a case that the table does not have
 */
export function patientsOf(cases: readonly string[], table?: ReadonlyMap<string, string>): string[] {
  return cases.map((name) => {
    if (!table) return patientIn(name);
    const patient = table.get(name);
    if (patient !== undefined) return patient;
    throw new SegcanaryError('usage', 'the table of patients does not have this case; give it a line.', {
      subject: name,
    });
  });
}

function patientIn(name: string): string {
  const [, subject] = BIDS.exec(name) ?? [];
  if (subject !== undefined) return subject;
  const beforeVisit = name.replace(VISIT, '');
  if (beforeVisit !== name && /\d/.test(beforeVisit)) return beforeVisit;
  const beforeDate = name.replace(DATE, '');
  return beforeDate !== name && /\d\d/.test(beforeDate) ? beforeDate : name;
}

/**
 * Reads which patient each case is of: a CSV with the columns case and patient, parted by commas,
 * semicolons or tabs; other columns may be there.
 *
 * @throws SegcanaryError `io`, `cohort-invalid` naming the line
 */
export async function readPatients(path: string, signal?: AbortSignal): Promise<Map<string, string>> {
  // What few commands need is not waited for by all.
  const { readCsv } = await import('../files/read-csv.js');
  const text = (await readWhole(path, { signal })).toString('utf8');
  const invalid = (what: string) => new SegcanaryError('cohort-invalid', what, { subject: path });
  const rows = readCsv(text, path, {
    required: ['case', 'patient'],
    wanted: 'lists no cases; give a line of column names, case and patient, and a line a case.',
  });
  const patients = new Map<string, string>();
  for (const { record, line } of rows) {
    const { case: name, patient } = record;
    if (!name || !patient)
      throw invalid(`line ${line} has no ${name ? 'patient' : 'case'}; give the columns case and patient.`);
    if (patients.has(name)) throw invalid(`line ${line}: the case ${name} is listed twice.`);
    patients.set(name, patient);
  }
  return patients;
}

/** As many as leave four fifths of the scans to learn from. */
const FOLDS = 5;

/**
 * Deals scans out to five folds, all scans of a patient to one: what is fitted without a fold can
 * judge the scans in it. Patients take turns in the order of a hash of their names, which is as
 * good as chance, and the same in whatever order the scans are named.
 *
 * @param patients of every scan, as `patientsOf` gives them
 * @returns the fold of every scan, from 0
 */
export function foldsOf(patients: readonly string[]): number[] {
  const keys = [...new Set(patients)].map((patient) => ({ patient, key: sha256(patient) }));
  keys.sort((a, b) => (a.key < b.key ? -1 : 1));
  const places = new Map(keys.map(({ patient }, i) => [patient, i % FOLDS]));
  return patients.map((patient) => places.get(patient) as number);
}

/**
 * A warning where patients have several scans each: such scans are alike, so that they count for
 * fewer than they are.
 *
 * @param patients of every scan, as `patientsOf` gives them
 */
export function warningOfPatients(cases: readonly string[], patients: readonly string[]): Warning | null {
  const scans = new Map<string, string[]>();
  for (const [i, patient] of patients.entries()) scans.set(patient, [...(scans.get(patient) ?? []), cases[i]]);
  const several = [...scans].filter(([, names]) => names.length > 1);
  if (several.length === 0) return null;
  const [patient, names] = several[0];
  const example = `${names.slice(0, 3).join(', ')}${names.length > 3 ? ', …' : ''} of ${patient}`;
  return {
    code: 'scans-of-one-patient',
    message: `${cases.length} scans are of ${scans.size} patients (${example}): scans of one patient are alike and count for fewer than they are; take one of each.`,
  };
}
