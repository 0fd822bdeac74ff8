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
    'the source model is not there to be run, which would have stood in for stored outputs',
    'say where the sources are (--models), or where references are (--references)',
    file,
  );
}

/** The source isn't the file that conversion.json names by its hash. */
export function sourceChanged(file: string): Diagnostic {
  return make(
    'source-changed',
    'unverified',
    'the source model is another file than the one that was converted, so that what it computes proves nothing',
    'convert the model again',
    file,
  );
}

/** onnxruntime can't run the source. `why`: its own words. */
export function sourceNotRun(file: string, why: string): Diagnostic {
  return make(
    'source-not-run',
    'unverified',
    `onnxruntime can't run the source model, which would have stood in for stored outputs: ${why}`,
    STORE,
    file,
  );
}

/** The source draws random numbers. */
export function randomSource(file: string, op: string): Diagnostic {
  return make(
    'source-random',
    'unverified',
    `the source model gives other values at each run (${op}), so that what it computes is nothing to compare with`,
    'export the model for inference, without drawing random numbers',
    file,
  );
}

/** A model with open sizes was judged at one of them. `why`: a clause. */
export function noSecondSize(file: string, name: string, why: string): Diagnostic {
  return make(
    'one-size-alone',
    'note',
    `the model's open sizes were judged at one size alone (${name}): ${why}`,
    'store reference inputs and outputs of the sizes that matter',
    file,
  );
}

// ---- recording ----

/** A reference is there already. */
export function referenceThere(file: string, target: string): Diagnostic {
  return make(
    'reference-there',
    'error',
    `there is a reference already: ${JSON.stringify(target)}`,
    'add --replace to record it anew; the data sets that it holds now are then gone',
    file,
  );
}

/** An input whose shape isn't known, or a value that is no tensor. */
export function notRecordable(file: string, name: string, what: 'input' | 'output'): Diagnostic {
  return make(
    'not-recordable',
    'error',
    `the ${what} ${JSON.stringify(name)} is no tensor of a known type and rank, so that no reference can be recorded for it`,
    'export the model with tensors as inputs and outputs, and with their shapes',
    file,
  );
}

/** One .npz file holds one set. */
export function npzHoldsOne(file: string): Diagnostic {
  return make(
    'npz-holds-one-set',
    'note',
    'an .npz reference holds one set of inputs; the second one was left out',
    'record as test_data_set to keep both',
    file,
  );
}
