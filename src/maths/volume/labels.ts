/**
 * The class with the largest logit of each voxel; the first of equal ones, as numpy's argmax.
 *
 * @param logits [class, y, x] in C order
 */
export function argmaxLabels<T extends Uint8Array | Uint16Array>(logits: Float32Array, labels: T): T {
  const plane = labels.length;
  const best = logits.slice(0, plane);
  labels.fill(0);
  for (let c = 1, at = plane; at < logits.length; c++, at += plane) {
    for (let i = 0; i < plane; i++) {
      const value = logits[at + i];
      if (value > best[i]) {
        best[i] = value;
        labels[i] = c;
      }
    }
  }
  return labels;
}

/**
 * Labels of overlapping regions: where a region's value is above the threshold its label is
 * written, later regions over earlier ones. The sigmoid of a logit is above .5 where the logit is
 * positive. Source: nnunetv2 utilities/label_handling/label_handling.py,
 * `convert_probabilities_to_segmentation`.
 *
 * @param logits [region, y, x] in C order
 * @param order the label of each region: `regions_class_order`
 * @param threshold 0 for logits, .5 for probabilities
 */
export function regionLabels<T extends Uint8Array | Uint16Array>(
  logits: Float32Array,
  order: readonly number[],
  labels: T,
  threshold = 0,
): T {
  const plane = labels.length;
  labels.fill(0);
  order.forEach((label, r) => {
    const at = r * plane;
    for (let i = 0; i < plane; i++) if (logits[at + i] > threshold) labels[i] = label;
  });
  return labels;
}

/**
 * Softmax over the classes of each voxel, in place: exp(l_c - max l) / sum over c.
 *
 * @param logits [class, y, x] in C order
 */
export function softmax(logits: Float32Array, classes: number): void {
  const plane = logits.length / classes;
  for (let i = 0; i < plane; i++) {
    let high = Number.NEGATIVE_INFINITY;
    for (let at = i; at < logits.length; at += plane) high = Math.max(high, logits[at]);
    let sum = 0;
    for (let at = i; at < logits.length; at += plane) sum += Math.exp(logits[at] - high);
    for (let at = i; at < logits.length; at += plane) logits[at] = Math.exp(logits[at] - high) / sum;
  }
}

/** 1 / (1 + exp(-l)) of every logit, in place. */
export function sigmoid(logits: Float32Array): void {
  for (let i = 0; i < logits.length; i++) logits[i] = 1 / (1 + Math.exp(-logits[i]));
}
