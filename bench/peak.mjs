// Loaded into a measured process by --import: writes its peak resident set, in MB, to the file that
// SEGCANARY_PEAK names when it exits.
import { writeFileSync } from 'node:fs';

process.on('exit', () => writeFileSync(process.env.SEGCANARY_PEAK, String(process.resourceUsage().maxRSS / 1024)));
