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
      const value = logits[at + i]!;
      if (value > best[i]!) {
        best[i] = value;
        labels[i] = c;
      }
    }
  }
  return labels;
}

/**
 * Labels of overlapping regions: where the sigmoid of a region's logit is above .5, that is, where the logit is positive, its label is written, later
 * regions over earlier ones. Source: nnunetv2 utilities/label_handling/label_handling.py, `convert_probabilities_to_segmentation`.
 *
 * @param logits [region, y, x] in C order
 * @param order the label of each region: `regions_class_order`
 */
export function regionLabels<T extends Uint8Array | Uint16Array>(
  logits: Float32Array,
  order: readonly number[],
  labels: T,
): T {
  const plane = labels.length;
  labels.fill(0);
  order.forEach((label, r) => {
    const at = r * plane;
    for (let i = 0; i < plane; i++) if (logits[at + i]! > 0) labels[i] = label;
  });
  return labels;
}
