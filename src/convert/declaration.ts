import { visible } from '../diag/escape.js';
import { loadingProgram, orderText, property, quoted, rangeText, sizes, type Interface } from '../report/loading.js';
import type { TensorFact } from '../report/types.js';
import { TOOL } from '../version.js';

/**
 * The text of model.d.ts: what the model beside it is fed and gives, as types, and a program that loads it.
 * @param source path of the ONNX file, as in conversion.json
 */
export function declaration(source: string, face: Interface): string {
  const all = [...face.inputs, ...face.outputs];
  const types = [...new Set(all.map((t) => typeOf(t)))].sort();
  const program = loadingProgram(face, 'model.json', true) ?? '';
  return `/**
 * What the model beside this file is fed and gives: ${comment(source)} as a TensorFlow.js ${face.format}.
 * Written by ${TOOL.name} ${TOOL.version}.
 *
 * @example
${program
  .split('\n')
  .map((line) => ` * ${comment(line)}`.trimEnd())
  .join('\n')}
 */
import type { ${types.join(', ')} } from '@tensorflow/tfjs';

/** What it is fed, by name. */
export type Inputs = ${tensors(face.inputs)};

/** What it gives, by name. */
export type Outputs = ${tensors(face.outputs)};

/** The same for programs: null is a size that may vary, and order[i] the ONNX axis that stands at position i. */
export type Facts = {
  format: '${face.format}';
  async: ${face.async === true};
  inputs: ${facts(face.inputs)};
  outputs: ${facts(face.outputs)};
};
`;
}

/** Text from the model inside a comment: nothing in it can be invisible or end the comment. */
function comment(text: string): string {
  return visible(text).replaceAll('*/', '*\\/');
}

/** TensorFlow.js's type for a rank. */
function typeOf({ tfjs }: TensorFact): string {
  const rank = tfjs?.shape.length ?? -1;
  return rank === 0 ? 'Scalar' : rank >= 1 && rank <= 5 ? `Tensor${rank}D` : 'Tensor';
}

function tensors(faces: readonly TensorFact[]): string {
  const rows = faces.map((t) => {
    const more = [orderText(t), rangeText(t)].filter((text) => text !== '').map((text) => `, ${text}`);
    return `  /**
   * ${comment(`${t.tfjs?.dtype} ${sizes(t)}${more.join('')}`)}.
   * In ONNX: ${comment(`${t.name}, ${t.dtype} [${(t.shape ?? []).map((d) => d ?? '?').join(', ')}]`)}
   */
  ${property(t.tfjs?.name ?? t.name)}: ${typeOf(t)};
`;
  });
  return `{\n${rows.join('')}}`;
}

function facts(faces: readonly TensorFact[]): string {
  const rows = faces.map(({ name, tfjs, order, range }) => {
    const known = range
      ? `; range: { ${Object.entries(range)
          .map(([end, value]) => `${end}: ${value}`)
          .join('; ')} }`
      : '';
    return `    ${property(tfjs?.name ?? name)}: { onnx: ${quoted(name)}; dtype: '${tfjs?.dtype}'; shape: [${(tfjs?.shape ?? []).map(String).join(', ')}]; order: [${(order ?? []).join(', ')}]${known} };\n`;
  });
  return `{\n${rows.join('')}  }`;
}
