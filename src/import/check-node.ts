import { invalid } from '../diag/diagnostic.js';
import type { Bound } from '../ir/graph.js';
import type { Op } from '../ir/op.js';
import { checkShapes } from '../ir/shapes.js';
import type { RawNode } from '../ir/view.js';
import { allows, checkTypes, parameterAt, takesTensors } from '../onnx/check-types.js';
import type { Attribute, OnnxNode } from '../onnx/model.js';
import { schemaFor, type OpSchema } from '../onnx/schema.js';

/** What an operator is at the node's opset, and at the newest; runtimes had some before ONNX did, as it has them now. */
function schemasOf({ domain, op }: OnnxNode, opset: number): { schema: OpSchema; newest: OpSchema } | undefined {
  const newest = schemaFor(domain, op, Number.MAX_SAFE_INTEGER);
  return newest && { schema: schemaFor(domain, op, opset) ?? newest, newest };
}

/**
 * Holds a node against what ONNX says of its operator, before anyone reads it: how many inputs and outputs it has, which
 * have to be there, of which element types, and the attributes that it can't do without. Inputs left out at the end are
 * cut off. Refuses the node.
 */
export function checkNode(
  node: OnnxNode,
  opset: number,
  attributes: ReadonlyMap<string, Attribute>,
  inputs: (Bound | undefined)[],
): void {
  while (inputs.length > 0 && inputs[inputs.length - 1] === undefined) inputs.pop();
  const known = schemasOf(node, opset);
  if (!known) return;
  const { schema, newest } = known;
  count(node, opset, 'inputs', inputs.length, schema.minInputs, schema.maxInputs);
  const outputs = node.outputs.findLastIndex((name) => name !== '') + 1;
  count(node, opset, 'outputs', outputs, Math.min(1, schema.minOutputs), schema.maxOutputs);
  for (const { name, required } of schema.attributes)
    if (required && !attributes.has(name)) invalid(`attribute ${name} of ${node.op} is missing`);
  checkTypes(
    schema,
    newest,
    inputs.map((v) => (v?.kind === 'tensor' ? v.type.dtype : v?.kind)),
  );
}

/** Holds the element types that a node's outputs came to have against those that ONNX lets them have. Refuses the node. */
export function checkOutputs(node: OnnxNode, opset: number, outputs: readonly (Bound | undefined)[]): void {
  const known = schemasOf(node, opset);
  if (!known) return;
  const { schema, newest } = known;
  outputs.forEach((v, i) => {
    if (v?.kind !== 'tensor') return;
    const { dtype } = v.type;
    const [now, later] = [parameterAt(schema.outputs, i), parameterAt(newest.outputs, i)];
    // What ONNX gives as maps, such as ZipMap, is a tensor here.
    if (!now || !takesTensors(schema, now)) return;
    if (!allows(schema, now, dtype) && !(later && allows(newest, later, dtype)))
      invalid(
        `output ${i} (${now.name}) of ${node.op} would be ${dtype}, which ONNX doesn't allow it to be`,
        'check the attributes that name a type',
      );
  });
}

function count(
  node: OnnxNode,
  opset: number,
  what: 'inputs' | 'outputs',
  n: number,
  least: number,
  most: number,
): void {
  if (n >= least && n <= most) return;
  const wanted =
    least === most ? least : most === Number.POSITIVE_INFINITY ? `${least} or more` : `${least} to ${most}`;
  invalid(`${node.op} has ${n} ${what}, where opset ${opset} allows ${wanted}`);
}

/** Holds the shapes of a node's inputs against those that its operator wants. Refuses the node. */
export function checkShapesOf({ shapes }: Op, schema: OpSchema | undefined, node: RawNode): void {
  if (shapes)
    checkShapes(
      node.opName,
      typeof shapes === 'function' ? shapes(node) : shapes,
      node.inputs,
      (i) => schema && parameterAt(schema.inputs, i)?.name,
      schema !== undefined,
    );
}
