/** One scan: its verdict, the scan itself, and why it was judged so. */
import { getDrift, getScan, removeScan, watchScan } from './api.js';
import { fill, h, isSure, say } from './dom.js';
import { dropTarget } from './drop.js';
import { isNifti, number, seconds, stateOf, times } from './format.js';
import { ImagePanel } from './image-panel.js';
import { badge, moment } from './parts.js';
import { scoreStrip } from './score-strip.js';
import { files } from './uploads.js';
import { why } from './why.js';

export async function scanView(main, id, { detectors, signal }) {
  let record = await getScan(id, { signal });
  const detector = detectors.find(({ hash }) => hash === record.detectorHash) ?? null;
  const calibration = detector ? (await getDrift(detector.name, null, { signal })).calibration : [];
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
  function look([file]) {
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
        say(record.error?.message ?? `${record.case}: ${stateOf(record).text}, score ${number(record.result?.score)}.`);
      },
      (error) => {
        if (!signal.aborted) fill(answer, h('p', { class: 'problem', role: 'alert' }, error.message));
      },
    );
  }
}

function verdict(record, detector, calibration, progress) {
  const { status, result, error } = record;
  if (status === 'queued' || status === 'running') return h('div', { class: 'progress' }, progress.bar, progress.text);
  if (status === 'interrupted') return h('p', {}, 'The server ended before this scan was done. Send it again.');
  if (status === 'failed')
    return [h('p', { class: 'problem' }, error.message), h('p', { class: 'soft' }, `Code: ${error.code}`)];
  if (!result?.verdict) return h('p', {}, 'It was segmented without a detector, so that nothing is said about it.');
  const { score, boundary, warnings } = result;
  const of = boundary > 0 ? `, ${times(score / boundary)} the boundary of ${number(boundary)}` : '';
  const words = {
    'out-of-distribution': `Score ${number(score)}${of}. The network’s features are not those of its training scans: look at the segmentation before it is used.`,
    'in-distribution': `Score ${number(score)}${of}. The network’s features are like those of its training scans. That is about the scan, and no proof that the segmentation is right.`,
    uncalibrated: `Score ${number(score)}. The detector is not calibrated, so there is no boundary to compare it with.`,
  };
  return [
    h('p', { class: 'lead' }, words[result.verdict]),
    calibration.length > 0 && detector ? scoreStrip({ score, boundary, calibration, verdict: result.verdict }) : null,
    warnings.length > 0
      ? h(
          'ul',
          { class: 'warnings', 'aria-label': 'Warnings' },
          warnings.map(({ code, message }) => h('li', {}, h('strong', {}, code), ` ${message}`)),
        )
      : null,
  ];
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
