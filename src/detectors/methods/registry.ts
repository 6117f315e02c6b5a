import type { PatchMethod } from '../method.js';
import { diagonal } from './diagonal.js';
import { euclidean } from './euclidean.js';
import { frodo } from './frodo.js';
import { gapMahalanobis } from './gap-mahalanobis.js';
import { knn } from './knn.js';
import { mahalanobis } from './mahalanobis.js';
import { mahalanobisPlusPlus } from './mahalanobis-plus-plus.js';
import { multiDepth } from './multi-depth.js';
import { multiLayer } from './multi-layer.js';
import { pcaMahalanobis } from './pca-mahalanobis.js';
import { residual } from './residual.js';

/** Every method that judges patches by features. The first is the default. */
export const PATCH_METHODS: readonly PatchMethod[] = [
  multiDepth,
  mahalanobis,
  mahalanobisPlusPlus,
  gapMahalanobis,
  multiLayer,
  frodo,
  pcaMahalanobis,
  residual,
  knn,
  diagonal,
  euclidean,
];

/** What is fitted when nobody names another: why, docs/choosing.md says. */
export const DEFAULT_METHOD = multiDepth.name;

export const METHOD_NAMES: readonly string[] = PATCH_METHODS.map(({ name }) => name);

/** A method by its name; undefined where there is none. */
export const patchMethod = (name: string): PatchMethod | undefined => PATCH_METHODS.find((m) => m.name === name);
