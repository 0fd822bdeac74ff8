import type { Layer } from './builder.js';

const POSITIVE_ACTIVATIONS = new Set([
  'relu',
  'relu6',
  'sigmoid',
  'hard_sigmoid',
  'softplus',
  'softmax',
  'exponential',
]);

/** Layers whose outputs are elements of their inputs, or means or the greatest of them, or zeros. */
const CARRIERS = new Set([
  'MaxPooling1D',
  'MaxPooling2D',
  'MaxPooling3D',
  'AveragePooling1D',
  'AveragePooling2D',
  'AveragePooling3D',
  'GlobalAveragePooling1D',
  'GlobalAveragePooling2D',
  'GlobalMaxPooling1D',
  'GlobalMaxPooling2D',
  'Reshape',
  'Permute',
  'Flatten',
  'Cropping1D',
  'Cropping2D',
  'Cropping3D',
  'ZeroPadding1D',
  'ZeroPadding2D',
  'ZeroPadding3D',
  'UpSampling2D',
  'Concatenate',
  'Add',
  'Multiply',
  'Average',
  'Minimum',
  'Dropout',
]);

/** Whether a layer's output is certain to have no negative element, whatever the model is fed. */
export function isNeverNegative(x: Layer): boolean {
  const met = new Set<Layer['spec']>();
  const stack = [x.spec];
  for (let spec = stack.pop(); spec; spec = stack.pop()) {
    if (met.has(spec)) continue;
    met.add(spec);
    const { className, config, inputs } = spec;
    if (
      className === 'ReLU' ||
      className === 'Softmax' ||
      (className === 'Activation' && POSITIVE_ACTIVATIONS.has(String(config.activation)))
    )
      continue;
    const linear = className === 'Activation' && config.activation === 'linear';
    const positive =
      className === 'Rescaling' &&
      typeof config.scale === 'number' &&
      typeof config.offset === 'number' &&
      config.scale >= 0 &&
      config.offset >= 0;
    // The greatest of several is not negative where one of them isn't; that needs no more than one way.
    if (className === 'Maximum' && inputs.some((i) => isNeverNegative(i))) continue;
    if ((!CARRIERS.has(className) && !linear && !positive) || inputs.length === 0) return false;
    for (const input of inputs) stack.push(input.spec);
  }
  return true;
}
