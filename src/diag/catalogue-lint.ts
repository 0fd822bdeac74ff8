import type { Diagnostic, Severity } from './diagnostic.js';

const q = (text: string): string => JSON.stringify(text);
const short = (x: number): string => String(Number(x.toPrecision(4)));

function make(
  code: string,
  severity: Severity,
  message: string,
  remedy: string,
  file: string,
  tensor?: string,
): Diagnostic {
  return { code, severity, message, remedy, place: tensor === undefined ? { file } : { file, tensor } };
}

const DEVICES = 'devices whose WebGL or WebGPU holds tensors in float16, as many phones do';

/** Weights that float16 has no finite number for. `many`: how many weights are such. */
export function weightBeyondHalf(file: string, weight: string, value: number, many: number): Diagnostic {
  const others = many > 1 ? ` (the first of ${many} such weights)` : '';
  return make(
    'half-weight',
    'note',
    `the weight ${q(weight)} holds ${short(value)}${others}, beyond float16's largest number, 65504: on ${DEVICES}, it becomes infinite`,
    'for such devices, clip masks to -65504 and scale large weights down before the export, or use the wasm backend there',
    file,
    weight,
  );
}

/** Values within the network that float16 has no finite number for. `kernel`: what computed the first. */
export function valueBeyondHalf(file: string, kernel: string, value: number, severity: Severity): Diagnostic {
  return make(
    'half-overflow',
    severity,
    `within the network ${kernel} gives ${short(value)}, beyond float16's largest number, 65504: on ${DEVICES}, it becomes infinite`,
    'for such devices, normalize or scale the values before, or use the wasm backend there',
    file,
  );
}

/** An output that float16 moves out of tolerance. `says`: how far. */
export function outputOffInHalf(file: string, output: string, says: string, severity: Severity): Diagnostic {
  return make(
    'half-precision',
    severity,
    `with every tensor held in float16, as on ${DEVICES}, the output ${q(output)} would be out of tolerance: ${says}`,
    'judge on such a device whether that is good enough for you, or use the wasm backend there',
    file,
    output,
  );
}

/** The run in float16 can't be done. */
export function halfNotRun(file: string, why: string): Diagnostic {
  return make(
    'half-not-run',
    'note',
    `what float16 would do to the model could not be tried: ${why}`,
    'nothing needs to be done; the verdict does not rest on it',
    file,
  );
}

/** An input that was given another order of axes though its name or shape speaks against it. */
export function layoutDoubtful(file: string, name: string, shape: string, order: string, why: string): Diagnostic {
  return make(
    'layout-doubtful',
    'note',
    `the input ${q(name)} ${shape} was taken for channels-first and given the order ${order}, though ${why}`,
    `if it is channels-last already, say so in onnx2keras.yml (inputs: { ${q(name)}: { order: [0, 1, 2, 3] } }) or set change-ordering: false`,
    file,
    name,
  );
}

/** An expected integer that TensorFlow.js has no number for. */
export function outputBeyondInt32(file: string, name: string, value: string): Diagnostic {
  return make(
    'output-beyond-int32',
    'warning',
    `the reference's output ${q(name)} holds ${value}, beyond int32, TensorFlow.js's only integer type: no conversion can give it`,
    'export the model with such an output in float64 or as two numbers, or without it',
    file,
    name,
  );
}
