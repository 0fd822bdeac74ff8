import {
  halfNotRun,
  outputBeyondInt32,
  outputOffInHalf,
  valueBeyondHalf,
  weightBeyondHalf,
} from '../../diag/catalogue-lint.js';
import { type Diagnostic, DiagnosticError } from '../../diag/diagnostic.js';
import { isBig } from '../../tensor/dtype.js';
import { sizeOf } from '../../tensor/tensor.js';
import { DEFAULT_TOLERANCE, type ToleranceSettings } from '../checks.js';
import { compare } from '../compare.js';
import { sentenceOf } from '../describe.js';
import { HALF_MAX } from '../engines/half.js';
import { engineOf } from '../engines/index.js';
import { feedOf } from '../feed.js';
import type { RecordedTensor } from '../record.js';
import type { ReferenceSet } from '../reference-set.js';
import type { ManifestWeight, WrittenModel } from '../written.js';

/** Engines whose kind some devices run with tensors in float16. */
const GRAPHIC = ['chrome-webgl', 'chrome-webgpu'];
/** The bits of HALF_MAX and of infinity as float32. */
const [HALF_MAX_BITS, INFINITY_BITS] = new Int32Array(Float32Array.of(HALF_MAX, Infinity).buffer) as unknown as [
  number,
  number,
];

/** The first weight that float16 has no finite number for. */
export function weightFindings(model: WrittenModel): Diagnostic[] {
  const found = [...firstsBeyondHalf(model)];
  const [first] = found;
  return first ? [weightBeyondHalf(model.file, first.name, first.value, found.length)] : [];
}

/** Of each weight of floats the first finite one that is too large. The shards are read one after the other. */
function* firstsBeyondHalf(model: WrittenModel): Generator<{ name: string; value: number }> {
  const around = paddedWith(model);
  const shards = model.eachShard()[Symbol.iterator]();
  for (const { paths, weights } of model.manifest) {
    const places = floatsOf(weights).filter(({ name }) => !around.has(name));
    let [next, begin] = [0, 0];
    /** What of a float stands at the end of a shard. */
    let rest = new Uint8Array(0);
    for (const _ of paths) {
      const shard: Uint8Array = shards.next().value;
      const end = begin + shard.length;
      for (let place = places[next]; place && place.begin < end; place = places[next]) {
        const part = shard.subarray(Math.max(0, place.begin - begin), Math.min(shard.length, place.end - begin));
        const whole = rest.length > 0 || part.byteOffset % 4 > 0 ? Uint8Array.from(Buffer.concat([rest, part])) : part;
        const value = firstBeyondHalf(whole);
        if (value !== undefined) yield { name: place.name, value };
        const isDone = value !== undefined || place.end <= end;
        rest = isDone ? new Uint8Array(0) : whole.slice(whole.length - (whole.length % 4));
        if (!isDone) break;
        next++;
      }
      begin = end;
    }
  }
}

/** Where weights of floats stand in their group's bytes; up to one whose end isn't known from its shape alone. */
function floatsOf(weights: readonly ManifestWeight[]): { name: string; begin: number; end: number }[] {
  const places: { name: string; begin: number; end: number }[] = [];
  let end = 0;
  for (const { name, shape, dtype, quantization } of weights) {
    if (quantization || !['float32', 'int32', 'bool'].includes(dtype)) break;
    const begin = end;
    end += sizeOf(shape) * (dtype === 'bool' ? 1 : 4);
    if (dtype === 'float32') places.push({ name, begin, end });
  }
  return places;
}

/** The first finite float that is too large, of as many as there are whole. */
function firstBeyondHalf(bytes: Uint8Array): number | undefined {
  const count = Math.floor(bytes.length / 4);
  const bits = new Int32Array(bytes.buffer, bytes.byteOffset, count);
  // Floats without their signs are in the order of their bits as integers, which are compared in half the time; and not
  // by `for … of`, which takes several times as long: there may be millions.
  for (let i = 0; i < count; i++) {
    const size = bits[i] & 0x7fffffff;
    if (size > HALF_MAX_BITS && size < INFINITY_BITS) return new Float32Array(bits.buffer, bits.byteOffset, count)[i];
  }
  return undefined;
}

/** What a graph-model pads with: around a maximum that is float32's lowest number, and infinity does as well there. */
function paddedWith({ json }: WrittenModel): ReadonlySet<string> {
  const { node } = (json.modelTopology ?? {}) as { node?: readonly { op?: string; input?: readonly string[] }[] };
  return new Set((node ?? []).flatMap(({ op, input }) => (op === 'PadV2' && input?.[2] ? [input[2]] : [])));
}

/** How a model is held against float16. */
export interface HalfSettings {
  readonly engines: readonly string[];
  readonly tolerance: Partial<ToleranceSettings>;
  readonly outputs?: Readonly<Record<string, Partial<ToleranceSettings>>> | undefined;
}

export interface HalfResult {
  readonly diagnostics: readonly Diagnostic[];
  /** The process should not judge another model. */
  readonly restart: boolean;
}

/**
 * What becomes of the model on a device that computes in float32 and holds tensors in float16, where an engine is asked for
 * that such devices run: each kernel's floats are rounded on the way in and out, on the WASM backend. No verdict rests on it.
 */
export async function halfFindings(
  model: WrittenModel,
  set: ReferenceSet,
  settings: HalfSettings,
): Promise<HalfResult> {
  const nothing: HalfResult = { diagnostics: [], restart: false };
  if (!settings.engines.some((name) => GRAPHIC.includes(name))) return nothing;
  const { file, record } = model;
  const toleranceOf = ({ onnx }: RecordedTensor): ToleranceSettings => {
    const own =
      settings.outputs && Object.hasOwn(settings.outputs, onnx.name) ? settings.outputs[onnx.name] : undefined;
    return { ...DEFAULT_TOLERANCE, ...settings.tolerance, ...own };
  };
  try {
    const engine = await engineOf('wasm');
    if (!engine.half || model.weightBytes > (engine.maxWeightBytes ?? Infinity)) return nothing;
    const inputs = new Map(
      record.inputs.flatMap((row) => {
        const value = set.inputs.get(row.onnx.name);
        return value ? [[row.tfjs.name, feedOf(value, row, '')] as const] : [];
      }),
    );
    const { outputs, beyond } = await engine.half(model, inputs);
    if (beyond) return { ...nothing, diagnostics: [valueBeyondHalf(file, beyond.kernel, beyond.value, 'warning')] };
    for (const row of record.outputs) {
      const [expected, actual] = [set.outputs.get(row.onnx.name), outputs.get(row.tfjs.name)];
      const comparison = expected && actual ? compare(expected, actual, row, toleranceOf(row)) : undefined;
      if (!comparison || comparison.kind === 'pass') continue;
      return {
        ...nothing,
        diagnostics: [outputOffInHalf(file, row.onnx.name, sentenceOf(comparison) ?? '', 'note')],
      };
    }
    return nothing;
  } catch (e) {
    const why = e instanceof DiagnosticError ? e.diagnostics[0]?.message : (e as Error).message;
    // Whatever it was, the instance that it happened in judges no other model.
    return { diagnostics: [halfNotRun(file, why ?? '')], restart: true };
  }
}

/** Expected integers that TensorFlow.js has no number for. */
export function integerFindings({ file, record }: WrittenModel, set: ReferenceSet): Diagnostic[] {
  return record.outputs.flatMap(({ onnx: { name, dtype } }) => {
    if (!isBig(dtype) && dtype !== 'uint32') return [];
    const data = (set.outputs.get(name)?.data ?? []) as ArrayLike<number | bigint>;
    for (let i = 0; i < data.length; i++) {
      const value = data[i] as number | bigint;
      if (value < -(2 ** 31) || value > 2 ** 31 - 1) return [outputBeyondInt32(file, name, String(value))];
    }
    return [];
  });
}
