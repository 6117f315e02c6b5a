/** The first view: a place to drop scans, the charts of a detector, the list of scans. */
import { Gone, getDicom, getDrift } from './api.js';
import { DicomLines } from './dicom-lines.js';
import { fill, h } from './dom.js';
import { DriftCharts } from './drift.js';
import { dropTarget } from './drop.js';
import { ScanList } from './scan-list.js';
import { uploadForm, uploadList } from './upload-form.js';

/** How often the page asks what is new, in ms. */
const EVERY = 4000;

export async function overview(main, { detectors, signal, parameters }) {
  document.title = 'Scans · segcanary';
  const charts = new DriftCharts(signal);
  const sites = new Set();
  const scanners = new Set();
  const dicom = new DicomLines();
  const list = new ScanList({ detectors, parameters, signal, onFilter: () => refreshed() });
  const form = uploadForm({ detectors, sites });
  const refresh = async () => {
    await list.refresh();
    const { detector: name, site, scanner } = list.filter;
    const detector = detectors.find((d) => d.name === name) ?? detectors[0];
    // All sites of all detectors may be chosen; a detector that has not seen one has an empty
    // chart.
    const drift = await getDrift(detector.name, site ? { site } : { scanner }, { signal });
    for (const found of drift.sites) sites.add(found);
    for (const found of drift.scanners) scanners.add(found);
    list.offer('site', sites);
    list.offer('scanner', scanners);
    form.offerSites(sites);
    charts.show(detector, drift, list.cases);
    dicom.show(await getDicom({ signal }));
  };

  // The server may be away, which the banner says; it is asked again in a moment.
  const refreshed = () =>
    refresh().catch((error) => {
      if (!signal.aborted && !(error instanceof Gone)) console.warn(error.message);
    });

  await Promise.all(
    detectors.map(async ({ name }) => {
      const drift = await getDrift(name, {}, { signal });
      for (const site of drift.sites) sites.add(site);
      for (const scanner of drift.scanners) scanners.add(scanner);
    }),
  );
  await refresh();
  signal.throwIfAborted();
  fill(main, [
    h('h1', { tabindex: -1, class: 'unseen' }, 'Scans'),
    form.element,
    uploadList(signal),
    dicom.element,
    charts.element,
    list.element,
  ]);
  charts.draw();
  dropTarget(
    [{ text: 'Drop to score', detail: 'The scan is sent to this server.', take: (files) => form.take(files) }],
    signal,
  );
  poll(refreshed, signal);
}

/** Asks again and again, while the page is looked at. */
async function poll(refreshed, signal) {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, EVERY));
    if (signal.aborted) return;
    if (!document.hidden) await refreshed();
  }
}
