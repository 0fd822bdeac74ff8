import { shape } from '../figures.js';
import type { TensorFact } from '../types.js';
import { h, join, type Markup } from './markup.js';
import { head, more, scrolling, type Section } from './section.js';

/** Rows; report.json has all. */
const SHOWN = 500;

const TITLES = [
  'Direction',
  'ONNX',
  'Type',
  'Shape',
  'TensorFlow.js',
  'Type',
  'Shape',
  "ONNX axes, in TensorFlow.js's order",
];

/** Inputs and outputs, ONNX's and TensorFlow.js's. */
export const interfaces: Section = {
  title: 'Inputs and outputs',
  body({ model: { source } }) {
    const rows = [
      ...(source?.inputs ?? []).map((t) => row('input', t)),
      ...(source?.outputs ?? []).map((t) => row('output', t)),
    ];
    if (rows.length === 0) return undefined;
    const table = h`<table>${head(TITLES)}<tbody>${join(rows.slice(0, SHOWN))}</tbody></table>`;
    return h`${scrolling('Inputs and outputs', table)}${more(rows.length, SHOWN)}`;
  },
};

function row(direction: string, t: TensorFact): Markup {
  const { tfjs } = t;
  const written =
    tfjs === undefined
      ? h`<td>–</td><td>–</td><td>–</td><td>–</td>`
      : h`<td><code>${tfjs.name}</code></td><td>${tfjs.dtype}</td><td>${shape(tfjs.shape)}</td><td>${order(t)}</td>`;
  return h`<tr><td>${direction}</td><th scope="row"><code>${t.name}</code></th><td>${t.dtype}</td><td>${shape(t.shape)}</td>${written}</tr>`;
}

function order(t: TensorFact): string {
  return t.order?.some((axis, i) => axis !== i) === true ? t.order.join(', ') : 'as in ONNX';
}
