import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import type { KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';
import type { Core } from './tfjs.js';

/** The name under which the WASM backend runs with every float tensor rounded to float16. */
export const HALF = 'wasm-half';

/** What a run met that float16 can't hold. */
export interface HalfTrace {
  /** The kernel that gave the first finite value beyond float16's range, and the value. */
  beyond?: { kernel: string; value: number };
}

/** float16's largest number. */
export const HALF_MAX = 65504;

let trace: HalfTrace = {};
let opened = false;

/**
 * Registers the kernels, once: each is `wasm`'s own, its float inputs and outputs rounded to float16 where they lie, as a
 * device does that computes in float32 and holds tensors in textures of float16. Returns the trace of the run to come.
 */
export function openHalf(core: Core): HalfTrace {
  trace = {};
  if (opened) return trace;
  opened = true;
  for (const { kernelName, kernelFunc } of core.getKernelsForBackend('wasm'))
    core.registerKernel({ kernelName, backendName: HALF, kernelFunc: rounding(kernelName, kernelFunc) });
  return trace;
}

function rounding(kernel: string, own: KernelFunc): KernelFunc {
  return (args) => {
    const wasm = args.backend as BackendWasm;
    const given = args.inputs as unknown as TensorInfo[] | Record<string, TensorInfo>;
    for (const tensor of Object.values(given)) round(wasm, tensor, undefined);
    const result = own(args);
    for (const tensor of Array.isArray(result) ? result : [result]) round(wasm, tensor, kernel);
    return result;
  };
}

function round(wasm: BackendWasm, tensor: TensorInfo | null | undefined, kernel: string | undefined): void {
  if (tensor?.dtype !== 'float32') return;
  const values = wasm.typedArrayFromHeap(tensor) as Float32Array;
  for (let i = 0; i < values.length; i++) {
    const x = values[i] as number;
    const near = half(x);
    if (near === x) continue;
    if (!Number.isFinite(near) && Number.isFinite(x) && kernel !== undefined) trace.beyond ??= { kernel, value: x };
    values[i] = near;
  }
}

/** Its smallest normal number, and the distance of those below it. */
const [NORMAL, TINY] = [2 ** -14, 2 ** -24];
/** The bits of a float32's fraction that float16 has not. */
const LOST = 13;
const single = new Float32Array(1);
const bits = new Uint32Array(single.buffer);

/** The float16 nearest to a float32, ties to even; infinite from 65520 on. NaN stays. */
export function half(x: number): number {
  const size = Math.abs(x);
  if (Number.isNaN(x)) return x;
  if (size >= 65520) return x < 0 ? -Infinity : Infinity;
  if (size < NORMAL) {
    const steps = size / TINY;
    const below = Math.floor(steps);
    const rest = steps - below;
    const whole = rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
    return x < 0 ? -whole * TINY : whole * TINY;
  }
  single[0] = x;
  const before = bits[0] as number;
  bits[0] = (before + (2 ** (LOST - 1) - 1) + ((before >>> LOST) & 1)) & -(2 ** LOST);
  return single[0] as number;
}
