import type { KernelConfig, KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import type { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import { ABSENT, type Call, SUSPECTS, type Suspect } from './suspects.js';
import { type Core, tfjsCpu } from './tfjs.js';

/** The name under which the WASM backend runs with suspect kernels exchanged. */
export const GUARDED = 'wasm-guarded';

/** The table of kernels under that name, in which suspect ones are the CPU backend's. */
export interface Guarded {
  /** Before each run: which kernels may be exchanged. The set returned fills with those that were. */
  begin(allow: (kernel: string) => boolean): ReadonlySet<string>;
}

interface State {
  allow: (kernel: string) => boolean;
  exchanged: Set<string>;
  /** By the identity of its data: the shape under which a matrix was first used. */
  matrices: WeakMap<object, string>;
}

let opened: Guarded | undefined;

/**
 * Registers the guarded kernels, once. The instance that they run on is that of `wasm`, since the kernels' functions are
 * bound to one instance for the whole process; only the table of kernels is their own, so that `wasm` stays as it is.
 */
export async function openGuarded(core: Core): Promise<Guarded> {
  if (opened) return opened;
  await tfjsCpu();
  const cpu = core.findBackend('cpu') as MathBackendCPU;
  const state: State = { allow: () => true, exchanged: new Set(), matrices: new WeakMap() };
  const stock = new Map(core.getKernelsForBackend('wasm').map((k) => [k.kernelName, k.kernelFunc]));
  const substitutes = new Map(core.getKernelsForBackend('cpu').map((k) => [k.kernelName, k.kernelFunc]));
  const register = (kernelName: string, kernelFunc: KernelFunc) =>
    core.registerKernel({ kernelName, backendName: GUARDED, kernelFunc } satisfies KernelConfig);

  for (const [name, own] of stock) {
    const suspects = SUSPECTS.filter((s) => s.kernels.includes(name));
    const substitute = substitutes.get(name);
    register(name, suspects.length > 0 && substitute ? choice(name, own, substitute, suspects, state, cpu) : own);
  }
  for (const name of ABSENT) {
    const substitute = substitutes.get(name);
    if (!substitute || stock.has(name)) continue;
    register(name, (args) => {
      state.exchanged.add(name);
      return elsewhere(substitute, args, cpu);
    });
  }
  opened = {
    begin(allow) {
      state.allow = allow;
      state.exchanged = new Set();
      state.matrices = new WeakMap();
      return state.exchanged;
    },
  };
  return opened;
}

type Args = Parameters<KernelFunc>[0];

function choice(
  name: string,
  own: KernelFunc,
  substitute: KernelFunc,
  suspects: readonly Suspect[],
  state: State,
  cpu: MathBackendCPU,
): KernelFunc {
  return (args) => {
    const wasm = args.backend as BackendWasm;
    const call: Call = {
      inputs: args.inputs as unknown as Call['inputs'],
      attrs: (args.attrs ?? {}) as Call['attrs'],
      hasNaN: (t) => t?.dtype === 'float32' && (wasm.readSync(t.dataId) as Float32Array).some(Number.isNaN),
      usedAsOtherMatrix: (t) => {
        if (!t) return false;
        const first = state.matrices.get(t.dataId);
        if (first === undefined) state.matrices.set(t.dataId, t.shape.join());
        return first !== undefined && first !== t.shape.join();
      },
    };
    const suspect = suspects.find((s) => s.when(call));
    const label = suspect === undefined ? '' : `${name} (${suspect.what})`;
    if (suspect === undefined || !state.allow(label)) return own(args);
    state.exchanged.add(label);
    return elsewhere(substitute, args, cpu);
  };
}

/** One call on the CPU backend: data read over, computed there, and written back. */
function elsewhere(kernel: KernelFunc, args: Args, cpu: MathBackendCPU): TensorInfo | TensorInfo[] {
  const wasm = args.backend as BackendWasm;
  const copies: TensorInfo[] = [];
  const over = (t: TensorInfo): TensorInfo => {
    if (t === null || t === undefined) return t;
    const copy = cpu.makeTensorInfo(t.shape, t.dtype, wasm.readSync(t.dataId));
    copies.push(copy);
    return copy;
  };
  const given = args.inputs as unknown as TensorInfo[] | Record<string, TensorInfo>;
  const inputs = Array.isArray(given)
    ? given.map(over)
    : Object.fromEntries(Object.entries(given).map(([k, t]) => [k, over(t)]));
  const back = (t: TensorInfo): TensorInfo => {
    const values = cpu.readSync(t.dataId);
    copies.push(t);
    return { dataId: wasm.write(typed(values, t.dtype), t.shape, t.dtype), shape: t.shape, dtype: t.dtype };
  };
  try {
    const result = kernel({ inputs: inputs as unknown as Args['inputs'], attrs: args.attrs, backend: cpu });
    return Array.isArray(result) ? result.map(back) : back(result);
  } finally {
    for (const copy of copies) cpu.disposeData(copy.dataId, true);
  }
}

type Values = ReturnType<MathBackendCPU['readSync']>;

/** CPU kernels leave plain arrays and other widths now and then; WASM's memory takes bytes. */
function typed(values: Values, dtype: TensorInfo['dtype']): Values {
  if (dtype === 'float32')
    return values instanceof Float32Array ? values : Float32Array.from(values as unknown as number[]);
  if (dtype === 'int32') return values instanceof Int32Array ? values : Int32Array.from(values as unknown as number[]);
  if (dtype === 'bool')
    return values instanceof Uint8Array ? values : Uint8Array.from(values as unknown as number[], Number);
  return values;
}
