/** The element types of TensorFlow.js, by its own names. */
export const TF_DTYPES = ['float32', 'int32', 'bool', 'string', 'complex64'] as const;
export type TfDType = (typeof TF_DTYPES)[number];

/**
 * Elements in row-major order: float32 in a Float32Array, int32 in an Int32Array, bool in a Uint8Array, string in a
 * string[], complex64 as (re, im) pairs in a Float32Array twice as long.
 */
export type TfData = Float32Array | Int32Array | Uint8Array | readonly string[];

/** What is fed to a written model and fetched from it, on any engine. */
export interface TfTensor {
  readonly dtype: TfDType;
  readonly shape: readonly number[];
  readonly data: TfData;
}
