import type { Diagnostic, Place, Severity } from './diagnostic.js';

/** The child process came to an end by itself. `how`: what the pool saw; `detail`: the end of what the child wrote. */
export function processCrashed(place: Place, step: string, how: string, detail: string): Diagnostic {
  return {
    code: 'process-crashed',
    severity: 'error',
    message: `${step} failed: ${how}${lastWords(detail)}`,
    remedy:
      'this is a fault of the converter: please report it, with the model if possible; other models are not affected',
    place,
  };
}

/** `timeout-per-model` was reached. */
export function timedOut(place: Place, step: string, seconds: number): Diagnostic {
  return {
    code: 'timed-out',
    severity: 'error',
    message: `${step} was not finished after ${seconds} s, the limit that timeout-per-model sets for one model`,
    remedy: 'raise timeout-per-model; if the model is small, please report it',
    place,
  };
}

/** The child needed more memory than there is, or than it may have. */
export function outOfMemory(place: Place, step: string, how: string): Diagnostic {
  return {
    code: 'out-of-memory',
    severity: 'error',
    message: `${step} failed: ${how}`,
    remedy: 'lower concurrency, or use a machine with more memory',
    place,
  };
}

/** SIGINT or SIGTERM came before this model's end. */
export function cancelled(place: Place): Diagnostic {
  return {
    code: 'cancelled',
    severity: 'error',
    message: 'the run was cancelled before this model was finished',
    remedy: 'run it again',
    place,
  };
}

/** The model's folder couldn't be written or put in its place. */
export function cannotWrite(place: Place, why: string): Diagnostic {
  return {
    code: 'cannot-write',
    severity: 'error',
    message: `the model's folder can't be written: ${why}`,
    remedy: 'look at the free space and the permissions of the output directory',
    place,
  };
}

/** Nothing matched. `severity` is what `if-no-models-found` says. */
export function noModelsFound(patterns: readonly string[], severity: Severity): Diagnostic {
  return {
    code: 'no-models-found',
    severity,
    message: `no models match ${patterns.join(', ')}`,
    remedy: "correct the globs, or check that the models are in the checkout (submodules, an earlier job's artifact)",
    place: {},
  };
}

/** A pattern without wildcards at which there is nothing, while others matched. */
export function nothingThere(pattern: string): Diagnostic {
  return {
    code: 'nothing-there',
    severity: 'warning',
    message: `there is no file or folder ${pattern}`,
    remedy: 'correct the path, or remove it',
    place: { file: pattern },
  };
}

/** `only-changed` couldn't be followed, so all models were taken. */
export function changesUnknown(why: string): Diagnostic {
  return {
    code: 'changes-unknown',
    severity: 'note',
    message: `all models were taken, not only those that have changed: ${why}`,
    remedy: 'with `only-changed: false` this is the rule, and not said',
    place: {},
  };
}

/** A change concerns all models. */
export function allConcerned(why: string): Diagnostic {
  return {
    code: 'all-concerned',
    severity: 'note',
    message: `all models were taken, not only those that have changed: ${why}`,
    remedy: '',
    place: {},
  };
}

/** Of the reports to be joined, some are not there: their jobs may have failed, or not run. */
export function shardsMissing(missing: readonly string[]): Diagnostic {
  return {
    code: 'shards-missing',
    severity: 'error',
    message: `there is no report of ${missing.length === 1 ? 'the shard' : 'the shards'} ${missing.join(', ')}`,
    remedy: 'look at the jobs of these shards; each has to upload its report, whatever its verdict',
    place: {},
  };
}

/** Reports to be joined were made with other settings, or by another version. */
export function reportsDiffer(what: string): Diagnostic {
  return {
    code: 'reports-differ',
    severity: 'warning',
    message: `the joined reports differ in ${what}`,
    remedy: 'give all shards the same inputs and the same version of the action',
    place: {},
  };
}

/** Two of the reports to be joined are about the same model. */
export function reportedTwice(path: string): Diagnostic {
  return {
    code: 'reported-twice',
    severity: 'warning',
    message: 'two of the joined reports hold this model; the first is kept',
    remedy: "join the reports of one run's shards only",
    place: { file: path },
  };
}

/** A model that a joined report holds isn't what its report says. */
export function notAsReported(path: string, why: string): Diagnostic {
  return {
    code: 'not-as-reported',
    severity: 'error',
    message: `the converted model that lies beside its report was not taken over: ${why}`,
    remedy: 'download the artifacts again',
    place: { file: path },
  };
}

/** A glob of the settings file that no model matches. */
export function configIdle(glob: string, place: Place): Diagnostic {
  return {
    code: 'settings-without-model',
    severity: 'warning',
    message: `the settings file has settings for ${glob}, and no model matches`,
    remedy: 'correct the glob, which is relative to the settings file, or remove it',
    place,
  };
}

/** The file with the classes' names. */
export function labelsUnreadable(place: Place, name: string, why: string): Diagnostic {
  return {
    code: 'labels-unreadable',
    severity: 'warning',
    message: `the labels of the classes can't be read from ${JSON.stringify(name)}: ${why}`,
    remedy: 'name a file of the repository, relative to the settings file: one label a line, or a JSON list',
    place,
  };
}

/** A waiver that has ended. */
export function waiverExpired(place: Place, expect: string, expires: string): Diagnostic {
  return {
    code: 'waiver-expired',
    severity: 'warning',
    message: `the waiver that expects ${expect} has expired (${expires}): it counts no more`,
    remedy: 'mend the model, or give the waiver a later day in the settings file',
    place,
  };
}

/** The outcome is another than the waiver expects. */
export function waiverUnneeded(place: Place, expect: string, status: string): Diagnostic {
  return {
    code: 'waiver-unneeded',
    severity: 'warning',
    message: `a waiver expects ${expect}, and the outcome is ${status}`,
    remedy: 'remove the waiver from the settings file',
    place,
  };
}

/** There is no stored reference. `severity` is what `when-no-reference` says. */
export function noReference(place: Place, severity: Severity): Diagnostic {
  return {
    code: 'no-reference',
    severity,
    message: 'there are no stored reference outputs to compare with',
    remedy: 'store inputs and outputs beside the model, for example as test_data_set_0/input_0.pb and output_0.pb',
    place,
  };
}

function lastWords(detail: string): string {
  const lines = detail.trimEnd().split('\n').slice(-12).join('\n').slice(-2000);
  return lines === '' ? '' : `; its last words were:\n${lines}`;
}
