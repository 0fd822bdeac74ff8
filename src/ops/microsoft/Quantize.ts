import { microsoft } from './domain.js';

/** Without an axis of their own, scale and zero point are single numbers. */
interface Attrs {
  readonly axis: number | undefined;
}

/** Source: ONNX Runtime, ContribOperators: as ai.onnx's, also for 16 bits and half floats before ONNX had those. */
export default (['QuantizeLinear', 'DequantizeLinear'] as const).map((name) =>
  microsoft<Attrs>({
    name,
    summary: `${name}, under the domain of ONNX Runtime`,
    shapes: ['', '', '?'],
    read: { 1: (n) => ({ axis: n.optInt('axis') }) },
    compose: (c, n) => {
      const { axis } = n.attrs;
      const alone = (i: number) => {
        const v = n.inputs[i];
        return v && v.type.dims.length === 1 && v.type.dims[0] === 1 && (axis === undefined || n.rank(0) === 0)
          ? c.reshape(v, [])
          : v;
      };
      return c.op(name, [n.value(0), alone(1), alone(2)], axis === undefined ? {} : { axis });
    },
  }),
);
