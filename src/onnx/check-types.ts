import { invalid } from '../diag/diagnostic.js';
import type { DType } from '../tensor/dtype.js';
import type { OpSchema, ParameterSchema } from './schema.js';

/** ONNX's words for element types where they aren't the project's. */
const WORDS: Partial<Record<DType, string>> = { float32: 'float', float64: 'double' };

/**
 * Holds the element types of a node's inputs against those that its operator may have, and against each other where the
 * operator wants them alike; none that it needs may be absent (undefined). `newest`: the same operator as the newest
 * opset has it, since files use types before the opset that allows them, and onnxruntime runs those. Refuses.
 */
export function checkTypes(
  schema: OpSchema,
  newest: OpSchema,
  given: readonly (DType | 'sequence' | 'optional' | undefined)[],
): void {
  const bound = new Map<string, { dtype: DType; name: string }>();
  given.forEach((dtype, i) => {
    const parameter = parameterAt(schema.inputs, i);
    if (parameter === undefined) return;
    if (dtype === undefined) {
      if (parameter.option !== 'optional') invalid(`input ${i} (${parameter.name}) of ${schema.name} is missing`);
      return;
    }
    const later = parameterAt(newest.inputs, i);
    if (dtype === 'sequence' || dtype === 'optional') {
      // An optional that holds a sequence goes where a sequence does: what it holds is known while converting.
      const words = [...typesOf(schema, parameter), ...(later ? typesOf(newest, later) : [])];
      if (!words.some((word) => word.startsWith('seq(') || (dtype === 'optional' && word.startsWith('optional('))))
        invalid(`input ${i} (${parameter.name}) of ${schema.name} is a ${dtype}, which ONNX doesn't allow it to be`);
      return;
    }
    if (!allows(schema, parameter, dtype) && !(later && allows(newest, later, dtype)))
      invalid(
        `input ${i} (${parameter.name}) of ${schema.name} is ${dtype}, which ONNX doesn't allow it to be`,
        'cast it to a type that the operator takes',
      );
    if (!schema.types.has(parameter.type) || (parameter.option === 'variadic' && !parameter.homogeneous)) return;
    const other = bound.get(parameter.type);
    if (other && other.dtype !== dtype)
      invalid(
        `input ${i} (${parameter.name}) of ${schema.name} is ${dtype} and ${other.name} is ${other.dtype}: ONNX wants one type`,
        'cast one of them to the type of the other',
      );
    bound.set(parameter.type, { dtype, name: parameter.name });
  });
}

/** Whether a tensor of this element type may stand for a parameter. */
export function allows(schema: OpSchema, parameter: ParameterSchema, dtype: DType): boolean {
  return typesOf(schema, parameter).includes(`tensor(${WORDS[dtype] ?? dtype})`);
}

/** Whether a parameter stands for tensors at all. */
export function takesTensors(schema: OpSchema, parameter: ParameterSchema): boolean {
  return typesOf(schema, parameter).some((word) => word.startsWith('tensor('));
}

/** The last parameter stands for all that follow where it is variadic. */
export function parameterAt(parameters: readonly ParameterSchema[], i: number): ParameterSchema | undefined {
  const last = parameters.at(-1);
  return parameters[i] ?? (last?.option === 'variadic' ? last : undefined);
}

const typesOf = (schema: OpSchema, { type }: ParameterSchema): readonly string[] => schema.types.get(type) ?? [type];
