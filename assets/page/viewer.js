/**
 * A scan in the browser: NiiVue, with a segmentation and an uncertainty map over it. NiiVue is
 * loaded when the first scan is looked at.
 */
import { mmToVoxel, voxelToMm } from './affine.js';

/** Windows of a CT: level and width, in HU. */
export const WINDOWS = {
  soft: { text: 'Soft tissue', level: 40, width: 400 },
  lung: { text: 'Lung', level: -600, width: 1500 },
  bone: { text: 'Bone', level: 400, width: 1800 },
};

export const VIEWS = { axial: 'Axial', coronal: 'Coronal', sagittal: 'Sagittal', multi: 'All three' };

/**
 * Colours of labels 1, 2 …: apart for those who do not tell red from green (Okabe and Ito 2008).
 */
const LABELS = [
  [0, 158, 115],
  [230, 159, 0],
  [86, 180, 233],
  [204, 121, 167],
  [240, 228, 66],
  [0, 114, 178],
  [213, 94, 0],
];
export const labelColor = (label) => LABELS[(label - 1) % LABELS.length];

/**
 * From little to much uncertainty: purple over red and orange to yellow, none so pale that it
 * passes for the image below; `.heat` of style.css is the same.
 */
const HEAT = {
  R: [150, 230, 255, 255],
  G: [0, 50, 160, 240],
  B: [90, 30, 0, 40],
  A: [150, 200, 230, 255],
  I: [0, 90, 180, 255],
};

let loading = null;
const niivue = () => {
  loading ??= import('./niivue.js').catch((error) => {
    loading = null;
    throw error;
  });
  return loading;
};

export class Viewer {
  #nv;
  #module;
  #overlays = new Map();

  /**
   * @param canvas in the document
   * @param onPlace told of {voxel, value}: the crosshair in voxels of the file, and the values of
   *   image and overlays there
   * @throws Error where the browser has no WebGL 2
   */
  static async open(canvas, { onPlace }) {
    const module = await niivue();
    const viewer = new Viewer();
    viewer.#module = module;
    const nv = new module.Niivue({
      dragAndDropEnabled: false,
      isRadiologicalConvention: true,
      sagittalNoseLeft: true,
      backColor: [0, 0, 0, 1],
      crosshairColor: [0.35, 0.75, 1, 0.9],
      crosshairWidth: 0.5,
      crosshairWidthUnit: 'voxels',
      fontColor: [1, 1, 1, 1],
      fontMinPx: 15,
      multiplanarShowRender: module.SHOW_RENDER.NEVER,
      isNearestInterpolation: false,
      logLevel: 'error',
    });
    viewer.#nv = nv;
    nv.onLocationChange = ({ mm }) => onPlace(viewer.#placeOf(mm));
    await nv.attachToCanvas(canvas, false);
    nv.addColormap('segcanary-heat', HEAT);
    return viewer;
  }

  /** Shows a file in the place of whatever was shown. */
  async load(file) {
    const nv = this.#nv;
    for (const volume of [...nv.volumes].reverse()) nv.removeVolume(volume);
    this.#overlays.clear();
    const image = await this.#module.NVImage.loadFromFile({ file, name: file.name, colormap: 'gray' });
    if (!image?.hdr || !image.img) throw new Error(`${file.name} cannot be shown; it seems to be no whole NIfTI file.`);
    nv.addVolume(image);
    nv.scene.crosshairPos = [0.5, 0.5, 0.5];
    this.draw();
  }

  /** Voxels of the image as it lies in its file, [x, y, z]. */
  get shape() {
    return [...this.#image.hdr.dims.slice(1, 4)];
  }

  get #image() {
    return this.#nv.volumes[0];
  }

  /** The values between which most voxels lie. */
  get range() {
    return [this.#image.robust_min, this.#image.robust_max];
  }

  window(low, high) {
    if (!this.#image) return;
    this.#image.cal_min = low;
    this.#image.cal_max = high;
    this.#nv.updateGLVolume();
  }

  /** @param view a key of VIEWS */
  view(view) {
    const { axial, coronal, sagittal, multi } = {
      axial: this.#nv.sliceTypeAxial,
      coronal: this.#nv.sliceTypeCoronal,
      sagittal: this.#nv.sliceTypeSagittal,
      multi: this.#nv.sliceTypeMultiplanar,
    };
    this.#nv.setSliceType({ axial, coronal, sagittal, multi }[view]);
  }

  /**
   * A map of distances: colours begin at `low`, what is below is clear. Gives the largest distance
   * as `high`.
   */
  async uncertainty(file, { low, opacity }) {
    const { NVImage } = this.#module;
    const map = await NVImage.loadFromFile({ file, name: 'uncertainty.nii.gz', colormap: 'segcanary-heat', opacity });
    const high = map.global_max;
    map.cal_min = low;
    // A scale needs some width, also where nothing lies above its beginning.
    map.cal_max = Math.max(high, low + Math.max(0.01 * Math.abs(low), 1e-6));
    this.#add('uncertainty', map);
    return { high };
  }

  async segmentation(file, { opacity }) {
    const { NVImage } = this.#module;
    const labels = await NVImage.loadFromFile({ file, name: 'segmentation.nii.gz', opacity });
    const n = Math.max(1, Math.round(labels.global_max));
    const of = (c) => [0, ...Array.from({ length: n }, (_, i) => labelColor(i + 1)[c])];
    labels.setColormapLabel({
      R: of(0),
      G: of(1),
      B: of(2),
      A: [0, ...Array(n).fill(255)],
      I: Array.from({ length: n + 1 }, (_, i) => i),
    });
    this.#add('segmentation', labels);
  }

  /** The boxes of patches as an overlay, for a scan whose map was not kept. */
  async boxes(patches, { opacity }) {
    const { NVImage } = this.#module;
    const [nx, ny, nz] = this.shape;
    const voxels = new Uint8Array(nx * ny * nz);
    for (const { box } of [...patches].reverse()) {
      const [x0, y0, z0] = box.start;
      const [x1, y1, z1] = box.stop.map((v, i) => Math.min(v, [nx, ny, nz][i]));
      for (let z = z0; z < z1; z++)
        for (let y = y0; y < y1; y++) voxels.fill(1, (z * ny + y) * nx + x0, (z * ny + y) * nx + Math.max(x1, x0));
    }
    const { affine, pixDims } = this.#image.hdr;
    const bytes = NVImage.createNiftiArray([nx, ny, nz], [...pixDims.slice(1, 4)], affine.flat(), 2, voxels);
    const volume = await NVImage.new(
      bytes.buffer,
      'patches.nii',
      'gray',
      opacity,
      null,
      0,
      1,
      true,
      0.02,
      false,
      false,
      '',
      0,
    );
    volume.setColormapLabel({ R: [0, 255], G: [0, 150], B: [0, 40], A: [0, 255], I: [0, 1] });
    this.#add('boxes', volume);
  }

  #add(name, volume) {
    const before = this.#overlays.get(name);
    if (before) this.#nv.removeVolume(before);
    this.#overlays.set(name, volume);
    this.#nv.addVolume(volume);
    this.draw();
  }

  has(name) {
    return this.#overlays.has(name);
  }

  opacity(name, value) {
    const volume = this.#overlays.get(name);
    if (volume) this.#nv.setOpacity(this.#nv.volumes.indexOf(volume), value);
  }

  /** Moves the crosshair to a voxel of the file. */
  jump(voxel) {
    const image = this.#image;
    if (!image) return;
    const inside = image.mm2vox(voxelToMm(image.hdr.affine, voxel), true);
    this.#nv.scene.crosshairPos = image.convertVox2Frac([...inside].map(Math.round));
    this.draw();
    this.#nv.createOnLocationChange();
  }

  /** Moves the crosshair by voxels: right, towards the nose, up. */
  step(x, y, z) {
    if (!this.#image) return;
    this.#nv.moveCrosshairInVox(x, y, z);
    this.draw();
  }

  #placeOf(mm) {
    const place = [...mm].slice(0, 3);
    const image = this.#image;
    if (!image) return null;
    const voxel = mmToVoxel(image.hdr.affine, place)?.map(Math.round) ?? null;
    const at = (volume) => {
      const [x, y, z] = volume.mm2vox(place);
      return volume.getValue(x, y, z);
    };
    return {
      voxel,
      value: at(image),
      overlays: Object.fromEntries([...this.#overlays].map(([name, volume]) => [name, at(volume)])),
    };
  }

  draw() {
    this.#nv.drawScene();
  }

  /** Gives the graphics memory back: a browser has few contexts. */
  close() {
    this.#nv.cleanup();
    this.#nv.gl?.getExtension('WEBGL_lose_context')?.loseContext();
  }
}
