import type { AttributeValue } from '../ir/expander.js';
import type { Attribute, Graph } from '../onnx/model.js';
import { schemaFor } from '../onnx/schema.js';
import { weightOf, type Tensor } from '../tensor/tensor.js';

/** Plain values as attributes, of the kinds that the operator's schema gives them. */
export function attributesOf(
  op: string,
  domain: string,
  opsets: ReadonlyMap<string, number>,
  plain: Record<string, AttributeValue>,
): Map<string, Attribute> {
  const schema = schemaFor(domain, op, opsets.get(domain) ?? 1);
  const out = new Map<string, Attribute>();
  for (const [name, value] of Object.entries(plain))
    out.set(name, attributeOf(value, schema?.attributes.find((a) => a.name === name)?.type));
  return out;
}

function attributeOf(value: AttributeValue, type: string | undefined): Attribute {
  if (typeof value === 'number')
    return type === 'FLOAT' || (type === undefined && !Number.isInteger(value))
      ? { kind: 'float', value }
      : { kind: 'int', value };
  if (typeof value === 'string') return { kind: 'string', value };
  if (Array.isArray(value)) {
    if (type === 'STRINGS' || typeof value[0] === 'string') return { kind: 'strings', value: value as string[] };
    return { kind: type === 'FLOATS' ? 'floats' : 'ints', value: value as number[] };
  }
  return 'dtype' in (value as object)
    ? { kind: 'tensor', value: weightOf(value as Tensor) }
    : { kind: 'graph', value: value as Graph };
}
