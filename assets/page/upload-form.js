/** Giving scans to the server: the form, and the list of what this tab has sent. */
import { fill, h, say } from './dom.js';
import { stateOf } from './format.js';
import { pickedFiles, scansIn } from './given.js';
import { badge } from './parts.js';
import { add, dismiss, events, retry, uploads } from './uploads.js';

const TAG = '[A-Za-z0-9 ._\\-]{1,64}';

/** The element, and `take(files)` for files that were dropped. */
export function uploadForm({ detectors, sites }) {
  const picker = h('input', {
    type: 'file',
    id: 'file',
    accept: '.nii,.gz,.zip,.tar,.tgz,.dcm',
    multiple: true,
    class: 'unseen',
  });
  const folder = h('input', { type: 'file', id: 'folder', webkitdirectory: true, class: 'unseen' });
  const select = h(
    'select',
    { id: 'send-detector' },
    detectors.map(({ name }) => h('option', { value: name }, name)),
  );
  const tag = (id, more = {}) =>
    h('input', { id, type: 'text', pattern: TAG, maxLength: 64, autocomplete: 'off', placeholder: 'none', ...more });
  const known = h('datalist', { id: 'known-sites' });
  const site = tag('send-site', { list: 'known-sites' });
  const scanner = tag('send-scanner');
  const segment = h('input', { type: 'checkbox', id: 'send-segment', checked: true });
  const segmentField = h('label', { class: 'check' }, segment, 'segment it too');
  const problem = h('p', { class: 'problem', role: 'alert', hidden: true });
  const chosen = () => detectors.find(({ name }) => name === select.value) ?? detectors[0];
  const hint = h('span', { class: 'soft' });
  const adapt = () => {
    const { channels, segments } = chosen();
    segmentField.hidden = !segments;
    hint.textContent =
      channels.length > 1
        ? `${channels.length} files a scan: ${channels.join(', ')}`
        : 'or drop it anywhere on this page';
  };
  select.addEventListener('change', adapt);
  adapt();

  async function take(given) {
    problem.hidden = true;
    try {
      for (const field of [site, scanner])
        if (!field.checkValidity())
          throw new Error('Site and scanner have up to 64 letters, digits, spaces, dots, dashes and underscores.');
      const { name: detector, channels, segments } = chosen();
      const scans = await scansIn(given, channels);
      for (const scan of scans) {
        const query = {
          detector,
          // A folder is often called after a patient: the server names a series by a hash.
          case: scan.kind === 'nifti' ? scan.name : '',
          site: site.value.trim(),
          scanner: scanner.value.trim(),
          segment: segments && segment.checked ? '1' : '',
        };
        add({ scan, query, isOnly: scans.length === 1 });
      }
    } catch (error) {
      problem.textContent = error.message;
      problem.hidden = false;
    }
  }
  for (const input of [picker, folder])
    input.addEventListener('change', () => {
      const given = pickedFiles(input.files);
      input.value = '';
      if (given.length > 0) take(given);
    });
  const field = (label, input) => h('div', { class: 'field' }, h('label', { for: input.id }, label), input);
  const element = h('section', { class: 'send', 'aria-label': 'Score a scan' }, [
    h('div', { class: 'pick' }, [
      picker,
      h('label', { for: 'file', class: 'button strong' }, 'Score a .nii.gz …'),
      folder,
      h('label', { for: 'folder', class: 'button' }, 'Score a DICOM folder …'),
      hint,
    ]),
    h('div', { class: 'fields' }, [
      detectors.length > 1 ? field('Detector', select) : null,
      field('Site', site),
      field('Scanner', scanner),
      segmentField,
    ]),
    known,
    problem,
  ]);
  const offerSites = (names) => {
    if (known.childElementCount !== names.size)
      fill(
        known,
        [...names].sort().map((value) => h('option', { value })),
      );
  };
  offerSites(sites);
  return { element, take, offerSites };
}

/** What this tab has sent, as it comes along. */
export function uploadList(signal) {
  const element = h('ul', { class: 'uploads', 'aria-label': 'Sent from this tab' });
  const draw = () => {
    element.hidden = uploads.length === 0;
    for (const upload of uploads) {
      if (!items.has(upload)) items.set(upload, uploadItem(upload));
      items.get(upload).draw();
    }
    const shown = uploads.map((upload) => items.get(upload).element);
    for (const child of [...element.children]) if (!shown.includes(child)) child.remove();
    for (const child of shown) if (child.parentElement !== element) element.append(child);
  };
  const items = new Map();
  events.addEventListener('change', draw, { signal });
  events.addEventListener(
    'accepted',
    ({ detail }) => {
      if (detail.isOnly) location.hash = `#/scans/${detail.record.id}`;
    },
    { signal },
  );
  draw();
  return element;
}

/** One of them. Its elements stay, so that a button keeps the focus while numbers change. */
function uploadItem(upload) {
  const name = h('span', { class: 'name' });
  const bar = h('progress', { 'aria-label': `Progress of ${upload.name}` });
  const text = h('span', { class: 'text' });
  const which = h('input', {
    type: 'text',
    class: 'series',
    placeholder: 'series number',
    autocomplete: 'off',
    'aria-label': `Series of ${upload.name} to score: its number or UID`,
  });
  const again = h('button', { type: 'button' }, 'Send again');
  const repeat = () => {
    if (upload.asksSeries) upload.query.series = which.value.trim();
    retry(upload);
  };
  again.addEventListener('click', repeat);
  which.addEventListener('keydown', ({ key }) => key === 'Enter' && repeat());
  const away = h('button', { type: 'button', class: 'plain' });
  away.addEventListener('click', () => {
    dismiss(upload);
    say(`${upload.name} is off the list.`);
  });
  const element = h('li', {}, name, bar, text, which, again, away);
  const draw = () => {
    const { phase, sent, size, progress, record } = upload;
    const isOver = phase === 'done' || phase === 'failed';
    fill(name, record ? h('a', { href: `#/scans/${record.id}` }, upload.name) : upload.name);
    bar.hidden = isOver || phase === 'waiting';
    const [value, max] = phase === 'sending' ? [sent, size] : progress ? [progress.patches, progress.total] : [null, 1];
    bar.max = max;
    if (value === null) bar.removeAttribute('value');
    else bar.value = value;
    fill(text, phase === 'done' ? badge(stateOf(record)) : upload.text);
    element.className = phase;
    again.hidden = !(phase === 'failed' && record === null);
    which.hidden = again.hidden || !upload.asksSeries;
    away.textContent = isOver ? 'Dismiss' : record ? 'Stop watching' : 'Cancel';
    away.setAttribute('aria-label', `${away.textContent}: ${upload.name}`);
  };
  return { element, draw };
}
