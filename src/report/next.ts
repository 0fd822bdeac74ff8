import { loadingProgram } from './loading.js';
import { commandLine, fetching, reproductionCommand } from './reproduce.js';
import type { Check, ModelReport, Report } from './types.js';
import { shownPath, verdictChecks } from './verdict.js';

/** Something the reader can do: a sentence, and code to copy where there is some. All text is untrusted until escaped. */
export interface Step {
  text: string;
  code?: { language: 'sh' | 'js' | 'python' | 'text'; text: string };
}

/** Code is to be copied, so it is whole or absent. */
const LONGEST_CODE = 2000;

/** What to do next about one model. Remedies of findings are not repeated: they stand beside the findings. */
export function nextSteps(report: Report, model: ModelReport): Step[] {
  const steps: Step[] = [];
  switch (model.status) {
    case 'pass':
      steps.push(...loading(model));
      break;
    case 'unverified':
      steps.push({
        text: `Store what the source computes, so that the next run can compare: \`${commandLine(report.tool)} record\` makes it from the source, or put input_0.pb and output_0.pb (serialized TensorProto), as in ONNX's own test data, into ${referenceFolder(shownPath(model))}.`,
      });
      steps.push(...loading(model));
      break;
    case 'mismatch':
      steps.push(...mismatch(model));
      break;
    case 'unsupported':
      steps.push({ text: 'Follow the remedies above and export the model again.' });
      break;
    case 'error':
      steps.push({ text: 'Follow the remedies above and run again.' });
      break;
  }
  const command = [...fetching(report.tool), reproductionCommand(report, shownPath(model))].join('\n');
  if (command.length <= LONGEST_CODE)
    steps.push({
      text: `Reproduce this with ${report.tool.name} ${report.tool.version}, at the root of your repository:`,
      code: { language: 'sh', text: command },
    });
  return steps;
}

/** ONNX's own convention, beside the model. */
function referenceFolder(path: string): string {
  return `${path.replace(/\.onnx$/, '.reference')}/test_data_set_0/`;
}

/** A program that loads what was written, to be pasted. */
function loading(model: ModelReport): Step[] {
  const { format, source } = model;
  const file = model.artefacts.find((a) => a.format === format && /\/model\.(json|keras)$/.test(a.path));
  if (file === undefined || format === undefined) return [];
  const { inputs = [], outputs = [] } = source ?? {};
  const text = loadingProgram({ format, async: model.conversion?.async === true, inputs, outputs }, file.path);
  if (text === undefined || text.length > LONGEST_CODE) return [];
  return [
    format === 'keras'
      ? { text: 'Load it with Keras 3:', code: { language: 'python', text } }
      : {
          text: 'Load it with stock TensorFlow.js; model.d.ts beside it has the types for TypeScript:',
          code: { language: 'js', text },
        },
  ];
}

function mismatch(model: ModelReport): Step[] {
  const steps: Step[] = [];
  const checks = verdictChecks(model);
  const guarded = model.checks.filter((c) => c.guarded === true);
  if (guarded.length > 0 && guarded.every((c) => c.status === 'pass')) {
    const kernels = [...new Set(guarded.flatMap((c) => c.kernels ?? []))];
    steps.push({
      text: `With TensorFlow.js's CPU kernels in the place of its WASM ones${kernels.length > 0 ? ` (${kernels.join(', ')})` : ''} the outputs agree: the fault is in those kernels. Run the model on another backend.`,
    });
  } else if (model.diagnostics.some((d) => d.code === 'reference-at-fault'))
    steps.push({
      text: 'The written model gives what onnxruntime computes from the source: the conversion is right, and the stored reference is of another model, or of other inputs. Make it anew.',
    });
  else if (model.divergence === undefined)
    steps.push({
      text: 'If the source was meant to change, store its new outputs as the reference; if not, the source or the conversion is at fault.',
    });
  if (checks.some(nearMiss))
    steps.push({
      text: 'An error this close to what is allowed can come from another order of float32 sums: look at the figures, and if they are good enough, allow more with rtol, atol or range-tol.',
    });
  return steps;
}

/** Failed, but within ten times of what is allowed. */
function nearMiss(check: Check): boolean {
  return check.status === 'mismatch' && typeof check.used === 'number' && check.used > 1 && check.used < 10;
}
