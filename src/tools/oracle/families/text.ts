import { int64s, tensorOf, type Tensor } from '../../../tensor/tensor.js';
import { fed, fixed, single, type Family, type Generator } from '../case.js';
import type { Random } from '../random.js';
import { broadcasting } from './shapes.js';

const WORDS = ['', 'a', 'b', 'ab', 'ä', '日本', 'a b', 'A'];
const texts = (r: Random, dims: readonly number[]): Tensor =>
  tensorOf(
    'string',
    dims,
    r.list(
      dims.reduce((n, d) => n * d, 1),
      () => r.pick(WORDS),
    ),
  );

const equal: Generator = (r) => {
  const { operands } = broadcasting(r, 2, 3);
  const [x, y] = [fed(texts(r, operands[0])), fixed(texts(r, operands[1]))];
  return single('Equal', { opset: 19, inputs: r.chance(0.5) ? [x, y] : [y, x] });
};

const where: Generator = (r) => {
  const { operands } = broadcasting(r, 3, 3);
  return single('Where', {
    opset: r.pick([9, 16]),
    inputs: [fed(r.tensor('bool', operands[0])), fixed(texts(r, operands[1])), fixed(texts(r, operands[2]))],
  });
};

const gather: Generator = (r) => {
  const count = r.int(1, 6);
  const rank = r.int(1, 3);
  const axis = r.int(0, rank - 1);
  const dims = r.list(rank, (i) => (i === axis ? count : 1));
  return single('Gather', {
    opset: r.pick([11, 13]),
    attributes: { axis },
    inputs: [
      fixed(texts(r, dims)),
      fed(r.tensor(r.pick(['int64', 'int32']), r.dims(r.int(0, 2), 3), -count, count - 1)),
    ],
  });
};

/** As exporters of classifiers write it: the label of the greatest score. */
const label: Generator = (r) => {
  const classes = r.int(2, 5);
  return {
    opsets: { '': 13, 'ai.onnx.ml': 1 },
    nodes: [
      { op: 'ArgMax', inputs: ['x'], outputs: ['best'], attributes: { axis: 1, keepdims: 0 } },
      { op: 'ArrayFeatureExtractor', domain: 'ai.onnx.ml', inputs: ['labels', 'best'], outputs: ['wide'] },
      { op: 'Reshape', inputs: ['wide', 'flat'], outputs: ['y'] },
    ],
    inputs: {
      x: fed(r.tensor('float32', [r.int(1, 4), classes])),
      labels: fixed(texts(r, [classes])),
      flat: fixed(int64s([-1])),
    },
    outputs: ['y'],
  };
};

const matches: Generator = (r) =>
  single('RegexFullMatch', {
    opset: 20,
    attributes: { pattern: r.pick(['a+b?', '[a-z]*', '(a|b)\\w*', '.', '\\s*a.*', '', 'A|b']) },
    inputs: [
      fixed(
        tensorOf(
          'string',
          [4],
          r.list(4, () => r.pick(['', 'a', 'ab', 'aab', ' a b', 'A', 'b1'])),
        ),
      ),
    ],
  });

export const TEXT: Family = {
  'Equal of text': equal,
  'Where of text': where,
  'Gather of text': gather,
  'labels of classes': label,
  RegexFullMatch: matches,
};
