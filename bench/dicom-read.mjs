// Reads the series below a folder, headers and slices, and prints how many slices there were.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { readDicomHeader } from '../dist/formats/dicom/header.js';
import { DicomSeries } from '../dist/formats/dicom/series-reader.js';
import { sharing } from '../dist/formats/dicom/sharing.js';
import { planVolume } from '../dist/formats/dicom/volume.js';

const folder = process.argv[2];
const headers = [];
for (const name of readdirSync(folder)) {
  const path = join(folder, name);
  const header = await readDicomHeader({ name, path, start: 0, length: statSync(path).size });
  headers.push(sharing(header, headers[0] ?? header));
}
const series = new DicomSeries(await planVolume(headers, { name: 'series' }));
let slices = 0;
for await (const { z } of series.slices({ case: 'series', name: 'series' })) slices = z + 1;
process.stdout.write(`${slices}\n`);
