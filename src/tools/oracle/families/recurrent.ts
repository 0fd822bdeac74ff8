import { tensorOf } from '../../../tensor/tensor.js';
import { fed, fixed, single, type Family, type Generator } from '../case.js';

const PLAIN = ['Sigmoid', 'Tanh', 'Relu', 'Softsign', 'HardSigmoid', 'LeakyRelu', 'Elu', 'Softplus'];
/** Those that say nothing without their coefficients. */
const SCALED = ['ThresholdedRelu', 'ScaledTanh', 'Affine'];

interface Spec {
  readonly gates: number;
  /** Activations of one direction. */
  readonly activations: number;
  readonly cell?: boolean;
  readonly own?: string;
}

const recurrent =
  (op: string, { gates, activations, cell = false, own }: Spec): Generator =>
  (r) => {
    const [steps, batch, features, hidden] = [r.int(1, 5), r.int(1, 3), r.int(1, 4), r.int(1, 4)];
    const direction = r.pick(['forward', 'reverse', 'bidirectional', undefined]);
    const directions = direction === 'bidirectional' ? 2 : 1;
    const opset = r.pick([7, 14, 22]);
    const constant = r.chance(0.85) ? fixed : fed;
    const weight = (...dims: number[]) => constant(r.tensor('float32', [directions, ...dims], -1, 1));
    const layout = opset >= 14 && r.chance(0.15) ? 1 : undefined;
    const state = () =>
      fed(r.tensor('float32', layout ? [batch, directions, hidden] : [directions, batch, hidden], -1, 1));
    const peepholes = cell && r.chance(0.3);
    const lengths = r.maybe(
      () =>
        (r.chance(0.5) ? fixed : fed)(
          tensorOf(
            'int32',
            [batch],
            r.list(batch, () => r.int(1, steps)),
          ),
        ),
      0.3,
    );
    const coefficients = r.chance(0.4);
    const named = r.maybe(
      () => r.list(directions * activations, () => r.pick(coefficients ? [...PLAIN, ...SCALED] : PLAIN)),
      0.35,
    );
    const values = () =>
      named && coefficients ? { floats: r.list(named.length, () => Math.fround(r.float(0.1, 1))) } : undefined;
    const dims = layout ? [batch, steps, features] : [steps, batch, features];
    const initial = r.chance(0.5);
    return single(op, {
      opset,
      attributes: {
        hidden_size: hidden,
        direction,
        layout,
        activations: named,
        clip: r.maybe(() => ({ float: 0.7 }), 0.2),
        activation_alpha: values(),
        activation_beta: values(),
        ...(own ? { [own]: r.maybe(() => r.int(0, 1)) } : {}),
      },
      inputs: [
        r.chance(0.7) || lengths || initial
          ? fed(r.tensor('float32', dims, -1, 1))
          : fed(r.tensor('float32', dims, -1, 1), { [layout ? 0 : 1]: 'N' }, [
              r.tensor('float32', layout ? [batch + 1, steps, features] : [steps, batch + 1, features], -1, 1),
            ]),
        weight(gates * hidden, features),
        weight(gates * hidden, hidden),
        r.maybe(() => weight(2 * gates * hidden), 0.7),
        lengths,
        initial ? state() : undefined,
        cell && initial ? state() : undefined,
        peepholes ? weight(3 * hidden) : undefined,
      ],
      outputs: cell ? [r.chance(0.8), r.chance(0.5), true] : [r.chance(0.7), true],
    });
  };

/** As many steps as the model is fed. */
const open =
  (op: string, { gates, cell = false, own }: Spec): Generator =>
  (r) => {
    const [steps, batch, features, hidden] = [r.int(1, 4), r.int(1, 2), r.int(1, 3), r.int(1, 3)];
    const direction = r.pick(['forward', 'reverse', 'bidirectional']);
    const directions = direction === 'bidirectional' ? 2 : 1;
    const hold = r.chance(0.7) ? fixed : fed;
    const weight = (...dims: number[]) => hold(r.tensor('float32', [directions, ...dims], -1, 1));
    const states = r.chance(0.4);
    const state = (more: number) => r.tensor('float32', [directions, batch + more, hidden], -1, 1);
    const carried = () => fed(state(0), { 1: 'N' }, [state(1)]);
    const lengths = (more: number) =>
      tensorOf(
        'int32',
        [batch + more],
        r.list(batch + more, () => r.int(1, steps + 2 * more)),
      );
    const x = (more: number) => r.tensor('float32', [steps + 2 * more, batch + more, features], -1, 1);
    return single(op, {
      opset: 14,
      attributes: { hidden_size: hidden, direction, ...(own ? { [own]: r.maybe(() => r.int(0, 1)) } : {}) },
      inputs: [
        fed(x(0), r.chance(0.2) ? { 0: 'T', 1: 'N', 2: 'F' } : { 0: 'T', 1: 'N' }, [x(1)]),
        weight(gates * hidden, features),
        weight(gates * hidden, hidden),
        r.maybe(() => weight(2 * gates * hidden), 0.8),
        r.maybe(() => fed(lengths(0), { 0: 'N' }, [lengths(1)]), 0.3),
        states ? carried() : undefined,
        cell && states ? carried() : undefined,
        cell && r.chance(0.3) ? weight(3 * hidden) : undefined,
      ],
      outputs: cell ? [r.chance(0.8), true, true] : [r.chance(0.8), true],
    });
  };

const SPECS: Readonly<Record<string, Spec>> = {
  RNN: { gates: 1, activations: 1 },
  GRU: { gates: 3, activations: 2, own: 'linear_before_reset' },
  LSTM: { gates: 4, activations: 3, cell: true, own: 'input_forget' },
};

export const RECURRENT: Family = Object.fromEntries(
  Object.entries(SPECS).flatMap(([op, spec]) => [
    [op, recurrent(op, spec)],
    [`${op} of open length`, open(op, spec)],
  ]),
);
