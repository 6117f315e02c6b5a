import { Door } from '../../support/door.js';
import { expectNobody, highWater } from './runs.js';

/** A door whose every word is read: it names no patient. */
export class WatchedDoor extends Door {
  /** The most memory that it held so far, MB. */
  get peak(): number {
    return highWater(this.pid);
  }

  override async text(path: string): Promise<string> {
    const text = await super.text(path);
    expectNobody(text);
    return text;
  }

  override async scans() {
    const scans = await super.scans();
    expectNobody(JSON.stringify(scans));
    return scans;
  }

  override async stop(signal?: NodeJS.Signals): Promise<number | null> {
    const code = await super.stop(signal);
    expectNobody(this.said);
    return code;
  }
}
