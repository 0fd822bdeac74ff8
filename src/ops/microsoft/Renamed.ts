import { invalid, refuse } from '../../diag/diagnostic.js';
import type { Value } from '../../ir/graph.js';
import { noAttributes } from '../../ir/op.js';
import type { Composer } from '../compose.js';
import { windowAttributes } from './FusedConv.js';
import { microsoft } from './domain.js';

/** A number that comes with one axis, too. */
const alone = (c: Composer, v: Value): Value => (v.type.dims.length === 0 ? v : c.reshape(v, []));

/** Source: ONNX Runtime, ContribOperators: what ai.onnx has had since, under other names and with other words. */
export default [
  microsoft({
    name: 'ExpandDims',
    summary: 'Unsqueeze',
    shapes: ['', '() | 1'],
    read: { 1: noAttributes },
    compose: (c, n) => {
      const [axis] = n.needInts(1, 'the axis of ExpandDims');
      return c.unsqueeze(n.value(0), [axis]);
    },
  }),
  microsoft<{ upper: number }>({
    name: 'Trilu',
    summary: 'Trilu',
    shapes: ['_ _ ...', '? () | 1'],
    read: { 1: (n) => ({ upper: n.optInt('upper') ?? 1 }) },
    compose: (c, n) => c.op('Trilu', [n.value(0), n.inputs[1]], n.attrs),
  }),
  microsoft<{ align: number; mode: string; padding: string }>({
    name: 'GridSample',
    summary: 'GridSample',
    shapes: ['N C _ ...s', 'N _ ...s _'],
    read: {
      1: (n) => ({
        align: n.optInt('align_corners') ?? 0,
        mode: n.optString('mode') ?? 'bilinear',
        padding: n.optString('padding_mode') ?? 'zeros',
      }),
    },
    compose: (c, n) => {
      const { align, mode, padding } = n.attrs;
      const name =
        ({ bilinear: 'linear', bicubic: 'cubic', nearest: 'nearest' } as Record<string, string>)[mode] ??
        invalid(`mode is ${JSON.stringify(mode)}`);
      return c.op('GridSample', [n.value(0), n.value(1)], { align_corners: align, mode: name, padding_mode: padding });
    },
  }),
  microsoft<{ mode: string }>({
    name: 'Pad',
    summary: 'Pad',
    shapes: ['', '_ | 1 _', '? () | 1'],
    read: { 1: (n) => ({ mode: n.optString('mode') ?? 'constant' }) },
    compose: (c, n) => {
      const [x, pads, value] = n.inputs;
      const flat = n.rank(1) === 1 ? (pads as Value) : c.reshape(pads as Value, [-1]);
      return c.op('Pad', [x, flat, value && alone(c, value)], { mode: n.attrs.mode });
    },
  }),
  microsoft({
    name: 'Unique',
    summary: 'Unique, in the order of first appearance',
    shapes: ['_'],
    read: { 1: noAttributes },
    compose: (c, n) => {
      const [values, , inverse, counts] = c.many('Unique', [n.value(0)], { sorted: 0 }, 4);
      return [values, inverse, counts];
    },
  }),
  microsoft({
    name: 'Range',
    summary: "Range; a step that isn't given is 1",
    shapes: ['() | 1', '() | 1', '? () | 1'],
    read: { 1: noAttributes },
    compose: (c, n) =>
      c.op('Range', [
        alone(c, n.value(0)),
        alone(c, n.value(1)),
        n.has(2) ? alone(c, n.value(2)) : c.scalar(1, n.value(0)),
      ]),
  }),
  microsoft({
    name: 'GatherND',
    summary: 'GatherND',
    shapes: ['_ ...', '_ ...'],
    read: { 1: noAttributes },
    compose: (c, n) => c.op('GatherND', [n.value(0), c.cast(n.value(1), 'int64')]),
  }),
  microsoft({
    name: 'TorchEmbedding',
    summary: 'rows of a table',
    shapes: ['_ _', ''],
    read: { 1: noAttributes },
    compose: (c, n) => c.op('Gather', [n.value(0), n.value(1)], { axis: 0 }),
  }),
  microsoft<{ attributes: ReturnType<typeof windowAttributes> }>({
    name: 'ConvTransposeWithDynamicPads',
    summary: 'ConvTranspose whose pads are an input',
    limits: 'pads that are computed by the model',
    shapes: ['N C _ ...s', 'C _ _ ...s', '? _', '? _'],
    read: { 1: (n) => ({ attributes: windowAttributes(n) }) },
    compose: (c, n) => {
      const pads = n.has(2) ? n.ints(2) : [];
      if (!pads)
        return refuse(
          'the pads of this ConvTranspose are computed by the model',
          'make them an initializer, or export with fixed sizes',
        );
      return c.op('ConvTranspose', [n.value(0), n.value(1), n.inputs[3]], {
        ...n.attrs.attributes,
        ...(pads.length > 0 ? { pads } : {}),
      });
    },
  }),
];
