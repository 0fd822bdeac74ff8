import type { Diagnostic, Place } from './diagnostic.js';

const q = (text: string): string => JSON.stringify(text);
const short = (x: number): string => (Number.isFinite(x) ? String(Number(x.toPrecision(3))) : 'beyond all bounds');

/** What is known of a value that differs. */
export interface DivergenceFacts {
  /** With their shapes. */
  readonly inputs: readonly string[];
  readonly output: string;
  /** Of the value's size. */
  readonly share: number;
  readonly maxAbs: number | string;
  /** Nodes that the written model holds in the same place. */
  readonly others: readonly string[];
  readonly attributes: Readonly<Record<string, string>>;
  /** Values between that could not be compared. */
  readonly unknown: number;
}

/** The node at which the written model parts from the source. */
export function firstDivergence(file: string, engine: string, place: Place, facts: DivergenceFacts): Diagnostic {
  const { inputs, output, share, maxAbs, others, attributes, unknown } = facts;
  const more = others.length > 6 ? ' and more' : '';
  const group =
    others.length === 0 ? '' : ` or one of those fused with it (${others.slice(0, 6).map(q).join(', ')}${more})`;
  const taken = inputs.length === 0 ? 'it takes no inputs' : `its inputs agree (${inputs.slice(0, 4).join(', ')})`;
  const said = Object.entries(attributes)
    .map(([name, value]) => `${name}=${value}`)
    .join(', ');
  const error = Number.isFinite(share)
    ? `is off by ${short(Number(maxAbs))}, ${short(share)} of its size`
    : 'is another in shape, type, whole numbers or NaN';
  const gaps =
    unknown === 0
      ? ''
      : `; ${unknown} values before it could not be compared, so that it may also be what computes those`;
  return {
    code: 'first-divergence',
    severity: 'note',
    message: `on ${engine} the written model parts from the source at this node${group}: ${taken}, and its output ${q(output)} ${error}${said === '' ? '' : `; its attributes are ${said}`}${gaps}`,
    remedy: 'please report it with the model of this node alone, which is among the files of the report',
    place: { file, tensor: output, ...place },
  };
}

/** What the written model gives is what the source computes: the reference holds something else. */
export function referenceAtFault(file: string): Diagnostic {
  return {
    code: 'reference-at-fault',
    severity: 'note',
    message:
      'the written model gives what onnxruntime computes from the source for the same inputs: it is the reference that holds something else',
    remedy: 'the reference belongs to another version of the model, or to other inputs: make it anew',
    place: { file },
  };
}

/** No node differs by itself: a difference that rounding makes is enlarged on its way. */
export function onlyRounding(file: string, place: Place, share: number): Diagnostic {
  return {
    code: 'only-rounding',
    severity: 'note',
    message: `each node computes what it should from what it is given: the difference grows from rounding, and is ${short(share)} of the value's size at this node`,
    remedy:
      'the network is sensitive to rounding; if the figures are good enough, allow more with rtol, atol or range-tol',
    place: { file, ...place },
  };
}

/** The search couldn't be done. */
export function notLocated(file: string, why: string): Diagnostic {
  return {
    code: 'not-located',
    severity: 'note',
    message: `at which node the written model parts from the source could not be found out: ${why}`,
    remedy: 'nothing needs to be done about this; the mismatch stands',
    place: { file },
  };
}
