/**
 * What runs in the page. `drive` goes there as its own source text, so that it may use nothing from around it; what it does
 * is the same as engines/loaded.ts does in Node.
 */

/** A tensor's place among the files that are fetched and posted. */
export interface Placed {
  name: string;
  dtype: string;
  shape: number[];
}

/** The page's side, as expressions are evaluated there. */
export interface Driver {
  start(backend: string): Promise<{ version: string; details: Record<string, string> }>;
  load(format: string, isAsync: boolean): Promise<{ inputNames: string[]; outputNames: string[] }>;
  /** Inputs are fetched from `feed/<index>`, outputs posted to `result/<index>`. */
  run(inputs: Placed[], fetch: string[]): Promise<{ outputs: Placed[]; failures: string[] }>;
}

interface Tensor {
  id: number;
  dtype: string;
  shape: number[];
  isDisposed: boolean;
  data(): Promise<ArrayLike<unknown>>;
  dispose(): void;
}
interface Graph {
  modelSignature?: { inputs?: object; outputs?: object };
  inputNodes: string[];
  outputNodes: string[];
  weights: Record<string, Tensor[]>;
  execute(inputs: Record<string, Tensor>, outputs: string[]): Tensor | Tensor[];
  executeAsync(inputs: Record<string, Tensor>, outputs: string[]): Promise<Tensor | Tensor[]>;
}
interface Layers {
  inputs: unknown[];
  inputNames: string[];
  outputNames: string[];
  weights: { read(): Tensor }[];
  getLayer(name: string): { output: unknown };
  predict(inputs: Tensor[]): Tensor | Tensor[];
}
interface Device {
  addEventListener(type: string, listener: (event: { error: { message: string } }) => void): void;
  lost: Promise<{ message: string }>;
  queue: { onSubmittedWorkDone(): Promise<void> };
}
interface Backend {
  device?: Device;
  adapterInfo?: Record<string, string>;
  gpgpu?: {
    gl: { getExtension(name: string): { UNMASKED_RENDERER_WEBGL: number } | null; getParameter(p: number): string };
  };
}
interface TensorFlow {
  version_core?: string;
  version: Record<string, string>;
  wasm: { setWasmPaths(path: string): void; getThreadsCount(): number };
  io: {
    getModelArtifactsForJSON(
      json: unknown,
      load: (manifest: { paths: string[] }[]) => Promise<unknown>,
    ): Promise<unknown>;
    getWeightSpecs(manifest: unknown): unknown;
  };
  env(): { getAsync(name: string): Promise<unknown> };
  setBackend(name: string): Promise<boolean>;
  getBackend(): string;
  backend(): Backend;
  tensor(data: unknown, shape: number[], dtype: string): Tensor;
  complex(real: Tensor, imag: Tensor): Tensor;
  loadGraphModel(handler: unknown): Promise<Graph>;
  loadLayersModel(handler: unknown): Promise<Layers>;
  model(config: { inputs: unknown; outputs: unknown }): Layers;
}

export function drive(): void {
  const page = globalThis as unknown as {
    tf: TensorFlow;
    driver: Driver;
    crossOriginIsolated: boolean;
    location: { href: string };
  };
  const { tf } = page;
  const base = new URL('.', page.location.href).href;
  const failures: string[] = [];
  let device: Device | undefined;
  let run: (inputs: Map<string, Tensor>, fetch: string[]) => Promise<Tensor[]>;
  let owned: () => Tensor[];
  const list = <T>(given: T | T[]): T[] => (Array.isArray(given) ? given : [given]);
  const bytesAt = async (path: string): Promise<ArrayBuffer> => {
    const response = await fetch(base + path);
    if (!response.ok) throw new Error(`${path}: ${response.status}`);
    return response.arrayBuffer();
  };

  /** Nothing is awaited between shards by TensorFlow.js itself, which can starve a browser of connections. */
  const artifacts = async (): Promise<unknown> => {
    const json = JSON.parse(new TextDecoder().decode(await bytesAt('model/model.json')));
    return tf.io.getModelArtifactsForJSON(json, async (manifest) => {
      const shards: ArrayBuffer[] = [];
      for (const { paths } of manifest)
        for (const path of paths)
          shards.push(await bytesAt(`model/${path.split('/').map(encodeURIComponent).join('/')}`));
      return [tf.io.getWeightSpecs(manifest), shards];
    });
  };

  const input = async ({ dtype, shape }: Placed, index: number): Promise<Tensor> => {
    const bytes = await bytesAt(`feed/${index}`);
    if (dtype === 'string') return tf.tensor(JSON.parse(new TextDecoder().decode(bytes)), shape, dtype);
    if (dtype === 'int32') return tf.tensor(new Int32Array(bytes), shape, dtype);
    if (dtype === 'bool') return tf.tensor(new Uint8Array(bytes), shape, dtype);
    const floats = new Float32Array(bytes);
    if (dtype !== 'complex64') return tf.tensor(floats, shape, dtype);
    const real = tf.tensor(
      floats.filter((_, i) => i % 2 === 0),
      shape,
      'float32',
    );
    const imag = tf.tensor(
      floats.filter((_, i) => i % 2 === 1),
      shape,
      'float32',
    );
    const whole = tf.complex(real, imag);
    real.dispose();
    imag.dispose();
    return whole;
  };

  /** What a backend computed in JavaScript may stand in another array than its type's: 0 and 1 in bytes as floats. */
  const typed = (data: ArrayLike<number>, dtype: string): Uint8Array<ArrayBuffer> => {
    const Kind = dtype === 'int32' ? Int32Array : dtype === 'bool' ? Uint8Array : Float32Array;
    const values = data instanceof Kind ? data : Kind.from(data);
    return new Uint8Array(values.buffer as ArrayBuffer, values.byteOffset, values.byteLength);
  };

  page.driver = {
    async start(backend) {
      tf.wasm.setWasmPaths(base);
      const started = await tf.setBackend(backend);
      if (!started || tf.getBackend() !== backend) throw new Error(`the browser has no ${backend}`);
      const details: Record<string, string> = { backend };
      const own = tf.backend();
      if (backend === 'webgl') {
        const gl = own.gpgpu?.gl;
        const named = gl?.getExtension('WEBGL_debug_renderer_info');
        details.renderer = (named && gl?.getParameter(named.UNMASKED_RENDERER_WEBGL)) ?? 'unknown';
        details.webgl = String(await tf.env().getAsync('WEBGL_VERSION'));
      } else if (backend === 'webgpu') {
        device = own.device;
        if (!device) throw new Error('TensorFlow.js shows no WebGPU device');
        device.addEventListener('uncapturederror', (event) => failures.push(`WebGPU: ${event.error.message}`));
        void device.lost.then((info) => failures.push(`WebGPU: the device was lost: ${info.message}`));
        const info = own.adapterInfo ?? {};
        details.adapter = [info.vendor, info.architecture].filter(Boolean).join(' ') || 'unknown';
      } else {
        details.simd = String(await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT'));
        details.threads = String(tf.wasm.getThreadsCount());
        details.isolated = String(page.crossOriginIsolated);
      }
      return { version: tf.version_core ?? tf.version['tfjs-core'] ?? 'unknown', details };
    },

    async load(format, isAsync) {
      if (format === 'graph-model') {
        const graph = await tf.loadGraphModel({ load: artifacts });
        const { inputs, outputs } = graph.modelSignature ?? {};
        run = async (feeds, fetch) => {
          if (fetch.length === 0) return [];
          const feed = Object.fromEntries(feeds);
          return list(isAsync ? await graph.executeAsync(feed, fetch) : graph.execute(feed, fetch));
        };
        owned = () => Object.values(graph.weights).flat();
        return {
          inputNames: inputs ? Object.keys(inputs) : graph.inputNodes,
          outputNames: outputs ? Object.keys(outputs) : graph.outputNodes,
        };
      }
      const layers = await tf.loadLayersModel({ load: artifacts });
      run = async (feeds, fetch) => {
        const inside = fetch.some((name) => !layers.outputNames.includes(name));
        const asked = inside
          ? tf.model({ inputs: layers.inputs, outputs: fetch.map((name) => list(layers.getLayer(name).output)[0]) })
          : layers;
        const given = list(asked.predict(layers.inputNames.map((name) => feeds.get(name) as Tensor)));
        return fetch.map((name, i) => given[inside ? i : layers.outputNames.indexOf(name)] as Tensor);
      };
      owned = () => layers.weights.map((weight) => weight.read());
      return { inputNames: layers.inputNames, outputNames: layers.outputNames };
    },

    async run(inputs, fetched) {
      const feeds = new Map<string, Tensor>();
      let given: Tensor[] = [];
      try {
        for (const [i, placed] of inputs.entries()) feeds.set(placed.name, await input(placed, i));
        given = await run(feeds, fetched);
        const outputs: Placed[] = [];
        for (const [i, name] of fetched.entries()) {
          const tensor = given[i];
          if (!tensor) throw new Error(`the model has no output ${JSON.stringify(name)}`);
          const data = await tensor.data();
          const body =
            tensor.dtype === 'string' ? JSON.stringify(data) : typed(data as ArrayLike<number>, tensor.dtype);
          await fetch(`${base}result/${i}`, { method: 'POST', body });
          outputs.push({ name, dtype: tensor.dtype, shape: tensor.shape });
        }
        if (device) {
          // Errors arrive after the data that they spoil.
          await device.queue.onSubmittedWorkDone();
          await new Promise((resolve) => setTimeout(resolve, 0));
        }
        return { outputs, failures: failures.splice(0) };
      } finally {
        const kept = new Set(owned().map((tensor) => tensor.id));
        for (const tensor of new Set([...given, ...feeds.values()]))
          if (tensor && !kept.has(tensor.id) && !tensor.isDisposed) tensor.dispose();
      }
    },
  };
}
