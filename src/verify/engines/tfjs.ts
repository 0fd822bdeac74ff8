/**
 * The stock packages of TensorFlow.js, each imported when it is first needed: together they take some 150 ms. They are
 * CommonJS in Node, so that a bundler and Node give their names in different places.
 */
export type Core = typeof import('@tensorflow/tfjs-core');
export type Converter = typeof import('@tensorflow/tfjs-converter');
export type Layers = typeof import('@tensorflow/tfjs-layers');
export type WasmPackage = typeof import('@tensorflow/tfjs-backend-wasm');
export type CpuPackage = typeof import('@tensorflow/tfjs-backend-cpu');

/** What models are loaded and run with. */
export interface Runtime {
  readonly core: Core;
  readonly converter: () => Promise<Pick<Converter, 'loadGraphModel'>>;
  readonly layers: () => Promise<Pick<Layers, 'loadLayersModel' | 'model'>>;
}

function names<T>(module: T): T {
  const { default: whole } = module as { default?: T };
  return whole ?? module;
}

export const tfjsCore = async (): Promise<Core> => names(await import('@tensorflow/tfjs-core'));
export const tfjsConverter = async (): Promise<Converter> => names(await import('@tensorflow/tfjs-converter'));
export const tfjsLayers = async (): Promise<Layers> => names(await import('@tensorflow/tfjs-layers'));
/** TensorFlow.js as it is bundled. */
export const bundled = async (): Promise<Runtime> => ({
  core: await tfjsCore(),
  converter: tfjsConverter,
  layers: tfjsLayers,
});
export const tfjsWasm = async (): Promise<WasmPackage> => names(await import('@tensorflow/tfjs-backend-wasm'));
export const tfjsCpu = async (): Promise<CpuPackage> => names(await import('@tensorflow/tfjs-backend-cpu'));
