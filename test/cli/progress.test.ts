import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ProgressLine } from '../../src/cli/progress.js';
import { ScanProgress } from '../../src/cli/scan-progress.js';

describe('progress', () => {
  let said: string[];
  const say = (text: string) => said.push(text);
  beforeEach(() => {
    said = [];
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  it('is a line every half minute where stderr is no terminal, with what is done and what is left', () => {
    const progress = new ProgressLine({ quiet: false, terminal: false, say });
    const done = new ScanProgress({ progress }, 77);
    vi.advanceTimersByTime(29_999);
    expect(said).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(said).toEqual(['0/77 scans']);
    done.onProgress({ case: 'case_001', patches: 30, total: 90 });
    done.next('case_001');
    done.onProgress({ case: 'case_002', patches: 7, total: 90 });
    // What the log writes in between takes nothing away.
    progress.clear();
    vi.advanceTimersByTime(60_000);
    expect(said.slice(1)).toEqual(Array(2).fill('2/77 case_002: patch 7 of 90'));
    progress.end();
    vi.advanceTimersByTime(60_000);
    expect(said).toHaveLength(3);
  });

  it('says nothing of what has no progress, and nothing when it is to be quiet', () => {
    new ProgressLine({ quiet: false, terminal: false, say });
    const quiet = new ProgressLine({ quiet: true, terminal: false, say });
    quiet.update('1/2 a');
    vi.advanceTimersByTime(300_000);
    expect(said).toEqual([]);
  });

  it('is one line on a terminal that is written over, past the first second', () => {
    const written: string[] = [];
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => written.push(String(text)) > 0);
    const progress = new ProgressLine({ quiet: false, terminal: true, say });
    progress.update('too soon');
    vi.advanceTimersByTime(1000);
    progress.update('1/2 a');
    progress.update('too soon after that');
    vi.advanceTimersByTime(60_000);
    progress.end();
    expect(written).toEqual(['\r\x1b[K1/2 a', '\r\x1b[K']);
    expect(said).toEqual([]);
  });

  it('knows how long each scan took', () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const done = new ScanProgress({ progress: { update: () => {} } }, 3);
    vi.advanceTimersByTime(1500);
    expect(done.next('a')).toBe(1.5);
    vi.advanceTimersByTime(250);
    expect([done.next('b'), done.at]).toEqual([0.25, '3/3']);
  });
});
