import fc from 'fast-check';

/**
 * For mutation testing: a property that a mutant breaks is broken soon. Instrumented runs take ten
 * times as long, so the number of runs that some tests ask for is cut by time.
 */
fc.configureGlobal({ numRuns: 12, seed: 1, interruptAfterTimeLimit: 200 });
