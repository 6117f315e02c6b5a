/** One scan: its verdict, the scan itself, and why it was judged so. */
import { getDrift, getScan, removeScan, watchScan } from './api.js';
import { fill, h, isSure, say } from './dom.js';
import { dropTarget } from './drop.js';
import { isNifti, outcome, seconds, stateOf } from './format.js';
import { ImagePanel } from './image-panel.js';
import { badge, moment } from './parts.js';
import { files } from './uploads.js';
import { verdict } from './verdict.js';
import { why } from './why.js';

export async function scanView(main, id, { detectors, signal }) {
  let record = await getScan(id, { signal });
  const detector = detectors.find(({ hash }) => hash === record.detectorHash) ?? null;
  const calibration = detector ? (await getDrift(detector.name, {}, { signal })).calibration : [];
  signal.throwIfAborted();
  document.title = `${record.case} · segcanary`;

  const image = new ImagePanel({ detector, signal });
  // What may have the focus stays while the rest changes.
  const name = h('h1', { tabindex: -1 }, record.case);
  const remove = h('button', { type: 'button', class: 'plain danger', onclick: () => removed() });
  const trouble = h('p', { class: 'problem', role: 'alert', hidden: true });
  const state = h('span');
  const answer = h('section', { class: 'answer', 'aria-label': 'Verdict' });
  const reasons = h('section', { class: 'reasons', 'aria-labelledby': 'why-title' });
  const about = h('div');
  const facts = h('section', { class: 'facts-box', 'aria-label': 'Record' }, [
    about,
    h('p', { class: 'actions' }, remove),
    trouble,
  ]);
  fill(main, [
    h('p', { class: 'back' }, h('a', { href: '#/' }, '← All scans')),
    h('div', { class: 'scan-head' }, name, state),
    answer,
    h('div', { class: 'scan-body' }, [image.element, reasons]),
    facts,
  ]);

  const progress = {
    bar: h('progress', { 'aria-label': 'Patches that are scored' }),
    text: h('span', {}, 'Waiting for its turn'),
  };
  const show = () => {
    fill(state, badge(stateOf(record)));
    fill(answer, verdict(record, detector, calibration, progress));
    fill(reasons, why(record, { jump: (voxel) => image.jump(voxel), signal }));
    remove.textContent = isLive() ? 'Cancel this scan' : 'Remove this record';
    fill(about, factsOf(record, detectors));
    image.record(record);
  };
  const isLive = () => record.status === 'queued' || record.status === 'running';

  async function removed() {
    const text = isLive()
      ? 'It is not scored any further, and its record goes.'
      : 'The record and whatever images the server kept of it go. Its score stays in the drift series.';
    if (!(await isSure({ title: `${remove.textContent}?`, text, yes: isLive() ? 'Cancel the scan' : 'Remove it' })))
      return;
    try {
      await removeScan(id);
      say(`${record.case} was removed.`);
      location.hash = '#/';
    } catch (error) {
      trouble.textContent = error.message;
      trouble.hidden = false;
    }
  }

  show();
  dropTarget(
    [
      {
        text: 'Show it here',
        detail: `As ${record.case}, read by this browser alone. Nothing is sent. To score a scan, drop it onto the list of all scans.`,
        take: (given) => look(given),
      },
    ],
    signal,
  );
  function look([{ file }]) {
    if (!isNifti(file.name)) return image.problem(`${file.name} is no .nii or .nii.gz.`);
    files.set(id, file);
    image.show(file);
  }
  image.onFile = look;

  if (isLive()) {
    const onProgress = ({ patches, total }) => {
      progress.bar.max = total;
      progress.bar.value = patches;
      progress.text.textContent = `Patch ${patches} of ${total}`;
    };
    if (record.progress) onProgress(record.progress);
    watchScan(id, { onProgress, signal }).then(
      (ended) => {
        if (ended === null) {
          fill(answer, h('p', {}, 'This scan was removed from the server.'));
          return;
        }
        record = ended;
        show();
        say(record.error?.message ?? `${record.case}: ${outcome(record)}.`);
      },
      (error) => {
        if (!signal.aborted) fill(answer, h('p', { class: 'problem', role: 'alert' }, error.message));
      },
    );
  }
}

function factsOf(record, detectors) {
  const isOther = !detectors.some(({ hash }) => hash === record.detectorHash);
  const fact = (name, value) => (value === null ? null : h('div', {}, h('dt', {}, name), h('dd', {}, value)));
  return h('dl', { class: 'facts' }, [
    fact('Detector', [
      record.detector,
      isOther ? ' (as it was then; the server has another of that name now, or none)' : '',
    ]),
    fact('Site', record.site ?? '–'),
    fact('Scanner', record.scanner ?? '–'),
    fact('Received', moment(record.receivedAt)),
    fact('Finished', moment(record.finishedAt)),
    fact('Took', seconds(record.seconds)),
    fact('Patches', record.result ? String(record.result.patches) : null),
    fact('Record', h('code', {}, record.id)),
  ]);
}
