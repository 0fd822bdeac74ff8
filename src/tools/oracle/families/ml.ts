import { int64s, tensorOf, type Tensor } from '../../../tensor/tensor.js';
import type { DType } from '../../../tensor/dtype.js';
import { fed, single, type AttributeGiven, type Family, type Given, type OracleCase, type Single } from '../case.js';
import type { Random } from '../random.js';
import { TREES } from './trees.js';

const POST = ['NONE', 'SOFTMAX', 'LOGISTIC', 'SOFTMAX_ZERO', 'PROBIT'];
const WORDS = ['', 'a', 'b', 'Köln', '日本', 'long text with spaces', 'A'];
/** onnxruntime's quantile is a difference of near numbers in float32. */
const PROBIT_TOLERANCE = { rtol: 1e-3, atol: 2e-3 };

const ml = (op: string, rest: Omit<Single, 'domain'>): OracleCase => single(op, { domain: 'ai.onnx.ml', ...rest });

/** Rows of features, their number open or not. */
function rows(r: Random, dtype: DType, features: number, low = -3, high = 3): Given {
  const x = r.tensor(dtype, [r.int(1, 5), features], low, high);
  return r.chance(0.5) ? fed(x, { 0: 'N' }, [r.tensor(dtype, [r.int(1, 6), features], low, high)]) : fed(x);
}

const anyType = (r: Random): DType => r.pick(['float32', 'float32', 'int64', 'int32', 'float64']);

function scaler(r: Random): OracleCase {
  const features = r.int(1, 5);
  const line = () => ({ floats: r.floats(features) });
  const lone = () => ({ floats: r.floats(1) });
  const attributes = r.chance(0.3) ? { offset: lone(), scale: lone() } : { offset: line(), scale: line() };
  return ml('Scaler', { opset: 1, attributes, inputs: [rows(r, anyType(r), features)] });
}

function imputer(r: Random): OracleCase {
  const features = r.int(1, 5);
  const count = r.chance(0.5) ? 1 : features;
  if (r.chance(0.4))
    return ml('Imputer', {
      opset: 1,
      attributes: { imputed_value_int64s: r.list(count, () => r.int(-9, 9)), replaced_value_int64: r.int(-1, 1) },
      inputs: [rows(r, 'int64', features, -2, 2)],
    });
  const replaced = r.chance(0.5) ? Number.NaN : r.int(-1, 1);
  const x = (n: number) =>
    tensorOf(
      'float32',
      [n, features],
      r.list(n * features, () => (r.chance(0.3) ? replaced : Math.fround(r.float(-2, 2)))),
    );
  return ml('Imputer', {
    opset: 1,
    attributes: { imputed_value_floats: { floats: r.floats(count) }, replaced_value_float: { float: replaced } },
    inputs: [fed(x(3), { 0: 'N' }, [x(5)])],
  });
}

function oneHot(r: Random): OracleCase {
  const dims = r.dims(r.int(1, 3), 3);
  if (r.chance(0.3)) {
    const categories = r.shuffle(WORDS).slice(0, r.int(1, 5));
    return ml('OneHotEncoder', {
      opset: 1,
      attributes: { cats_strings: categories, zeros: 1 },
      inputs: [fed(words(r, dims))],
    });
  }
  const categories = r.shuffle([-3, -1, 0, 1, 2, 5, 7]).slice(0, r.int(1, 6));
  return ml('OneHotEncoder', {
    opset: 1,
    attributes: { cats_int64s: categories, zeros: 1 },
    inputs: [fed(r.tensor(r.pick(['int64', 'float32', 'float64']), dims, -4, 8))],
  });
}

const words = (r: Random, dims: readonly number[]): Tensor =>
  tensorOf(
    'string',
    dims,
    r.list(
      dims.reduce((a, b) => a * b, 1),
      () => r.pick(WORDS),
    ),
  );

type Kind = 'string' | 'int64' | 'float32';

function labelEncoder(r: Random): OracleCase {
  const [from, to] = [r.pick<Kind>(['string', 'int64', 'float32']), r.pick<Kind>(['string', 'int64', 'float32'])];
  const count = r.int(1, 6);
  const keys =
    from === 'string'
      ? r.shuffle(WORDS).slice(0, count)
      : from === 'int64'
        ? r.chance(0.5)
          ? r.list(count, (i) => i + 3)
          : r.shuffle([-5, -1, 0, 2, 3, 40, 1000]).slice(0, count)
        : r.shuffle([-1.5, 0, 0.5, 2, 1e6, -3]).slice(0, count);
  const values =
    to === 'string'
      ? r.list(count, () => r.pick(WORDS))
      : to === 'int64'
        ? r.list(count, () => r.int(-100, 100))
        : r.floats(count);
  const dims = r.dims(r.int(1, 3), 3);
  const size = dims.reduce((a, b) => a * b, 1);
  const x = tensorOf(
    from,
    dims,
    r.list(size, () =>
      r.chance(0.7) ? r.pick<string | number>(keys) : from === 'string' ? 'not there' : 77,
    ) as string[],
  );
  const named = (prefix: string, kind: Kind, list: (string | number)[]): Record<string, AttributeGiven> =>
    kind === 'string'
      ? { [`${prefix}_strings`]: list as string[] }
      : kind === 'int64'
        ? { [`${prefix}_int64s`]: list as number[] }
        : { [`${prefix}_floats`]: { floats: list as number[] } };
  const fallback: Record<string, AttributeGiven> = r.chance(0.5)
    ? {}
    : to === 'string'
      ? { default_string: 'other' }
      : to === 'int64'
        ? { default_int64: -7 }
        : { default_float: { float: 2.5 } };
  return ml('LabelEncoder', {
    opset: r.pick([2, 4]),
    attributes: { ...named('keys', from, keys), ...named('values', to, values), ...fallback },
    inputs: [fed(x)],
  });
}

/** Version 4: tables as tensors. onnxruntime has it for these types. */
function labelEncoderOfTensors(r: Random): OracleCase {
  const dtype = r.pick<DType>(['float64', 'int64', 'float32']);
  const keys = tensorOf(dtype, [4], r.shuffle([-3, 0, 2, 9, 11]).slice(0, 4));
  const values = r.tensor(dtype, [4], -50, 50);
  const x = tensorOf(
    dtype,
    [2, 3],
    r.list(6, () => r.pick([-3, 0, 2, 9, 11, 100])),
  );
  return ml('LabelEncoder', {
    opset: 4,
    attributes: {
      keys_tensor: keys,
      values_tensor: values,
      ...(r.chance(0.5) ? { default_tensor: r.tensor(dtype, [1], -9, 9) } : {}),
    },
    inputs: [fed(x)],
  });
}

function oldLabelEncoder(r: Random): OracleCase {
  const classes = r.shuffle(WORDS).slice(0, 4);
  const x = r.chance(0.5) ? words(r, [2, 3]) : r.tensor('int64', [2, 3], -1, 5);
  return ml('LabelEncoder', {
    opset: 1,
    attributes: { classes_strings: classes, ...(r.chance(0.5) ? { default_string: 'none', default_int64: -9 } : {}) },
    inputs: [fed(x)],
  });
}

function categoryMapper(r: Random): OracleCase {
  const cats = r.shuffle(WORDS).slice(0, 4);
  const x = r.chance(0.5) ? words(r, [5]) : r.tensor('int64', [5], 0, 6);
  return ml('CategoryMapper', {
    opset: 1,
    attributes: {
      cats_strings: cats,
      cats_int64s: r.shuffle([0, 1, 2, 3, 4, 5]).slice(0, 4),
      ...(r.chance(0.5) ? { default_string: 'none' } : { default_int64: 12 }),
    },
    inputs: [fed(x)],
  });
}

function featureVectorizer(r: Random): OracleCase {
  const n = r.int(1, 4);
  const sizes = r.list(r.int(1, 4), () => r.int(1, 4));
  const dtype = r.pick<DType>(['float32', 'int64', 'int32', 'float64']);
  return ml('FeatureVectorizer', {
    opset: 1,
    attributes: { inputdimensions: sizes },
    inputs: sizes.map((s) => fed(r.tensor(dtype, [n, s]))),
  });
}

function arrayFeatureExtractor(r: Random): OracleCase {
  const dims = r.dims(r.int(1, 3));
  const last = dims[dims.length - 1];
  const indices = int64s(r.list(r.int(1, 4), () => r.int(0, last - 1)));
  return ml('ArrayFeatureExtractor', {
    opset: 1,
    inputs: [
      fed(r.tensor(r.pick(['float32', 'int64', 'int32', 'float64']), dims)),
      { tensor: indices, constant: r.chance(0.6) },
    ],
  });
}

function linearRegressor(r: Random): OracleCase {
  const [features, targets] = [r.int(1, 5), r.int(1, 4)];
  const post = r.pick(POST);
  return ml('LinearRegressor', {
    opset: 1,
    inputs: [rows(r, 'float32', features)],
    ...(post === 'PROBIT' ? { tolerance: PROBIT_TOLERANCE } : {}),
    attributes: {
      coefficients: { floats: r.floats(features * targets, 0, post === 'PROBIT' ? 0.05 : 1) },
      ...(r.chance(0.7) || post === 'PROBIT' ? { intercepts: { floats: r.floats(targets, 0.4, 0.6) } } : {}),
      targets,
      post_transform: post,
    },
  });
}

const labels = (r: Random, classes: number): Record<string, AttributeGiven> =>
  r.chance(0.3)
    ? { classlabels_strings: r.list(classes, (i) => `class ${i}`) }
    : { classlabels_ints: r.chance(0.5) ? r.list(classes, (i) => i) : r.list(classes, (i) => 7 - 3 * i) };

function linearClassifier(r: Random): OracleCase {
  const features = r.int(1, 5);
  const classes = r.int(2, 4);
  const targets = classes === 2 && r.chance(0.5) ? 1 : classes;
  const post = r.pick(POST);
  return ml('LinearClassifier', {
    opset: 1,
    inputs: [rows(r, anyType(r), features)],
    outputs: 2,
    ...(post === 'PROBIT' ? { tolerance: PROBIT_TOLERANCE } : {}),
    attributes: {
      coefficients: { floats: r.floats(features * targets, -1, 1) },
      intercepts: { floats: r.floats(targets, -1, 1) },
      ...labels(r, classes),
      post_transform: post,
      multi_class: r.int(0, 1),
    },
  });
}

function kernel(r: Random): Record<string, AttributeGiven> {
  return {
    kernel_type: r.pick(['LINEAR', 'POLY', 'RBF', 'SIGMOID']),
    kernel_params: { floats: [Math.fround(r.float(0.05, 0.8)), Math.fround(r.float(-0.5, 0.5)), r.int(1, 4)] },
  };
}

function svmRegressor(r: Random): OracleCase {
  const [features, supports] = [r.int(1, 5), r.int(0, 6)];
  return ml('SVMRegressor', {
    opset: 1,
    inputs: [rows(r, 'float32', features, -1, 1)],
    attributes: {
      ...kernel(r),
      n_supports: supports,
      coefficients: { floats: r.floats(supports === 0 ? features : supports, -1, 1) },
      rho: { floats: r.floats(1, -1, 1) },
      one_class: r.chance(0.3) ? 1 : 0,
      ...(supports > 0 ? { support_vectors: { floats: r.floats(supports * features, -1, 1) } } : {}),
    },
  });
}

function svmClassifier(r: Random): OracleCase {
  const [features, classes] = [r.int(1, 5), r.int(2, 5)];
  const post = r.pick(['NONE', 'NONE', 'SOFTMAX', 'LOGISTIC', 'SOFTMAX_ZERO']);
  const pairs = (classes * (classes - 1)) / 2;
  const common = { opset: 1, inputs: [rows(r, anyType(r), features, -1, 1)], outputs: 2 };
  if (r.chance(0.25))
    return ml('SVMClassifier', {
      ...common,
      attributes: {
        ...kernel(r),
        ...labels(r, classes),
        coefficients: { floats: r.floats(classes * features, r.chance(0.5) ? 0 : -1, 1) },
        rho: { floats: r.floats(1, -1, 1) },
        post_transform: post,
      },
    });
  const perClass = r.list(classes, () => r.int(1, 4));
  const count = perClass.reduce((a, b) => a + b, 0);
  const proba = r.chance(0.5)
    ? { prob_a: { floats: r.floats(pairs, -4, -0.5) }, prob_b: { floats: r.floats(pairs, -1, 1) } }
    : {};
  return ml('SVMClassifier', {
    ...common,
    attributes: {
      ...kernel(r),
      ...labels(r, classes),
      ...proba,
      vectors_per_class: perClass,
      support_vectors: { floats: r.floats(count * features, -1, 1) },
      coefficients: { floats: r.floats((classes - 1) * count, -1, 1) },
      rho: { floats: r.floats(pairs, -1, 1) },
      post_transform: post,
    },
  });
}

export const ML: Family = {
  ...TREES,
  LinearRegressor: linearRegressor,
  LinearClassifier: linearClassifier,
  SVMRegressor: svmRegressor,
  SVMClassifier: svmClassifier,
  Scaler: scaler,
  Normalizer: (r) =>
    ml('Normalizer', {
      opset: 1,
      attributes: { norm: r.pick(['MAX', 'L1', 'L2']) },
      inputs: [r.chance(0.2) ? fed(r.tensor(anyType(r), [4], -1, 1)) : rows(r, anyType(r), r.int(1, 4), -1, 1)],
    }),
  Imputer: imputer,
  Binarizer: (r) =>
    ml('Binarizer', {
      opset: 1,
      attributes: { threshold: { float: r.pick([0, 0.5, -1, 1.25]) } },
      inputs: [fed(r.tensor('float32', r.dims(r.int(1, 3))))],
    }),
  OneHotEncoder: oneHot,
  LabelEncoder: labelEncoder,
  'LabelEncoder of tensors': labelEncoderOfTensors,
  'LabelEncoder 1': oldLabelEncoder,
  CategoryMapper: categoryMapper,
  FeatureVectorizer: featureVectorizer,
  ArrayFeatureExtractor: arrayFeatureExtractor,
};
