import { gaussianMethod } from './gaussian-form.js';

export const mahalanobis = gaussianMethod({
  name: 'mahalanobis',
  title: 'Mahalanobis',
  formula: '(z - mean)^T inverse(covariance) (z - mean), z the pooled activation',
  source: 'Gonzalez et al., MICCAI 2021, sec. 2.2: the paper.',
  features: 'pooled',
});
