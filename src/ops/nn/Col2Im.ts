import { invalid } from '../../diag/diagnostic.js';
import { areKnown, exactDiv, type Dim } from '../../ir/dim.js';
import { defineOp } from '../../ir/op.js';
import type { RawNode } from '../../ir/view.js';
import { sizeOf } from '../../tensor/tensor.js';
import { Amounts, type Amount } from '../../tf/amounts.js';
import type { Ref } from '../../tf/builder.js';

interface Attrs {
  /** Undefined where the model computes them: inputs 1 and 2. */
  readonly image: readonly Dim[] | undefined;
  readonly block: readonly number[] | undefined;
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly pads: readonly number[];
}

function read(n: RawNode): Attrs {
  const rank = Number(n.input(1)?.type.dims[0] ?? invalid('Col2Im has no image_shape'));
  if (!Number.isInteger(rank)) return invalid('the rank of image_shape is not known');
  if (rank < 1) return invalid('image_shape has no entry');
  const list = (name: string, length: number, fallback: number): number[] => {
    const given = n.optInts(name) ?? new Array<number>(length).fill(fallback);
    return given.length === length ? given : invalid(`${name} has ${given.length} entries for ${rank} axes`);
  };
  const [image, block] = [n.constantInts(1), n.constantInts(2)];
  n.setInputs([n.input(0), image ? undefined : n.input(1), block ? undefined : n.input(2)]);
  return {
    image,
    block,
    strides: list('strides', rank, 1),
    dilations: list('dilations', rank, 1),
    pads: list('pads', 2 * rank, 0),
  };
}

/** Source: ONNX, Col2Im-18: elements of overlapping blocks are summed up where they belong. */
export default defineOp<Attrs>({
  name: 'Col2Im',
  summary: 'blocks put back into an image, summed where they overlap',
  shapes: ['_ _ _', 'R', 'R'],
  read: { 18: read },
  infer: (n) => {
    const { image, block, strides } = n.attrs;
    const [batch, columns] = n.dims(0);
    const channels = block
      ? (exactDiv(columns, sizeOf(block)) ?? invalid(`${columns} columns are no whole number of blocks of [${block}]`))
      : n.fresh();
    return [{ dtype: n.dtype(0), dims: [batch, channels, ...(image ?? strides.map(() => n.fresh()))] }];
  },
  graph: (n, [x, imageRef, blockRef], b) => {
    const a = new Amounts(b);
    const { strides, dilations, pads, image: knownImage, block: knownBlock } = n.attrs;
    const rank = strides.length;
    const element = (list: Ref, i: number) =>
      b.op('StridedSlice', [list, b.ints([i]), b.ints([i + 1]), b.ints([1])], { shrink_axis_mask: 1 });
    const image = strides.map(
      (_, i): Amount => (knownImage && areKnown(knownImage) ? knownImage[i] : element(imageRef, i)),
    );
    const block = strides.map((_, i): Amount => knownBlock?.[i] ?? element(blockRef, i));
    const [batch, columns, blocks] = a.sizes(x, n.dims(0));
    const taps = a.product(block);
    const channels =
      typeof taps === 'number' && typeof columns === 'number'
        ? columns / taps
        : b.op('FloorDiv', [a.ref(columns), a.ref(taps)]);
    // Per axis, where each tap of each block stands in the image, beside what it contributes to the place in all of it.
    const line = (count: Amount) =>
      b.op('Range', [b.scalar(0, 'int32'), a.ref(count), b.scalar(1, 'int32')], { Tidx: 'int32' });
    const shape = [...block, ...image].map(() => 1);
    let place: Ref | undefined;
    let inside: Ref | undefined;
    for (let i = 0; i < rank; i++) {
      const span = a.add(a.mul(a.sub(block[i], 1), dilations[i]), 1);
      const count = a.add(a.div(a.sub(a.add(image[i], pads[i] + pads[i + rank]), span), strides[i]), 1);
      const along = (v: Ref, axis: number) =>
        b.reshape(
          v,
          shape.map((_, k) => (k === axis ? -1 : 1)),
        );
      const at = b.sub(
        b.add2(
          along(b.mul(line(block[i]), b.scalar(dilations[i], 'int32')), i),
          along(b.mul(line(count), b.scalar(strides[i], 'int32')), rank + i),
        ),
        b.scalar(pads[i], 'int32'),
      );
      const valid = b.op('LogicalAnd', [
        b.op('GreaterEqual', [at, b.scalar(0, 'int32')]),
        b.op('Less', [at, a.ref(image[i])]),
      ]);
      place = place ? b.add2(b.mul(place, a.ref(image[i])), at) : at;
      inside = inside ? b.op('LogicalAnd', [inside, valid]) : valid;
    }
    const area = a.product(image);
    // What lies in the padding goes to a place of its own behind the image, and is left there.
    const places = b.select(inside as Ref, place as Ref, a.ref(area));
    const values = b.transpose(a.reshape(x, [a.mul(batch, channels), a.mul(taps, blocks)]), [1, 0]);
    const width = a.mul(batch, channels);
    const sums = b.op('ScatterNd', [b.reshape(places, [-1, 1]), values, b.sizes([a.add(area, 1), width])]);
    return a.reshape(b.transpose(a.slice(sums, [0, 0], [area, -1]), [1, 0]), [batch, channels, ...image]);
  },
});
