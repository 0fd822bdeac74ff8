import type { Layer, LayerSpec } from './builder.js';

/** A functional model: layers in Keras's own order, inputs and outputs in ONNX's. */
export interface KerasModel {
  readonly name: string;
  readonly layers: readonly LayerSpec[];
  readonly inputs: readonly LayerSpec[];
  readonly outputs: readonly Layer[];
}

/**
 * Puts layers into the order of `model.layers`: by depth (the longest way to an output), deepest first, and within a
 * depth as they are met on the way back from the outputs. Layers that no output needs are left out, but for inputs.
 * Source: Keras, Functional models (`_map_graph_network`); tfjs-layers orders its containers in the same way.
 */
export function kerasModel(name: string, inputs: readonly LayerSpec[], outputs: readonly Layer[]): KerasModel {
  const met = new Map<LayerSpec, number>();
  const finished: LayerSpec[] = [];
  // Depth first from each output; an explicit stack, since models are deeper than JavaScript's.
  for (const { spec } of outputs) {
    const stack: { spec: LayerSpec; next: number }[] = [];
    const enter = (s: LayerSpec) => {
      if (met.has(s)) return;
      met.set(s, met.size);
      stack.push({ spec: s, next: 0 });
    };
    enter(spec);
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const input = top.spec.inputs[top.next++];
      if (input) enter(input.spec);
      else {
        finished.push(top.spec);
        stack.pop();
      }
    }
  }
  const depth = new Map<LayerSpec, number>();
  for (let i = finished.length - 1; i >= 0; i--) {
    const spec = finished[i];
    const own = depth.get(spec) ?? 0;
    depth.set(spec, own);
    for (const { spec: from } of spec.inputs) depth.set(from, Math.max(depth.get(from) ?? 0, own + 1));
  }
  const order = (s: LayerSpec) => met.get(s) ?? Number.MAX_SAFE_INTEGER;
  for (const input of inputs) {
    // Inputs stand at the top whatever their depth, as Keras puts them; an unused one is kept.
    if (!depth.has(input)) depth.set(input, 0);
  }
  const layers = [...depth.keys()].sort(
    (a, b) => (depth.get(b) as number) - (depth.get(a) as number) || order(a) - order(b),
  );
  return { name, layers, inputs, outputs };
}
