import type { Value } from '../../ir/graph.js';
import { composition } from '../compose.js';

interface Attrs {
  readonly offset: readonly number[] | undefined;
  readonly scale: readonly number[] | undefined;
}

export default composition<Attrs>({
  name: 'Scaler',
  domain: 'ai.onnx.ml',
  summary: '(x - offset) * scale, per feature or for all',
  read: { 1: (n) => ({ offset: n.optFloats('offset'), scale: n.optFloats('scale') }) },
  compose: (c, n) => {
    const { offset, scale } = n.attrs;
    const along = (values: readonly number[]): Value =>
      values.length === 1 ? c.constant('float32', [], values) : c.floats(values);
    let x = c.cast(n.value(0), 'float32');
    if (offset && offset.length > 0) x = c.sub(x, along(offset));
    return [scale && scale.length > 0 ? c.mul(x, along(scale)) : x];
  },
});
