import { visible } from './escape.js';
import type { Diagnostic, Place, Refusal } from './diagnostic.js';

/** An operator that has no entry in src/ops and no function body. */
export function unsupportedOperator(place: Place, nearest?: string): Diagnostic {
  const hint = nearest ? `; did the exporter mean ${nearest}?` : '';
  return {
    code: 'unsupported-operator',
    severity: 'unsupported',
    message: `the operator ${visible(`${place.domain ? `${place.domain}::` : ''}${place.op}`)} is not supported${hint}`,
    remedy: 'express it by standard ONNX operators when exporting, or give the model a model-local function for it',
    place,
  };
}

/** A supported operator at a version from before the first one that can be read. */
export function unsupportedVersion(place: Place, first: number): Diagnostic {
  return {
    code: 'unsupported-version',
    severity: 'unsupported',
    message: `${place.op} is supported from opset ${first} on, and the model imports opset ${place.opset}`,
    remedy: 'export the model with a newer opset, or convert it with onnx.version_converter',
    place,
  };
}

/** A node that an operator refused while being read, typed or lowered. */
export function refusedNode(place: Place, refusal: Refusal): Diagnostic {
  return {
    code: refusal.code ?? (refusal.kind === 'invalid' ? 'invalid-node' : 'unsupported-node'),
    severity: refusal.kind === 'unsupported' ? 'unsupported' : 'error',
    message: refusal.message,
    remedy: refusal.remedy,
    place,
  };
}

/** Something to know about a node that is converted, such as a form of its output that differs from ONNX's. */
export function remark(place: Place, message: string, remedy: string): Diagnostic {
  return { code: 'node-remark', severity: 'note', message, remedy, place };
}

/** A node reads a name that nothing before it writes. */
export function unknownName(place: Place, tensor: string): Diagnostic {
  return {
    code: 'unknown-name',
    severity: 'error',
    message: `reads ${JSON.stringify(tensor)}, which no input, initializer or earlier node gives`,
    remedy: 'the graph is damaged or not in topological order: check it with onnx.checker and export it again',
    place: { ...place, tensor },
  };
}

/** The graph's inputs or outputs are of a kind that TensorFlow.js has not. */
export function unsupportedInterface(place: Place, what: 'input' | 'output', kind: string): Diagnostic {
  return {
    code: `unsupported-${what}`,
    severity: 'unsupported',
    message: `the ${what} ${JSON.stringify(place.tensor)} is ${kind}; TensorFlow.js models take and give tensors only`,
    remedy: 'export the model with tensors as inputs and outputs',
    place,
  };
}

/** The model breaks a rule of the file format that no single node shows. */
export function invalidModel(
  place: Place,
  message: string,
  remedy = 'check the model with onnx.checker and export it again',
): Diagnostic {
  return { code: 'invalid-model', severity: 'error', message, remedy, place };
}

/** A finding about a value that doesn't fit TensorFlow.js's int32 or float32. */
export function doesNotFit(place: Place, what: string, target: string): Diagnostic {
  return {
    code: 'value-out-of-range',
    severity: 'unsupported',
    message: `${what} does not fit ${target}, the widest type of TensorFlow.js for it`,
    remedy: 'use values within the range, for example int32 indices or a smaller mask value',
    place,
  };
}

/** Something that went wrong inside the converter. */
export function ourBug(place: Place, error: unknown): Diagnostic {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return {
    code: 'internal-error',
    severity: 'error',
    message: `this is a fault of the converter, not of the model: ${stack}`,
    remedy: 'please report it, with the model if possible; other models are not affected',
    place,
  };
}

/** `formats` asks for a layers-model, and this node has no stock Keras layer. */
export function noLayer(place: Place, reason: string, remedy: string): Diagnostic {
  return { code: 'no-keras-layer', severity: 'unsupported', message: reason, remedy, place };
}

/** With `formats: auto`: why the model became a graph-model. */
export function becameGraphModel(place: Place, nodes: number): Diagnostic {
  return {
    code: 'graph-model-chosen',
    severity: 'note',
    message: `${nodes === 1 ? 'one node has' : `${nodes} nodes have`} no stock Keras layer, so the model was written as a graph-model`,
    remedy: 'nothing needs to be done; ask for formats: layers-model to make this an error',
    place,
  };
}

/** A weight that was to be stored narrower and can't be. */
export function keepsFloat32(place: Place, as: string): Diagnostic {
  return {
    code: 'weight-keeps-float32',
    severity: 'note',
    message: `the weight ${JSON.stringify(place.tensor)} stays float32, since its values, infinities and NaN among them, don't fit ${as}`,
    remedy: 'nothing needs to be done; for a mask of -infinity, a finite number such as -1e4 fits every kind',
    place,
  };
}

/** 64-bit and unsigned 32-bit arithmetic that may leave int32, as which TensorFlow.js computes it. */
export function narrowedIntegers(place: Place, nodes: number): Diagnostic {
  return {
    code: 'integers-in-32-bits',
    severity: 'note',
    message: `TensorFlow.js computes 64-bit integers in 32 bits, and nothing shows that the results of ${nodes === 1 ? 'this node' : `${nodes} nodes, of which this is the first,`} fit: beyond int32 they would be wrong`,
    remedy: 'nothing needs to be done where values stay below 2147483648; what a reference shows is compared in full',
    place,
  };
}

/** `quantize` and a Keras archive. */
export function notQuantized(place: Place): Diagnostic {
  return {
    code: 'keras-not-quantized',
    severity: 'note',
    message:
      'the Keras archive holds its weights as float32: whole numbers with a scale are a form of TensorFlow.js, which Keras does not read',
    remedy: 'nothing needs to be done; float16 is stored in an archive, too',
    place,
  };
}

/** A difference of unsigned integers that may be below zero. */
export function unsignedDifference(place: Place, nodes: number): Diagnostic {
  return {
    code: 'unsigned-difference',
    severity: 'warning',
    message: `where the second operand is the greater one, ONNX's unsigned difference wraps to a value beyond int32, and the written model's is negative (${nodes === 1 ? 'one node' : `${nodes} nodes`})`,
    remedy: 'see to it that no difference is below zero, or compute in int32 or int64',
    place,
  };
}
