import { invalid, refuse } from '../../diag/diagnostic.js';
import type { Value } from '../../ir/graph.js';
import type { Tensor } from '../../tensor/tensor.js';
import { composition, type Composer } from '../compose.js';
import { featuresOf, numbersFor, readForest, scoresOf, type Scores } from './ensemble.js';
import type { Forest } from './forest.js';
import { labelIf, labelsOf, readLabels } from './labels.js';
import { postTransform, readPostTransform, type PostTransform } from './post-transform.js';

interface Attrs {
  readonly forest: Forest;
  readonly labels: Tensor;
  readonly base: readonly number[];
  readonly transform: PostTransform;
}

/**
 * ONNX's text leaves open what two classes mean where only one of them has votes, and how a class without votes counts.
 * What exporters rely on is onnxruntime's reading, and this follows it: see the functions below.
 */
export default composition<Attrs>({
  name: 'TreeEnsembleClassifier',
  domain: 'ai.onnx.ml',
  summary: 'classification by decision trees',
  read: {
    1: (n) => ({
      forest: readForest(n, 'class'),
      labels: readLabels(n, 'classlabels_int64s', 'classlabels_strings'),
      base: numbersFor(n, 'base_values') ?? [],
      transform: readPostTransform(n),
    }),
  },
  compose: (c, n) => {
    const { forest, labels, base } = n.attrs;
    const classes = labels.dims[0];
    const scores = scoresOf(c, featuresOf(c, n.value(0)), forest, classes, 'SUM');
    if (base.length > 0 && base.length !== classes && !(base.length === 1 && classes === 2))
      return invalid(`there are ${base.length} base_values for ${classes} classes`);
    return classes > 2
      ? manyClasses(c, scores, n.attrs)
      : classes === 2
        ? twoClasses(c, scores, n.attrs)
        : oneClass(c, scores, n.attrs);
  },
});

/** The class with the largest score; among those without a base value only what got a vote counts. */
function manyClasses(c: Composer, scores: Scores, { labels, base, transform }: Attrs): Value[] {
  const total = base.length > 0 ? c.add(scores.sum, c.floats(base)) : scores.sum;
  const open = base.length === 0 && scores.voted.some((v) => v !== 'all');
  const counted = open ? c.where(scores.hasVote(), total, Number.NEGATIVE_INFINITY) : total;
  const best = c.op('ArgMax', [counted], { axis: 1, keepdims: 0 });
  return [labelsOf(c, labels, best), postTransform(c, total, transform)];
}

function oneClass(c: Composer, scores: Scores, { labels, base, transform }: Attrs): Value[] {
  if (labels.dtype === 'string')
    return refuse(
      'with one label, text, it is not said what rows get that are not of the class',
      'export with two labels',
    );
  const total = base.length > 0 ? c.add(scores.sum, base[0]) : scores.sum;
  return [labelIf(c, c.squeeze(c.greater(total, 0), [1]), 0, 1, labels), postTransform(c, total, transform)];
}

/**
 * Two classes. Where the second class got a vote the scores are two, else one, from which the other is made: 1 - s where
 * all weights are positive (s is a probability), -s where they are not (s is a margin).
 */
function twoClasses(c: Composer, scores: Scores, attrs: Attrs): Value[] {
  const { forest, labels, base, transform } = attrs;
  const votes = forest.votes.flat();
  // Votes for one class alone: the score says which of the two it is.
  const oneSided = new Set(votes.map((v) => v.target)).size === 1;
  const positive = votes.every((v) => v.weight >= 0);
  const [first, second] = [c.slice(scores.sum, 1, 0, 1), c.slice(scores.sum, 1, 1, 2)];
  const voted = (target: number): Value | boolean =>
    scores.voted[target] === 'all'
      ? true
      : scores.voted[target] === 'none'
        ? false
        : c.slice(scores.hasVote(), 1, target, target + 1);
  const has = [voted(0), voted(1)];
  const choose = (condition: Value | boolean, a: () => Value, b: () => Value): Value =>
    condition === true ? a() : condition === false ? b() : c.where(condition, a(), b());
  const zero = c.mul(first, 0);
  const shown = (condition: Value | boolean, v: Value): Value =>
    choose(
      condition,
      () => v,
      () => zero,
    );

  let pair: () => Value;
  let alone: () => Value;
  let margin: Value;
  if (base.length === 2) {
    // The base value of the second class is added to the votes of the first: that is how it has always been.
    const both = c.add(first, base[1]);
    const one = shown(has[0], c.add(first, base[0]));
    pair = () => postTransform(c, c.concat([shown(has[0], c.op('Neg', [both])), both], 1), transform);
    alone = () => postTransform(c, c.concat([one, zero], 1), transform);
    margin = choose(
      has[1],
      () => both,
      () => one,
    );
  } else {
    const one = shown(has[0], base.length === 1 ? c.add(first, base[0]) : first);
    pair = () => postTransform(c, c.concat([one, second], 1), transform);
    alone = () => {
      if (transform === 'PROBIT')
        return refuse(
          'PROBIT of two classes of which only one has votes gives one score, and two are asked for',
          'export with another post_transform',
        );
      if (!oneSided && base.length === 1)
        return refuse(
          'one base value for two classes, of which the second gets no vote in some rows, leaves a score open',
          'export with two base values',
        );
      const mirrored = () => c.concat([c.op('Neg', [one]), one], 1);
      if (transform === 'LOGISTIC') return c.op('Sigmoid', [mirrored()]);
      return oneSided && positive ? c.concat([c.sub(1, one), one], 1) : mirrored();
    };
    margin = choose(
      has[1],
      () => second,
      () => one,
    );
  }
  const yes = c.squeeze(c.greater(margin, oneSided && positive ? 0.5 : 0), [1]);
  // With votes for both classes onnxruntime says 0 and 1 whatever the labels are.
  const label = oneSided
    ? labelsOf(c, labels, c.where(yes, c.constant('int64', [], [1]), c.constant('int64', [], [0])))
    : labelIf(c, yes, 0, 1, labels);
  return [label, choose(has[1], pair, alone)];
}
