import dcmjs, { type Dcmjs } from 'dcmjs';

/**
 * dcmjs writes values that it finds odd to stderr, and they are patients'. It has loggers of its
 * own, one for all and some with names, and each remembers its level for itself.
 */
function silence({ log }: Pick<Dcmjs, 'log'>): void {
  // Made when it is first asked for, so that it is there to be silenced.
  log.getLogger('validation.dcmjs');
  for (const logger of [log, ...Object.values(log.getLoggers())]) logger.setLevel('silent', false);
}

silence(dcmjs);

/** dcmjs as modules get it, silent: import it from here and from nowhere else. */
export { dcmjs };
