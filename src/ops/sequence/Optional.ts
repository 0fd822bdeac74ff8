import { invalid } from '../../diag/diagnostic.js';
import { defineOp, noAttributes } from '../../ir/op.js';
import { tensorOf } from '../../tensor/tensor.js';
import { optional, resolved } from './sequences.js';

export default [
  defineOp({
    name: 'Optional',
    summary: 'a value that may be missing, resolved while converting',
    read: { 15: noAttributes },
    infer: resolved,
    expand: (n, [v]) => [v?.kind === 'optional' ? v : optional(n, v)],
  }),
  defineOp({
    name: 'OptionalHasElement',
    summary: 'whether a value is there: a constant',
    read: { 15: noAttributes },
    infer: resolved,
    expand: (_, [v], e) => [
      e.constant(tensorOf('bool', [], [v !== undefined && (v.kind !== 'optional' || v.content !== undefined)])),
    ],
  }),
  defineOp({
    name: 'OptionalGetElement',
    summary: 'the value of an optional, which has to be there',
    read: { 15: noAttributes },
    infer: resolved,
    expand: (_, [v]) => [v?.kind === 'optional' ? (v.content ?? invalid('the optional is empty')) : v],
  }),
];
