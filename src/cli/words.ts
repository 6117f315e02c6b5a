import { type ErrorDescription, inWords, type OptionName } from '../errors.js';
import type { ScanFailure } from '../results.js';

const flags: Readonly<Partial<Record<OptionName, string>>> = {
  allow: '--allow',
  case: '--case',
  data: '--data',
  detectors: '-d',
  dicom: '--dicom',
  eachSeries: '--each-series',
  early: '--early',
  explain: '--explain',
  fdr: '--fdr',
  format: '--format',
  level: '--level',
  mask: '--mask',
  method: '--detector',
  mirror: '--tta',
  modality: '--modality',
  output: '-o',
  plans: '-p',
  port: '--port',
  rememberConstants: '--remember-constants',
  sendTo: '--send-to',
  series: '--series',
  spool: 'without --no-spool',
  stepSize: '--step-size',
  tap: '--tap',
  tmpdir: '--tmpdir',
  token: 'SEGCANARY_TOKEN or --token-file',
  untilt: '--untilt',
  volume: '--volume',
};

/** What the command line calls an option of the library. */
export function flagOf(option: OptionName): string | null {
  return option.startsWith('limits.')
    ? `--limits ${option.slice('limits.'.length)}=…`
    : Object.hasOwn(flags, option)
      ? (flags[option] ?? null)
      : null;
}

/** The sentence of an error as the command line says it. */
export const sentenceOf = (error: ErrorDescription): string => inWords(error, flagOf);

/** A failure as the command line prints it: what only programs need is left out. */
export const printed = ({ case: name, error, warnings }: ScanFailure): ScanFailure => ({
  case: name,
  error: { code: error.code, message: sentenceOf(error) },
  ...(warnings && { warnings }),
});
