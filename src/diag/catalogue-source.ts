import type { Diagnostic, Severity } from './diagnostic.js';

const make = (code: string, severity: Severity, message: string, remedy: string, file: string): Diagnostic => ({
  code,
  severity,
  message,
  remedy,
  place: { file },
});

const STORE = 'store inputs and outputs beside the model, for example as test_data_set_0/input_0.pb and output_0.pb';

/** There is no stored reference, and the source isn't there either. */
export function sourceMissing(file: string): Diagnostic {
  return make(
    'source-missing',
    'unverified',
    'there are no stored reference outputs, and the source model is not there to be run in their place',
    'say where the sources are (--models), or where references are (--references)',
    file,
  );
}

/** The source isn't the file that conversion.json names by its hash. */
export function sourceChanged(file: string): Diagnostic {
  return make(
    'source-changed',
    'unverified',
    'there are no stored reference outputs, and the source model is another file than the one that was converted, so that running it would prove nothing',
    'convert the model again',
    file,
  );
}

/** onnxruntime can't run the source. `why`: its own words. */
export function sourceNotRun(file: string, why: string): Diagnostic {
  return make(
    'source-not-run',
    'unverified',
    `there are no stored reference outputs, and onnxruntime can't run the source in their place: ${why}`,
    STORE,
    file,
  );
}

/** The source draws random numbers. */
export function randomSource(file: string, op: string): Diagnostic {
  return make(
    'source-random',
    'unverified',
    `there are no stored reference outputs, and the source gives other values at each run (${op}), so that there is nothing to compare with`,
    'export the model for inference, without drawing random numbers',
    file,
  );
}

/** Of a model with open sizes only one was taken by the source. `why`: what it said to the first other one. */
export function noSecondSize(file: string, name: string, why: string): Diagnostic {
  return make(
    'one-size-alone',
    'note',
    `the model's open sizes were judged at one size alone (${name}), since the source takes none of the others that were tried${why === '' ? '' : `: ${why}`}`,
    'store reference inputs and outputs of the sizes that matter',
    file,
  );
}
