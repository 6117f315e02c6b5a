/**
 * What lies over an image, each with its opacity: the maps that the server kept, or else the boxes
 * of the largest patches.
 */
import { getImage } from './api.js';
import { fill, h } from './dom.js';
import { number } from './format.js';
import { labelColor } from './viewer.js';

export class Layers {
  element = h('div', { class: 'layers', hidden: true });
  #signal;
  #viewer = null;

  constructor(signal) {
    this.#signal = signal;
  }

  /** Another image is shown: what lay over the one before is gone. */
  clear() {
    fill(this.element);
    this.element.hidden = true;
  }

  /**
   * Lays over the image whatever there is of a scan that is done. Gives a sentence where that does
   * not go, and null where it does.
   */
  async show(viewer, record) {
    const { kept, explanation, status } = record;
    if (status !== 'done') return null;
    this.#viewer = viewer;
    const patches = explanation?.patches ?? [];
    const { shape } = viewer;
    if (patches.some(({ box }) => box.stop.some((stop, i) => stop > shape[i])))
      return `This file is smaller than the scan that was scored (it has ${shape.join(' x ')} voxels), so it is another one.`;
    try {
      if (kept.includes('uncertainty')) await this.#uncertainty(record);
      else if (patches.length > 0) await this.#boxes(patches);
      if (kept.includes('segmentation')) await this.#segmentation(record);
    } catch (error) {
      return this.#signal.aborted ? null : `The maps cannot be shown: ${error.message}`;
    }
    return null;
  }

  async #uncertainty({ id, result }) {
    if (this.#viewer.has('uncertainty')) return;
    const opacity = 0.5;
    const file = await getImage(id, 'uncertainty', { signal: this.#signal });
    const low = beginning(result.boundary);
    const { high } = await this.#viewer.uncertainty(file, { low, opacity });
    const ramp = h(
      'span',
      { class: 'ramp' },
      h('span', {}, number(low)),
      h('i', { class: 'heat', 'aria-hidden': 'true' }),
      h('span', {}, number(high)),
    );
    // What flags a scan may be its intensities as a whole, which lie nowhere.
    const words =
      high > low
        ? low === result.boundary
          ? 'colours begin at the boundary'
          : 'colours begin at 0'
        : `nothing lies above ${number(low)}, where colours would begin`;
    this.#slider('uncertainty', 'Uncertainty', opacity, [
      high > low ? ramp : null,
      h('span', { class: 'soft' }, words),
    ]);
  }

  async #segmentation({ id, result }) {
    if (this.#viewer.has('segmentation')) return;
    const opacity = 0.5;
    await this.#viewer.segmentation(await getImage(id, 'segmentation', { signal: this.#signal }), { opacity });
    this.#slider('segmentation', 'Segmentation', opacity, legend(result.voxels));
  }

  async #boxes(patches) {
    if (this.#viewer.has('boxes')) return;
    const opacity = 0.2;
    await this.#viewer.boxes(patches, { opacity });
    const note = 'The server kept no maps of this scan; it does of flagged ones with --keep-flagged.';
    this.#slider('boxes', 'Largest patches', opacity, [h('span', { class: 'soft' }, note)]);
  }

  #slider(name, text, opacity, more) {
    const range = h('input', { type: 'range', id: `opacity-${name}`, min: 0, max: 100, step: 5, value: 100 * opacity });
    const shown = h('output', { for: range.id }, `${100 * opacity} %`);
    range.addEventListener('input', () => {
      shown.textContent = `${range.value} %`;
      this.#viewer.opacity(name, range.value / 100);
    });
    this.element.append(
      h(
        'div',
        { class: 'layer' },
        h('label', { for: range.id }, text),
        range,
        shown,
        h('div', { class: 'legend' }, more),
      ),
    );
    this.element.hidden = false;
  }
}

/**
 * Where the colours of a map begin: at the boundary, or at 0 where that is below. A distance of 0
 * is that of a usual patch, and what lies outside the crop box has it too.
 */
const beginning = (boundary) => Math.max(boundary ?? 0, 0);

/** Labels of a segmentation with their colours. */
function legend(voxels) {
  const labels = Object.entries(voxels ?? {}).filter(([label]) => label !== '0');
  if (labels.length === 0) return [h('span', { class: 'soft' }, 'nothing was segmented')];
  return labels.map(([label, count]) => {
    const swatch = h('i', { class: 'key', 'aria-hidden': 'true' });
    swatch.style.background = `rgb(${labelColor(Number(label)).join(' ')})`;
    return h('span', {}, swatch, `label ${label}: ${Number(count).toLocaleString('en')} voxels`);
  });
}
