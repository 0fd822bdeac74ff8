/**
 * Legal names for all formats, by the rule of the output contract: onnx2keras's name for the policy, made legal, made
 * unique (ignoring case) in file order. Keras forbids `/`, TensorFlow.js `:` and more.
 */
export type NamePolicy = 'keep' | 'short' | 'renumerate';

/** `conv1:0` to `conv1_0`, `/a/b` to `a_b`, `_x` to `n_x`. */
export function legalName(name: string): string {
  const mapped = name.replace(/^\/+/, '').replace(/[^A-Za-z0-9._-]/g, '_');
  return /^[A-Za-z0-9]/.test(mapped) ? mapped : `n${mapped}`;
}

/** What every object of JavaScript has: tfjs-layers looks layers up in one, and stumbles over such a name. */
const OF_EVERY_OBJECT = Object.getOwnPropertyNames(Object.prototype).map((name) => name.toLowerCase());

/** Hands out the names of one written model. */
export class Names {
  readonly policy: NamePolicy;
  private readonly taken = new Set<string>(OF_EVERY_OBJECT);
  /** The number that a name in use gets next: all before it are taken. */
  private readonly next = new Map<string, number>();
  constructor(policy: NamePolicy) {
    this.policy = policy;
  }

  /** A model input keeps its name under every policy, as in onnx2keras. */
  input(name: string): string {
    return this.unique(legalName(name));
  }

  /**
   * The name of a node's output.
   * @param tensor ONNX's name of the output tensor
   * @param node index of the node in file order, all nodes counted
   * @param output which output of the node, of how many
   * @param suffix put behind, for what is derived from that output
   */
  output(tensor: string, node: number, output = 0, outputs = 1, suffix = ''): string {
    return this.unique(this.wanted(tensor, node, output, outputs) + suffix);
  }

  /** A name made from another, such as `125_pad`. */
  derived(base: string, suffix: string): string {
    return this.unique(base + suffix);
  }

  private wanted(tensor: string, node: number, output: number, outputs: number): string {
    switch (this.policy) {
      case 'keep':
        return legalName(tensor);
      case 'short':
        return legalName(tensor.slice(0, 8));
      case 'renumerate':
        return outputs > 1 ? `LAYER_${node}_${output}` : `LAYER_${node}`;
    }
  }

  private unique(wanted: string): string {
    let name = wanted;
    const key = wanted.toLowerCase();
    for (let i = this.next.get(key) ?? 1; this.taken.has(name.toLowerCase()); i++) {
      name = `${wanted}_${i}`;
      this.next.set(key, i + 1);
    }
    this.taken.add(name.toLowerCase());
    return name;
  }
}
