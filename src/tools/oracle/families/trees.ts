import { tensorOf, type Tensor } from '../../../tensor/tensor.js';
import type { DType } from '../../../tensor/dtype.js';
import { fed, single, type AttributeGiven, type Family, type Given, type OracleCase } from '../case.js';
import type { Random } from '../random.js';

const DOMAIN = 'ai.onnx.ml';
const POST = ['NONE', 'SOFTMAX', 'LOGISTIC', 'SOFTMAX_ZERO', 'PROBIT'];
/** Few values, so that features meet thresholds exactly. */
const GRID = [-2, -1, -0.5, 0, 0.25, 1, 1.5, 3];

interface Tree {
  readonly feature: number;
  readonly value: number;
  readonly mode: string;
  readonly missing: boolean;
  readonly yes: Tree | undefined;
  readonly no: Tree | undefined;
}

/** onnxruntime's quantile is a difference of near numbers in float32. */
const PROBIT_TOLERANCE = { rtol: 1e-3, atol: 2e-3 };

function tree(r: Random, depth: number, features: number, modes: readonly string[]): Tree {
  const child = (): Tree | undefined => (depth > 1 && r.chance(0.8) ? tree(r, depth - 1, features, modes) : undefined);
  return {
    feature: r.int(0, features - 1),
    value: r.chance(0.7) ? r.pick(GRID) : Math.fround(r.float(-2, 2)),
    mode: r.pick(modes),
    missing: r.chance(0.4),
    yes: child(),
    no: child(),
  };
}

function rows(r: Random, dtype: DType, dims: readonly number[], nan: boolean): Tensor {
  const size = dims.reduce((a, b) => a * b, 1);
  const whole = !dtype.startsWith('float');
  return tensorOf(
    dtype,
    dims,
    r.list(size, () => {
      if (whole) return r.int(-2, 3);
      if (nan && r.chance(0.15)) return Number.NaN;
      return r.chance(0.5) ? r.pick(GRID) : Math.fround(r.float(-3, 3));
    }),
  );
}

/** Features as rows; the number of rows left open or not, and run with another number too. */
function features(r: Random, count: number, nan: boolean, dtype: DType = 'float32'): Given {
  const n = r.int(1, 5);
  const x = rows(r, dtype, [n, count], nan);
  return r.chance(0.6)
    ? fed(x, r.chance(0.3) ? { 0: 'N', 1: 'F' } : { 0: 'N' }, [rows(r, dtype, [r.int(1, 7), count], nan)])
    : fed(x);
}

interface Columns {
  treeids: number[];
  nodeids: number[];
  features: number[];
  values: number[];
  modes: string[];
  yes: number[];
  no: number[];
  missing: number[];
  leaves: [tree: number, node: number][];
}

/** Trees in the columns of versions 1 and 3. */
function columns(trees: readonly Tree[]): Columns {
  const out: Columns = {
    treeids: [],
    nodeids: [],
    features: [],
    values: [],
    modes: [],
    yes: [],
    no: [],
    missing: [],
    leaves: [],
  };
  trees.forEach((root, t) => {
    let next = 0;
    const place = (node: Tree | undefined): number => {
      const id = next++;
      const at = out.treeids.length;
      out.treeids.push(t);
      out.nodeids.push(id);
      out.features.push(node?.feature ?? 0);
      out.values.push(node?.value ?? 0);
      out.modes.push(node?.mode ?? 'LEAF');
      out.missing.push(node?.missing ? 1 : 0);
      out.yes.push(0);
      out.no.push(0);
      if (node) {
        out.yes[at] = place(node.yes);
        out.no[at] = place(node.no);
      } else out.leaves.push([t, id]);
      return id;
    };
    place(root);
  });
  return out;
}

const MODE_SETS = [
  ['BRANCH_LEQ'],
  ['BRANCH_LT'],
  ['BRANCH_GTE'],
  ['BRANCH_GT'],
  ['BRANCH_EQ'],
  ['BRANCH_LEQ', 'BRANCH_LT', 'BRANCH_GTE', 'BRANCH_GT', 'BRANCH_EQ', 'BRANCH_NEQ'],
];

interface Grown {
  readonly attributes: Record<string, AttributeGiven>;
  readonly leaves: Columns['leaves'];
  readonly x: Given;
}

function grow(r: Random, types: readonly DType[]): Grown {
  const count = r.int(1, 4);
  const modes = r.pick(MODE_SETS);
  const trees = r.list(r.int(1, 5), () => tree(r, r.int(1, 4), count, modes));
  const c = columns(trees);
  const missing = r.chance(0.6);
  return {
    leaves: c.leaves,
    x: features(r, count, missing, r.pick(types)),
    attributes: {
      nodes_treeids: c.treeids,
      nodes_nodeids: c.nodeids,
      nodes_featureids: c.features,
      nodes_values: { floats: c.values },
      nodes_modes: c.modes,
      nodes_truenodeids: c.yes,
      nodes_falsenodeids: c.no,
      ...(missing ? { nodes_missing_value_tracks_true: c.missing } : {}),
    },
  };
}

function classifier(r: Random): OracleCase {
  const { attributes, leaves, x } = grow(r, ['float32', 'float32', 'float32', 'int64', 'int32']);
  const classes = r.pick([1, 2, 2, 2, 3, 4]);
  const positive = r.chance(0.5);
  const weight = () => Math.fround(positive ? r.float(0.01, 1) : r.float(-1, 1));
  const style = r.pick(['first', 'every', 'by tree', 'any']);
  const votes = leaves.flatMap(([t, id]) => {
    const wanted =
      style === 'first'
        ? [0]
        : style === 'every'
          ? r.list(classes, (k) => k)
          : style === 'by tree'
            ? [t % classes]
            : [r.int(0, classes - 1)];
    return wanted.map((k) => ({ t, id, k, w: weight() }));
  });
  const base = r.chance(0.3) ? r.list(classes, () => Math.fround(r.float(-1, 1))) : undefined;
  const post = r.pick(POST);
  const labels =
    classes > 1 && r.chance(0.3)
      ? { classlabels_strings: r.list(classes, (i) => `label ${i}`) }
      : { classlabels_int64s: r.chance(0.5) ? r.list(classes, (i) => i) : r.list(classes, (i) => 10 * i - 5) };
  return single('TreeEnsembleClassifier', {
    domain: DOMAIN,
    opset: r.pick([1, 3]),
    inputs: [x],
    outputs: 2,
    ...(post === 'PROBIT' ? { tolerance: PROBIT_TOLERANCE } : {}),
    attributes: {
      ...attributes,
      ...labels,
      post_transform: post,
      class_treeids: votes.map((v) => v.t),
      class_nodeids: votes.map((v) => v.id),
      class_ids: votes.map((v) => v.k),
      class_weights: { floats: votes.map((v) => v.w) },
      ...(base ? { base_values: { floats: base } } : {}),
    },
  });
}

function regressor(r: Random): OracleCase {
  const { attributes, leaves, x } = grow(r, ['float32']);
  const targets = r.pick([1, 1, 2, 3]);
  const style = r.pick(['every', 'by tree', 'any']);
  const votes = leaves.flatMap(([t, id]) => {
    const wanted =
      targets === 1
        ? [0]
        : style === 'every'
          ? r.list(targets, (k) => k)
          : style === 'by tree'
            ? [t % targets]
            : [r.int(0, targets - 1)];
    return wanted.map((k) => ({ t, id, k, w: Math.fround(r.float(-1, 1)) }));
  });
  const base = r.chance(0.4) ? r.list(targets, () => Math.fround(r.float(-1, 1))) : undefined;
  const post = r.pick(POST);
  return single('TreeEnsembleRegressor', {
    domain: DOMAIN,
    opset: r.pick([1, 3]),
    inputs: [x],
    ...(post === 'PROBIT' ? { tolerance: PROBIT_TOLERANCE } : {}),
    attributes: {
      ...attributes,
      n_targets: targets,
      aggregate_function: r.pick(['SUM', 'SUM', 'AVERAGE', 'MIN', 'MAX']),
      post_transform: post,
      target_treeids: votes.map((v) => v.t),
      target_nodeids: votes.map((v) => v.id),
      target_ids: votes.map((v) => v.k),
      target_weights: { floats: votes.map((v) => v.w) },
      ...(base ? { base_values: { floats: base } } : {}),
    },
  });
}

/** Doubles in the `_as_tensor` attributes, features double too: whole and half numbers, which both types hold. */
function regressorInDouble(r: Random): OracleCase {
  const count = r.int(1, 4);
  const c = columns(r.list(r.int(1, 4), () => tree(r, r.int(1, 4), count, r.pick(MODE_SETS))));
  const n = r.int(1, 5);
  const x = tensorOf(
    'float64',
    [n, count],
    r.list(n * count, () => r.pick(GRID)),
  );
  const doubles = (values: readonly number[]) => tensorOf('float64', [values.length], values);
  return single('TreeEnsembleRegressor', {
    domain: DOMAIN,
    opset: 3,
    inputs: [fed(x)],
    attributes: {
      nodes_treeids: c.treeids,
      nodes_nodeids: c.nodeids,
      nodes_featureids: c.features,
      nodes_values_as_tensor: doubles(c.values.map((v) => Math.round(v * 4) / 4)),
      nodes_modes: c.modes,
      nodes_truenodeids: c.yes,
      nodes_falsenodeids: c.no,
      n_targets: 1,
      aggregate_function: r.pick(['SUM', 'AVERAGE', 'MIN', 'MAX']),
      target_treeids: c.leaves.map(([t]) => t),
      target_nodeids: c.leaves.map(([, id]) => id),
      target_ids: c.leaves.map(() => 0),
      target_weights_as_tensor: doubles(c.leaves.map(() => r.float(-1, 1))),
      ...(r.chance(0.5) ? { base_values_as_tensor: doubles([r.float(-1, 1)]) } : {}),
    },
  });
}

/** onnxruntime looks members up as whole numbers from 1 to 32, so that features and members are such here. */
const ensembleWithMembers = (r: Random): OracleCase =>
  ensemble(r, r.pick([['BRANCH_MEMBER'], ['BRANCH_LEQ', 'BRANCH_MEMBER']]));

function ensemble(r: Random, modes: readonly string[] = r.pick(MODE_SETS)): OracleCase {
  const count = r.int(1, 4);
  const targets = r.int(1, 3);
  const names = ['BRANCH_LEQ', 'BRANCH_LT', 'BRANCH_GTE', 'BRANCH_GT', 'BRANCH_EQ', 'BRANCH_NEQ', 'BRANCH_MEMBER'];
  const nodes: {
    f: number;
    v: number;
    m: string;
    missing: number;
    yes: number;
    no: number;
    yesLeaf: number;
    noLeaf: number;
  }[] = [];
  const leaves: { w: number; t: number }[] = [];
  const members: number[] = [];
  const place = (node: Tree | undefined): [leaf: number, at: number] => {
    if (!node) {
      leaves.push({ w: Math.fround(r.float(-1, 1)), t: r.int(0, targets - 1) });
      return [1, leaves.length - 1];
    }
    const own = {
      f: node.feature,
      v: node.value,
      m: node.mode,
      missing: node.missing ? 1 : 0,
      yes: 0,
      no: 0,
      yesLeaf: 0,
      noLeaf: 0,
    };
    nodes.push(own);
    const at = nodes.length - 1;
    [own.yesLeaf, own.yes] = place(node.yes);
    [own.noLeaf, own.no] = place(node.no);
    return [0, at];
  };
  const roots = r.list(r.int(1, 4), () => place(tree(r, r.int(1, 4), count, modes))[1]);
  for (const node of nodes)
    if (node.m === 'BRANCH_MEMBER') members.push(...r.list(r.int(1, 6), () => r.int(1, 8)), Number.NaN);
  const missing = members.length === 0 && r.chance(0.5);
  const whole = (n: number) =>
    tensorOf(
      'float32',
      [n, count],
      r.list(n * count, () => r.int(1, 9)),
    );
  const x = members.length > 0 ? fed(whole(4), { 0: 'N' }, [whole(7)]) : features(r, count, missing);
  return single('TreeEnsemble', {
    domain: DOMAIN,
    opset: 5,
    inputs: [x],
    tolerance: PROBIT_TOLERANCE,
    attributes: {
      // onnxruntime 1.30 takes 1 for LOGISTIC and 2 for SOFTMAX, against ONNX's text.
      n_targets: targets,
      aggregate_function: r.int(0, 3),
      post_transform: r.pick([0, 3, 4]),
      tree_roots: roots,
      nodes_featureids: nodes.map((x) => x.f),
      nodes_splits: tensorOf(
        'float32',
        [nodes.length],
        nodes.map((x) => x.v),
      ),
      nodes_modes: tensorOf(
        'uint8',
        [nodes.length],
        nodes.map((x) => names.indexOf(x.m)),
      ),
      nodes_truenodeids: nodes.map((x) => x.yes),
      nodes_falsenodeids: nodes.map((x) => x.no),
      nodes_trueleafs: nodes.map((x) => x.yesLeaf),
      nodes_falseleafs: nodes.map((x) => x.noLeaf),
      leaf_targetids: leaves.map((x) => x.t),
      leaf_weights: tensorOf(
        'float32',
        [leaves.length],
        leaves.map((x) => x.w),
      ),
      ...(missing ? { nodes_missing_value_tracks_true: nodes.map((x) => x.missing) } : {}),
      ...(members.length > 0 ? { membership_values: tensorOf('float32', [members.length], members) } : {}),
    },
  });
}

export const TREES: Family = {
  TreeEnsembleClassifier: classifier,
  TreeEnsembleRegressor: regressor,
  'TreeEnsembleRegressor in double': regressorInDouble,
  TreeEnsemble: (r) => ensemble(r),
  'TreeEnsemble with members': ensembleWithMembers,
};
