import type { TensorInfo } from '@tensorflow/tfjs-core';

/** A kernel's call, as far as it tells whether the WASM backend computes it rightly. */
export interface Call {
  readonly inputs: Readonly<Record<string, TensorInfo | undefined>>;
  readonly attrs: Readonly<Record<string, unknown>>;
  /** Whether any element is NaN. */
  hasNaN(tensor: TensorInfo | undefined): boolean;
  /** Whether this tensor's data was used before as a matrix of another shape. */
  usedAsOtherMatrix(tensor: TensorInfo | undefined): boolean;
}

/** A kernel that TensorFlow.js 4.22 computes wrongly on WASM, or doesn't have or refuses there, and when. */
export interface Suspect {
  readonly kernels: readonly string[];
  /** Shown behind the kernel's name. */
  readonly what: string;
  when(call: Call): boolean;
}

const sizeOf = (t: TensorInfo): number => t.shape.reduce((n, d) => n * d, 1);
const tensors = (call: Call): TensorInfo[] => Object.values(call.inputs).filter((t) => t !== undefined && t !== null);
const anyOf = (call: Call, ...dtypes: string[]): boolean => tensors(call).some((t) => dtypes.includes(t.dtype));
const rank = (call: Call): number => Math.max(0, ...tensors(call).map((t) => t.shape.length));
const always = (): boolean => true;

/** Found by running 549 cases on both backends of 4.22.0 in Node 20 and 24, and by reading the kernels' sources. */
export const SUSPECTS: readonly Suspect[] = [
  { kernels: ['Conv3DBackpropInputV2'], what: 'stride above 1', when: (c) => ones(c.attrs.strides) === false },
  {
    kernels: ['GatherV2'],
    what: 'batch_dims',
    when: (c) => c.attrs.batchDims !== undefined && c.attrs.batchDims !== 0,
  },
  { kernels: ['Cast'], what: 'to bool', when: (c) => c.attrs.dtype === 'bool' },
  { kernels: ['ClipByValue'], what: 'int32', when: (c) => anyOf(c, 'int32') },
  {
    kernels: ['StridedSlice'],
    what: 'int32 or bool',
    when: (c) => anyOf(c, 'int32', 'bool') && ones(c.attrs.strides) === false,
  },
  {
    kernels: [
      'Add',
      'Sub',
      'Multiply',
      'RealDiv',
      'SquaredDifference',
      'Maximum',
      'Minimum',
      'Pow',
      'FloorDiv',
      'Mod',
      'Equal',
      'NotEqual',
      'Greater',
      'GreaterEqual',
      'Less',
      'LessEqual',
      'LogicalAnd',
      'LogicalOr',
      'LogicalXor',
      'Atan2',
      'PadV2',
    ],
    what: 'rank 7 and above',
    when: (c) => rank(c) >= 7,
  },
  {
    kernels: ['Max', 'Min', 'Sum', 'Mean', 'Prod', 'Any', 'All', 'ArgMax', 'ArgMin'],
    what: 'of nothing',
    when: (c) => tensors(c).some((t) => sizeOf(t) === 0),
  },
  {
    kernels: ['BatchMatMul', '_FusedMatMul'],
    what: 'of nothing',
    when: (c) => tensors(c).some((t) => sizeOf(t) === 0),
  },
  { kernels: ['BatchMatMul', '_FusedMatMul'], what: 'integers', when: (c) => anyOf(c, 'int32', 'bool') },
  {
    kernels: ['BatchMatMul', '_FusedMatMul'],
    what: 'one weight under two shapes',
    when: (c) => c.usedAsOtherMatrix(c.inputs.b),
  },
  {
    kernels: ['Prelu'],
    what: 'int32, or broadcasting that grows the output',
    when: (c) => anyOf(c, 'int32') || grows(c.inputs.x, c.inputs.alpha),
  },
  { kernels: ['FloorDiv'], what: 'float32, or by zero', when: always },
  { kernels: ['RealDiv', 'Pow', 'Mod'], what: 'int32', when: (c) => anyOf(c, 'int32') },
  {
    kernels: [
      'IsNan',
      'IsFinite',
      'IsInf',
      'Acos',
      'Acosh',
      'Asin',
      'Asinh',
      'Atanh',
      'Expm1',
      'Log1p',
      'Reciprocal',
      'Sinh',
    ],
    what: 'int32',
    when: (c) => anyOf(c, 'int32'),
  },
  { kernels: ['Log1p'], what: 'tiny values', when: (c) => anyOf(c, 'float32') },
  { kernels: ['Equal', 'NotEqual'], what: 'strings', when: (c) => anyOf(c, 'string') },
  {
    kernels: [
      'Acos',
      'Acosh',
      'Asin',
      'Asinh',
      'Atan',
      'Atanh',
      'Ceil',
      'Cos',
      'Cosh',
      'Elu',
      'Erf',
      'Exp',
      'Expm1',
      'Floor',
      'IsFinite',
      'IsInf',
      'IsNan',
      'LeakyRelu',
      'Log',
      'Log1p',
      'Neg',
      'Reciprocal',
      'Relu',
      'Relu6',
      'Round',
      'Rsqrt',
      'Selu',
      'Sigmoid',
      'Sign',
      'Sin',
      'Sinh',
      'Softplus',
      'Sqrt',
      'Square',
      'Tan',
      'Tanh',
      'Abs',
      'Reverse',
      'TopK',
      'MaxPool',
      'AvgPool',
    ],
    what: 'bool',
    when: (c) => anyOf(c, 'bool'),
  },
  { kernels: ['MaxPool', 'AvgPool'], what: 'int32', when: (c) => anyOf(c, 'int32') },
  { kernels: ['ResizeNearestNeighbor'], what: 'int32', when: (c) => anyOf(c, 'int32') },
  { kernels: ['Conv2D', 'DepthwiseConv2dNative'], what: 'NCHW', when: (c) => c.attrs.dataFormat === 'NCHW' },
  { kernels: ['Dilation2D'], what: 'any', when: always },
  { kernels: ['Maximum', 'Minimum'], what: 'NaN', when: (c) => c.hasNaN(c.inputs.a) || c.hasNaN(c.inputs.b) },
];

/** Kernels that the WASM backend lacks and whose tensors it can hold. */
export const ABSENT = [
  'Einsum',
  'UnsortedSegmentSum',
  'StaticRegexReplace',
  'RaggedGather',
  'RaggedRange',
  'RaggedTensorToTensor',
];

function ones(strides: unknown): boolean {
  return Array.isArray(strides) ? strides.every((s) => s === 1) : strides === undefined || strides === 1;
}

/** Whether broadcasting `alpha` with `x` gives more than x's shape. */
function grows(x: TensorInfo | undefined, alpha: TensorInfo | undefined): boolean {
  if (!x || !alpha) return false;
  if (alpha.shape.length > x.shape.length) return true;
  return alpha.shape.some((d, i) => d > 1 && d !== x.shape[x.shape.length - alpha.shape.length + i]);
}
