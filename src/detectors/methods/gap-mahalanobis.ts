import { gaussianMethod } from './gaussian-form.js';

export const gapMahalanobis = gaussianMethod({
  name: 'gap-mahalanobis',
  title: 'Mahalanobis of channel means',
  formula:
    'Mahalanobis distance of the mean of every channel over the patch: some hundred features, so few patches give it full rank',
  source: 'Global average pooling as in Lee et al., NeurIPS 2018.',
  features: 'channel-means',
});
