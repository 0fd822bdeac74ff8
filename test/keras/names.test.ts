/**
 * Layer names under all three policies, derived here from the rules alone (the output contract's "Names", which follows
 * onnx2keras): the node's output, made legal and unique in file order; helpers are named after their node.
 */
import type { NamePolicy } from '../../src/ir/names.js';
import type { OnnxModel } from '../../src/onnx/model.js';
import { lowered } from './lowered.js';
import { network, networkNames } from './networks.js';

const legal = (name: string): string => {
  const plain = name.replace(/^\/+/, '').replace(/[^A-Za-z0-9._-]/g, '_');
  return /^[A-Za-z0-9]/.test(plain) ? plain : `n${plain}`;
};

function wanted(policy: NamePolicy, model: OnnxModel, index: number, output: number): string {
  const { outputs } = model.graph.nodes[index];
  if (policy === 'renumerate') return outputs.length > 1 ? `LAYER_${index}_${output}` : `LAYER_${index}`;
  return legal(policy === 'short' ? outputs[output].slice(0, 8) : outputs[output]);
}

const names = networkNames();

test('there are thirty networks and more', () => {
  expect(names.length).toBeGreaterThanOrEqual(30);
});

describe.each(names)('%s', (name) => {
  test.each(['keep', 'short', 'renumerate'] as const)('under %s', (policy) => {
    const model = network(name);
    const { keras, fates } = lowered(model, policy);
    const all = keras.model.layers.map((l) => l.name);
    const lower = all.map((n) => n.toLowerCase());
    expect(new Set(lower).size).toBe(all.length);
    for (const layer of all) expect(layer).toMatch(/^[A-Za-z0-9][A-Za-z0-9._-]*$/);

    // Inputs keep their names under every policy, and come first.
    const inputs = model.graph.inputs.map((i) => legal(i.name));
    expect(keras.model.inputs.map((l) => l.name)).toEqual(inputs);

    const byNode = new Map<number, string[]>();
    for (const layer of keras.model.layers) {
      const [index] = layer.origin;
      if (index !== undefined) byNode.set(index, [...(byNode.get(index) ?? []), layer.name]);
    }
    const left = new Set(all.filter((n) => !inputs.includes(n)));
    for (const [index, layers] of [...byNode].sort(([a], [b]) => a - b)) {
      const { outputs } = model.graph.nodes[index];
      const bases = outputs.flatMap((_, i) => (outputs[i] === '' ? [] : [wanted(policy, model, index, i)]));
      // One layer has the node's own name, or that with a number where it was taken before.
      const counted = (base: string) => new RegExp(`^${base.replace(/[.]/g, '\\.')}(_\\d+)?$`);
      const principal = layers.find((l) => bases.some((b) => counted(b).test(l)));
      expect({ node: index, layers, named: principal !== undefined }).toEqual({ node: index, layers, named: true });
      // A number is put behind only where the name without it is another layer's.
      for (const l of layers) {
        const base = bases.find((b) => counted(b).test(l));
        if (base !== undefined && base !== l) expect(lower).toContain(base.toLowerCase());
        if (base === undefined) expect(bases.some((b) => l.startsWith(`${b}_`))).toBe(true);
        left.delete(l);
      }
    }
    // What is left shows an output that has no layer of its own.
    for (const l of left) expect(model.graph.outputs.map((o) => legal(o.name))).toContain(l.replace(/_\d+$/, ''));
    expect(fates.outputs.map((o) => o.key)).toEqual(keras.model.outputs.map((o) => o.spec.name));
  });
});

test('a 2-D Conv has `_pad` where the file pads it, and an AveragePool always', () => {
  for (const name of names) {
    const model = network(name);
    const { keras } = lowered(model, 'renumerate');
    const all = new Set(keras.model.layers.map((l) => l.name));
    model.graph.nodes.forEach((node, index) => {
      if (!all.has(`LAYER_${index}`)) return;
      const ints = (name: string): readonly number[] => {
        const a = node.attributes.get(name);
        return a?.kind === 'ints' ? a.value.map(Number) : [];
      };
      if (node.op === 'Conv' && ints('kernel_shape').length === 2 && !node.attributes.has('auto_pad'))
        expect([name, index, all.has(`LAYER_${index}_pad`)]).toEqual([name, index, ints('pads').some((p) => p > 0)]);
      if (node.op === 'AveragePool' && ints('kernel_shape').length === 2 && ints('pads').every((p) => p === 0))
        expect([name, index, all.has(`LAYER_${index}_pad`)]).toEqual([name, index, true]);
    });
  }
});
