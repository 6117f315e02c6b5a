/**
 * Files that are dragged onto the page: the whole window takes them, and shows what will become of
 * them.
 */
import { h } from './dom.js';
import { droppedFiles } from './given.js';

/**
 * Takes dropped files until `signal` says so.
 *
 * @param targets one or two of {text, detail, take(files)}; each has its part of the window, and
 *   takes what `droppedFiles` gives
 */
export function dropTarget(targets, signal) {
  const zones = targets.map(({ text, detail, take }) => {
    const zone = h('div', { class: 'drop-zone' }, h('strong', {}, text), h('span', {}, detail));
    zone.addEventListener('dragenter', () => zone.classList.add('over'));
    zone.addEventListener('dragleave', () => zone.classList.remove('over'));
    zone.addEventListener('drop', (event) => {
      droppedFiles(event.dataTransfer).then((files) => files.length > 0 && take(files));
    });
    return zone;
  });
  const sheet = h('div', { class: 'drop-sheet', hidden: true }, zones);
  document.body.append(sheet);
  let depth = 0;
  const hide = () => {
    depth = 0;
    sheet.hidden = true;
    for (const zone of zones) zone.classList.remove('over');
  };
  const hasFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes('Files');
  const on = (name, act) =>
    addEventListener(
      name,
      (event) => {
        if (!hasFiles(event)) return;
        // Otherwise the browser leaves the page and opens the file.
        event.preventDefault();
        act(event);
      },
      // NiiVue's canvas keeps such events from going on.
      { signal, capture: true },
    );
  on('dragenter', () => {
    depth++;
    sheet.hidden = false;
  });
  on('dragover', () => {});
  on('dragleave', () => {
    if (--depth <= 0) hide();
  });
  on('drop', hide);
  signal.addEventListener('abort', () => sheet.remove());
}
