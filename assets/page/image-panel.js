/**
 * The viewer with what is around it: where the image comes from, windows, opacities, keys, what is
 * under the crosshair.
 */
import { getImage } from './api.js';
import { fill, h } from './dom.js';
import { number } from './format.js';
import { pickedFiles } from './given.js';
import { stepOf } from './keys.js';
import { Layers } from './layers.js';
import { files, series } from './uploads.js';
import { VIEWS, Viewer, WINDOWS } from './viewer.js';

export class ImagePanel {
  element;
  /** Told of files that were chosen here. */
  onFile = () => {};
  #detector;
  #signal;
  #viewer = null;
  #opening = null;
  #record = null;
  #view = 'multi';
  #isOn = false;
  #canvas = h('canvas', { 'aria-describedby': 'keys', role: 'application', 'aria-label': 'The scan' });
  #stage = h('div', { class: 'stage', hidden: true }, this.#canvas);
  #place = h('output', { class: 'place', 'aria-live': 'off' });
  #empty = h('div', { class: 'empty' });
  #tools = h('div', { class: 'tools', hidden: true });
  #layers;
  #problem = h('p', { class: 'problem', role: 'alert', hidden: true });
  #worst = h('button', { type: 'button', class: 'strong', id: 'worst' }, 'Worst patch');
  #window;
  #levels;

  constructor({ detector, signal }) {
    this.#detector = detector;
    this.#signal = signal;
    this.#layers = new Layers(signal);
    this.#window = h('select', { id: 'window', onchange: () => this.#applyWindow() }, [
      ...Object.entries(WINDOWS).map(([value, { text }]) => h('option', { value }, text)),
      h('option', { value: 'auto' }, 'All of it'),
      h('option', { value: 'own' }, 'Own'),
    ]);
    const level = (id, label) =>
      h('input', { id, type: 'number', step: 'any', 'aria-label': label, class: 'level', onchange: () => this.#own() });
    this.#levels = [level('window-level', 'Window level'), level('window-width', 'Window width')];
    this.#worst.addEventListener('click', () => this.jump(this.#worstCentre()));
    const views = h('fieldset', { class: 'radios' }, [
      h('legend', { class: 'unseen' }, 'View'),
      Object.entries(VIEWS).map(([value, text]) =>
        h(
          'label',
          {},
          h('input', {
            type: 'radio',
            name: 'view',
            value,
            checked: value === this.#view,
            onchange: () => this.#setView(value),
          }),
          text,
        ),
      ),
    ]);
    fill(this.#tools, [
      views,
      h('div', { class: 'field row' }, [
        h('label', { for: 'window' }, 'Window'),
        this.#window,
        h('span', { class: 'levels' }, 'L', this.#levels[0], 'W', this.#levels[1]),
      ]),
      this.#worst,
    ]);
    const keys = h(
      'p',
      { class: 'soft keys-help', id: 'keys', hidden: true },
      'Click, or arrow keys and Page Up/Down in the image, to move. Right button dragged: window. R is the patient’s right.',
    );
    this.element = h('section', { class: 'image', 'aria-label': 'Image' }, [
      this.#tools,
      this.#stage,
      this.#place,
      this.#layers.element,
      keys,
      this.#problem,
      this.#empty,
    ]);
    for (const type of ['keydown', 'keyup'])
      this.#stage.addEventListener(type, (event) => this.#key(event), { capture: true });
    // The context menu would cover what the right button does in NiiVue.
    this.#stage.addEventListener('contextmenu', (event) => event.preventDefault());
    signal.addEventListener('abort', () => {
      this.#viewer?.close();
      this.#viewer = null;
    });
  }

  /** Takes the scan's record, at first and when it has ended. */
  record(record) {
    const before = this.#record;
    this.#record = record;
    this.#worst.hidden = this.#worstCentre() === null;
    if (this.#isOn) {
      if (before?.result === null && record.result !== null) this.#applyWindow(this.#defaultWindow());
      return this.#overlay();
    }
    const file = files.get(record.id);
    if (file) this.show(file);
    else if (record.kept.includes('image')) this.#fetch(record);
    else this.#ask();
  }

  problem(text) {
    this.#problem.textContent = text;
    this.#problem.hidden = text === '';
  }

  jump(voxel) {
    if (!this.#isOn || voxel === null) return;
    this.#viewer.jump(voxel);
    this.#stage.scrollIntoView({ block: 'nearest' });
  }

  #worstCentre() {
    return this.#record?.result?.worstPatch?.centre ?? null;
  }

  /** Nothing to show, and why; the file is all that is missing. */
  #ask() {
    const picker = h('input', { type: 'file', id: 'look', accept: '.nii,.gz', class: 'unseen' });
    picker.addEventListener('change', () => picker.files.length > 0 && this.onFile(pickedFiles(picker.files)));
    if (series.has(this.#record.id)) {
      fill(this.#empty, [
        h('h2', {}, 'The image is not on the server'),
        h('p', {}, 'A DICOM series is shown where the server keeps it: flagged ones, with --keep-flagged.'),
      ]);
      this.#empty.hidden = false;
      return;
    }
    fill(this.#empty, [
      h('h2', {}, 'The image is not on the server'),
      h('p', {}, 'Drop the file again to see it. This browser reads it; nothing is sent.'),
      picker,
      h('label', { for: 'look', class: 'button' }, 'Choose the file …'),
    ]);
    this.#empty.hidden = false;
  }

  async #fetch(record) {
    fill(this.#empty, h('p', { class: 'state' }, 'Fetching the image …'));
    try {
      await this.show(await getImage(record.id, 'image', { signal: this.#signal }));
    } catch (error) {
      if (this.#signal.aborted) return;
      this.#ask();
      this.problem(error.message);
    }
  }

  /** Shows a file as this scan. */
  async show(file) {
    this.problem('');
    fill(this.#empty, h('p', { class: 'state' }, 'Reading the image …'));
    this.#empty.hidden = false;
    try {
      this.#stage.hidden = false;
      this.#opening ??= Viewer.open(this.#canvas, { onPlace: (place) => this.#say(place) });
      const viewer = await this.#opening;
      if (this.#signal.aborted) return viewer.close();
      this.#viewer = viewer;
      this.#layers.clear();
      await viewer.load(file);
      if (this.#signal.aborted) return;
      this.#isOn = true;
      this.#empty.hidden = true;
      for (const part of [this.#tools, this.element.querySelector('#keys')]) part.hidden = false;
      this.#setView(this.#view);
      this.#applyWindow(this.#defaultWindow());
      await this.#overlay();
    } catch (error) {
      if (this.#signal.aborted) return;
      this.#isOn = false;
      this.#stage.hidden = true;
      this.#opening = this.#viewer ? this.#opening : null;
      this.#ask();
      const isGraphics = /webgl/i.test(error?.message ?? '');
      this.problem(
        isGraphics
          ? 'This browser has no WebGL 2, which it takes to show a scan. Verdict and explanation need none.'
          : `The image cannot be shown: ${error?.message ?? error}`,
      );
      console.error(error);
    }
  }

  /** What lies over the image once the scan is done. */
  async #overlay() {
    const problem = await this.#layers.show(this.#viewer, this.#record);
    if (this.#signal.aborted) return;
    if (problem !== null) this.problem(problem);
    this.#jumpFirst();
  }

  /** A flagged scan opens at what flagged it. */
  #jumpFirst() {
    const centre = this.#worstCentre();
    if (centre) this.#viewer.jump(centre);
    else this.#viewer.step(0, 0, 0);
  }

  #defaultWindow() {
    const unit = this.#record?.explanation?.intensities?.[0]?.unit;
    const isCt = unit === undefined ? /\bct\b/i.test(this.#detector?.channels?.[0] ?? '') : unit === 'HU';
    return isCt ? 'soft' : 'auto';
  }

  #applyWindow(name = this.#window.value) {
    this.#window.value = name;
    if (name === 'own') return this.#own();
    const [low, high] = this.#viewer.range;
    const { level, width } = WINDOWS[name] ?? { level: (low + high) / 2, width: high - low };
    this.#levels[0].value = Number(level.toPrecision(4));
    this.#levels[1].value = Number(width.toPrecision(4));
    this.#viewer.window(level - width / 2, level + width / 2);
  }

  #own() {
    const [level, width] = this.#levels.map((input) => Number(input.value));
    if (!(width > 0) || !Number.isFinite(level)) return;
    this.#window.value = 'own';
    this.#viewer.window(level - width / 2, level + width / 2);
  }

  #setView(view) {
    this.#view = view;
    this.#viewer?.view(view);
  }

  #key(event) {
    if (event.key === 'Tab' || event.ctrlKey || event.metaKey || event.altKey) return;
    // NiiVue has keys of its own, some of which open windows.
    event.stopPropagation();
    const step = stepOf(this.#view, event.key);
    if (!step || !this.#isOn) return;
    event.preventDefault();
    if (event.type === 'keydown') this.#viewer.step(...step.map((v) => (event.shiftKey ? 5 * v : v)));
  }

  #say(place) {
    if (!place) return;
    const { voxel, value, overlays } = place;
    const unit = this.#record?.explanation?.intensities?.[0]?.unit ?? '';
    const parts = [voxel ? `voxel ${voxel.join(', ')}` : '', `${number(value)}${unit ? ` ${unit}` : ''}`];
    if ('uncertainty' in overlays) parts.push(`distance ${number(overlays.uncertainty)}`);
    if ('segmentation' in overlays)
      parts.push(overlays.segmentation > 0 ? `label ${overlays.segmentation}` : 'no label');
    this.#place.textContent = parts.filter(Boolean).join(' · ');
  }
}
