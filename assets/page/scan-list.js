/** The records of scans, newest first, with filters. */
import { listScans } from './api.js';
import { fill, h } from './dom.js';
import { number, STATUSES, seconds, stateOf, VERDICTS } from './format.js';
import { badge, moment } from './parts.js';
import { qualityLine } from './quality.js';

const PAGE = 50;
const FILTERS = ['detector', 'site', 'scanner', 'verdict', 'status'];

export class ScanList {
  element;
  /** Names of the cases that are shown, by id. */
  cases = new Map();
  #signal;
  #onFilter;
  #selects = {};
  #rows = h('tbody');
  #state = h('p', { class: 'state', hidden: true });
  #table;
  #older = h('button', { type: 'button', hidden: true }, 'Older scans');
  #clear = h('button', { type: 'button', class: 'plain', hidden: true }, 'Clear filters');
  #pages = 1;
  #shown = '';

  constructor({ detectors, parameters, signal, onFilter }) {
    this.#signal = signal;
    this.#onFilter = onFilter;
    const chosen = (name) => parameters.get(name) ?? '';
    const options = (all, entries) => [
      h('option', { value: '' }, all),
      ...entries.map(([value, text]) => h('option', { value }, text)),
    ];
    const select = (name, all, entries) => {
      const element = h('select', { id: `filter-${name}`, onchange: () => this.#change() }, options(all, entries));
      // A filter of an address is kept, though its site may have no scan any more.
      if (chosen(name) !== '' && !entries.some(([value]) => value === chosen(name)))
        element.append(h('option', { value: chosen(name) }, chosen(name)));
      element.value = chosen(name);
      this.#selects[name] = element;
      return h(
        'div',
        { class: 'field' },
        h('label', { for: element.id }, name[0].toUpperCase() + name.slice(1)),
        element,
      );
    };
    const words = (of) => Object.entries(of).map(([value, { text }]) => [value, text]);
    const fields = [
      select(
        'detector',
        'all',
        detectors.map(({ name }) => [name, name]),
      ),
      select('site', 'all', []),
      select('scanner', 'all', []),
      select('verdict', 'all', words(VERDICTS)),
      select('status', 'all', words(STATUSES)),
    ];
    if (detectors.length === 1) fields[0].hidden = true;
    this.#older.addEventListener('click', () => {
      this.#pages++;
      this.#onFilter();
    });
    this.#clear.addEventListener('click', () => {
      for (const name of FILTERS) this.#selects[name].value = '';
      this.#change();
      this.#selects.site.focus();
    });
    const head = (text, kind) => h('th', { scope: 'col', class: kind }, text);
    this.#table = h('table', { class: 'scans' }, [
      h('caption', { class: 'unseen' }, 'Scans, newest first'),
      h('thead', {}, [
        h('tr', {}, [
          head('Scan'),
          head('Result'),
          head('p-value', 'right'),
          head('Score', 'right roomy'),
          head('Detector', 'roomy'),
          head('Site', 'roomy'),
          head('Scanner', 'roomy'),
          head('Received', 'roomy'),
          head('Took', 'right roomy'),
        ]),
      ]),
      this.#rows,
    ]);
    this.element = h('section', { class: 'list', 'aria-labelledby': 'list-title' }, [
      h(
        'div',
        { class: 'head' },
        h('h2', { id: 'list-title' }, 'Scans'),
        h('div', { class: 'fields' }, fields, this.#clear),
      ),
      this.#table,
      this.#state,
      this.#older,
    ]);
  }

  get filter() {
    return Object.fromEntries(FILTERS.map((name) => [name, this.#selects[name].value]));
  }

  /** @param kind `site` or `scanner` */
  offer(kind, names) {
    const select = this.#selects[kind];
    for (const name of [...names].sort())
      if (![...select.options].some(({ value }) => value === name)) select.append(h('option', { value: name }, name));
  }

  #change() {
    const set = Object.entries(this.filter).filter(([, value]) => value !== '');
    this.#pages = 1;
    // The address says what is shown, so that it can be kept; no step back for each change.
    history.replaceState(null, '', set.length > 0 ? `#/?${new URLSearchParams(set)}` : '#/');
    this.#onFilter();
  }

  async refresh() {
    const { filter } = this;
    const scans = [];
    let before = null;
    for (let page = 0; page < this.#pages; page++) {
      const found = await listScans({ ...filter, limit: PAGE, before }, { signal: this.#signal });
      scans.push(...found.scans);
      before = found.next;
      if (before === null) break;
    }
    // Another filter may have been chosen meanwhile.
    if (JSON.stringify(filter) !== JSON.stringify(this.filter)) return;
    const shown = JSON.stringify(scans);
    const isFiltered = Object.values(filter).some((value) => value !== '');
    this.#older.hidden = before === null;
    this.#clear.hidden = !isFiltered;
    this.#state.hidden = scans.length > 0;
    this.#table.hidden = scans.length === 0;
    this.#state.textContent = isFiltered
      ? 'No scan is like that. Choose other filters, or clear them.'
      : 'No scans yet. Drop a .nii.gz onto this page, or POST one to /v1/scans.';
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.cases = new Map(scans.map((scan) => [scan.id, scan.case]));
    const focused = document.activeElement?.closest?.('tr[data-id]')?.dataset.id;
    fill(
      this.#rows,
      scans.map((scan) => this.#row(scan)),
    );
    if (focused) this.#rows.querySelector(`tr[data-id="${CSS.escape(focused)}"] a`)?.focus();
  }

  #row(scan) {
    const { id, result, progress } = scan;
    const expected = qualityLine(result);
    const cell = (content, kind) => h('td', { class: kind }, content);
    const row = h('tr', { 'data-id': id }, [
      h('th', { scope: 'row' }, [
        h('a', { href: `#/scans/${id}` }, scan.case),
        h('small', { class: 'narrow' }, [scan.site ? `${scan.site} · ` : '', moment(scan.receivedAt)]),
      ]),
      cell([
        badge(stateOf(scan)),
        scan.status === 'running' && progress
          ? h('progress', { max: progress.total, value: progress.patches, 'aria-label': 'patches that are scored' })
          : null,
        expected ? h('small', { class: 'expected' }, expected) : null,
      ]),
      cell(number(result?.pValue), 'right'),
      cell(number(result?.score), 'right roomy'),
      cell(scan.detector, 'roomy'),
      cell(scan.site ?? '–', 'roomy'),
      cell(scan.scanner ?? '–', 'roomy'),
      cell(moment(scan.receivedAt), 'roomy'),
      cell(seconds(scan.seconds), 'right roomy'),
    ]);
    // The whole row may be clicked; the link in it is what keys and readers find.
    row.addEventListener('click', (event) => {
      if (!event.target.closest('a') && String(getSelection()) === '') location.hash = `#/scans/${id}`;
    });
    return row;
  }
}
