import type { Diagnostic, Place, Severity } from './diagnostic.js';

const q = (text: string): string => JSON.stringify(text);

function make(code: string, severity: Severity, message: string, remedy: string, place: Place): Diagnostic {
  return { code, severity, message, remedy, place };
}

// ---- the written model ----

/** A folder without conversion.json or model.json. `why`: the system's code. */
export function notAModelFolder(file: string, missing: string, why: string): Diagnostic {
  return make(
    'not-a-model-folder',
    'error',
    `${missing} of the converted model can't be read (${why})`,
    'give the folder of one converted model; if it should be there, convert the model again',
    { file },
  );
}

/** conversion.json is there and can't be what the converter wrote. */
export function conversionRecordInvalid(file: string, faults: readonly string[]): Diagnostic {
  return make(
    'conversion-record-invalid',
    'error',
    `conversion.json is damaged: ${faults.join('; ')}`,
    'it must not be edited; convert the model again',
    { file },
  );
}

/** model.json can't be what the converter wrote. */
export function modelJsonInvalid(file: string, fault: string): Diagnostic {
  return make('model-json-invalid', 'error', `model.json is damaged: ${fault}`, 'convert the model again', { file });
}

/** model.json and conversion.json name different formats. */
export function formatDisagrees(file: string, written: string, recorded: string): Diagnostic {
  return make(
    'format-disagrees',
    'error',
    `model.json says ${q(written)} where conversion.json says ${q(recorded)}`,
    'the files of two conversions were mixed; convert the model again',
    { file },
  );
}

/** Only model.keras was asked for: TensorFlow.js can't load it. */
export function nothingToLoad(file: string): Diagnostic {
  return make(
    'nothing-to-load',
    'unverified',
    'the folder holds a model.keras alone, which TensorFlow.js does not load',
    'ask for layers-model or graph-model as well to have the conversion judged',
    { file },
  );
}

/** A shard of the manifest isn't there. */
export function shardMissing(file: string, path: string, why: string): Diagnostic {
  return make(
    'shard-missing',
    'error',
    `the weight file ${q(path)}, which model.json names, can't be read: ${why}`,
    'all files of the folder belong together: copy them all, or convert the model again',
    { file },
  );
}

/** A shard's path leaves the model's folder. */
export function shardOutside(file: string, path: string): Diagnostic {
  return make(
    'shard-outside',
    'error',
    `model.json names a weight file outside its folder: ${q(path)}`,
    'the model was not written by this converter as it is; convert it again',
    { file },
  );
}

/** The shards hold more or fewer bytes than the manifest's weights take. */
export function weightsDontFit(
  file: string,
  suspect: string | undefined,
  have: number,
  need: number,
  shards: number,
): Diagnostic {
  const files = shards === 1 ? 'the weight file holds' : `the ${shards} weight files hold`;
  const where = suspect === undefined ? '' : ` (${have < need ? 'cut off' : 'too long'}, most likely in ${q(suspect)})`;
  return make(
    have < need ? 'weights-truncated' : 'weights-too-long',
    'error',
    `${files} ${have} bytes where the weights in model.json take ${need}${where}`,
    'the file was cut off, changed or mixed up after it was written; convert the model again',
    { file },
  );
}

/** TensorFlow.js refused to load the written model. `message`: its own words. */
export function modelDoesntLoad(file: string, engine: string, message: string): Diagnostic {
  return make(
    'model-does-not-load',
    'error',
    `TensorFlow.js (${engine}) can't load the written model: ${message}`,
    'the conversion is at fault: please report it with the model',
    { file },
  );
}

/** A name of conversion.json that the loaded model doesn't know, or one of the model's that conversion.json lacks. */
export function nameNotInModel(
  file: string,
  what: 'input' | 'output',
  name: string,
  known: readonly string[],
): Diagnostic {
  return make(
    `${what}-not-in-model`,
    'error',
    `conversion.json names the ${what} ${q(name)}, which the loaded model doesn't have; it has ${list(known)}`,
    'the files of two conversions were mixed, or one was edited; convert the model again',
    { file, tensor: name },
  );
}

export function nameNotInRecord(file: string, what: 'input' | 'output', name: string): Diagnostic {
  return make(
    `${what}-not-in-record`,
    'error',
    `the loaded model has the ${what} ${q(name)}, which conversion.json doesn't name`,
    'the files of two conversions were mixed, or one was edited; convert the model again',
    { file, tensor: name },
  );
}

/** The loaded model threw while it ran. `message`: TensorFlow.js's own words. */
export function runFailed(file: string, engine: string, reference: string, message: string): Diagnostic {
  return make(
    'run-failed',
    'error',
    `the written model can't be run on ${engine} with the inputs of ${q(reference)}: ${message}`,
    'the conversion is at fault unless the inputs are: please report it with the model',
    { file },
  );
}

/** XNNPACK printed that it failed; whatever was computed after that is garbage. */
export function xnnpackFailed(file: string, engine: string, line: string): Diagnostic {
  return make(
    'xnnpack-failed',
    'error',
    `XNNPACK, which computes for TensorFlow.js on ${engine}, failed without an exception: ${line}`,
    'the model may need more memory than WebAssembly has (4 GiB, weights twice); use another engine, or a smaller model',
    { file },
  );
}

/** WebGPU reported an error that threw nothing; memory that wasn't written was given as data. */
export function deviceFailed(file: string, engine: string, line: string): Diagnostic {
  return make(
    'device-failed',
    'error',
    `TensorFlow.js on ${engine} failed without an exception: ${line}`,
    'the model computes wrongly for users of this backend; use another, and please report it with the model',
    { file },
  );
}

/** The model's weights are beyond what an engine can hold. */
export function tooLargeForEngine(file: string, engine: string, bytes: number, limit: number): Diagnostic {
  const mb = (n: number) => `${Math.round(n / 2 ** 20)} MB`;
  return make(
    'too-large-for-engine',
    'unverified',
    `the weights take ${mb(bytes)}, and ${engine} can hold ${mb(limit)}: not judged on it`,
    'judge the model on another engine: tensorflow, or cpu for small inputs',
    { file },
  );
}

// ---- engines ----

/** An engine that was asked for can't be used here. */
export function engineNotAvailable(engine: string, why: string, required: boolean): Diagnostic {
  return make(
    'engine-not-available',
    required ? 'error' : 'warning',
    `the engine ${q(engine)} is not available: ${why}`,
    'take it out of engines, or provide what it needs',
    {},
  );
}

/** None of the engines that were asked for is there. */
export function engineInstead(file: string, asked: readonly string[], instead: string): Diagnostic {
  return make(
    'engine-instead',
    'warning',
    `none of the engines that were asked for is available (${asked.join(', ')}): judged on ${instead} instead`,
    'provide what they need, or take them out of engines',
    { file },
  );
}

// ---- references ----

/** A template of `references` that matches no file. */
export function referenceNotFound(file: string, template: string): Diagnostic {
  return make(
    'reference-not-found',
    'error',
    `references names ${q(template)}, and no such file exists`,
    'correct the path in references or in the configuration; {dir} is the folder of the model, {name} its name without .onnx',
    { file },
  );
}

/** A reference takes, or says that it would take, more memory than is allowed. */
export function referenceTooLarge(file: string, why: string): Diagnostic {
  return make('reference-too-large', 'error', `the reference is too large: ${why}`, 'store a smaller sample', { file });
}

/** A reference in a place that is looked at only where the one before has none. */
export function referenceNotUsed(file: string, used: string): Diagnostic {
  return make(
    'reference-not-used',
    'warning',
    `this reference is not used, since another is found first: ${q(used)}`,
    'keep one of them, or name both in references',
    { file },
  );
}

/** A reference file that can't be read or isn't what its name says. */
export function referenceUnreadable(file: string, why: string): Diagnostic {
  return make(
    'reference-unreadable',
    'error',
    `the reference can't be read: ${why}`,
    'write it again, as .pb (TensorProto), .npy, .npz or .json',
    { file },
  );
}

/** A reference outside the folder that may be read. */
export function referenceOutside(file: string): Diagnostic {
  return make(
    'reference-outside',
    'error',
    'the reference lies outside the workspace, or is no regular file',
    'keep references inside the repository, without links that lead out of it',
    { file },
  );
}

/** A sequence, an optional or a map where TensorFlow.js takes tensors alone. */
export function referenceNotATensor(file: string, kind: string): Diagnostic {
  return make(
    'reference-not-a-tensor',
    'error',
    `the reference holds ${kind}, and a TensorFlow.js model takes and gives tensors alone`,
    'export the model with tensors as inputs and outputs, and store those',
    { file },
  );
}

/** A reference lacks an input or an output of the model. */
export function referenceMissing(
  file: string,
  what: 'input' | 'output',
  name: string,
  expected: string,
  has: readonly string[],
): Diagnostic {
  return make(
    `reference-missing-${what}`,
    'error',
    `the reference lacks the ${what} ${q(name)} (${expected}); it has ${list(has)}`,
    `store a value for every ${what} of the model`,
    { file, tensor: name },
  );
}

/** No file matches the globs that say where references are. */
export function referencesUnmatched(file: string, templates: readonly string[]): Diagnostic {
  return make(
    'references-unmatched',
    'note',
    `no file matches what the setting references names (${list(templates)}), so that the usual places were looked at`,
    'correct the glob, which is relative to the working directory, if this model has references there',
    { file },
  );
}

/** A reference holds something that is neither input nor output of the model. */
export function referenceSuperfluous(
  file: string,
  name: string,
  inputs: readonly string[],
  outputs: readonly string[],
  nearest?: string,
): Diagnostic {
  const hint = nearest === undefined ? '' : `; is ${q(nearest)} meant?`;
  return make(
    'reference-superfluous',
    'error',
    `the reference holds ${q(name)}, which is neither an input (${list(inputs)}) nor an output (${list(outputs)}) of the model${hint}`,
    'name it as the model does, or take it away; a reference made from another version of the model has to be made anew',
    { file, tensor: name },
  );
}

/** Two files of a reference are the value of the same tensor. */
export function referenceTwice(file: string, name: string): Diagnostic {
  return make('reference-twice', 'error', `the reference holds ${q(name)} more than once`, 'keep one file per tensor', {
    file,
    tensor: name,
  });
}

/** A set of inputs alone. */
export function referenceWithoutOutputs(file: string): Diagnostic {
  return make(
    'reference-without-outputs',
    'unverified',
    'the reference holds inputs alone, so that there is nothing to compare with',
    'store the outputs that the source model gives for them',
    { file },
  );
}

/** An input whose shape the model can't take. `misfit`: 'has the shape … where the model has …'. */
export function referenceShape(file: string, name: string, misfit: string): Diagnostic {
  return make(
    'reference-shape',
    'error',
    `the reference's input ${q(name)} ${misfit}`,
    'store it in the order of axes of the ONNX model; one made from another version of the model has to be made anew',
    { file, tensor: name },
  );
}

/** A tensor of another type than the model's. */
export function referenceDType(
  file: string,
  what: 'input' | 'output',
  name: string,
  given: string,
  wanted: string,
): Diagnostic {
  return make(
    'reference-dtype',
    'error',
    `the reference's ${what} ${q(name)} is ${given} where the model has ${wanted}`,
    given === 'float64' && wanted === 'float32' ? 'store it with .astype(numpy.float32)' : `store it as ${wanted}`,
    { file, tensor: name },
  );
}

/** An input's value that TensorFlow.js has no number for. */
export function referenceDoesntFit(file: string, name: string, value: string, dtype: string): Diagnostic {
  return make(
    'reference-does-not-fit',
    'error',
    `the reference's input ${q(name)} holds ${value}, which does not fit ${dtype}, TensorFlow.js's type for it`,
    'use values within the range',
    { file, tensor: name },
  );
}

/** A reference whose provenance names another version of the model. `changed`: the file that is another. */
export function referenceStale(file: string, changed: string): Diagnostic {
  return make(
    'reference-stale',
    'warning',
    `the reference is stale: it was recorded from another version of the model (${q(changed)} has changed since)`,
    'record it anew: onnx2keras record <model> --replace',
    { file },
  );
}

/** A recorded reference whose values were changed afterwards. */
export function referenceEdited(file: string, edited: readonly string[]): Diagnostic {
  return make(
    'reference-edited',
    'warning',
    `the reference was changed after it was recorded: ${list(edited)}`,
    'record it anew (onnx2keras record <model> --replace), or remove provenance.json if the values are your own',
    { file },
  );
}

/** provenance.json can't be what `record` wrote. */
export function provenanceUnreadable(file: string): Diagnostic {
  return make(
    'provenance-unreadable',
    'warning',
    'provenance.json of the reference is damaged, so that it is not known which version of the model it was recorded from',
    'record it anew: onnx2keras record <model> --replace',
    { file },
  );
}

/** A data set beside several models that doesn't fit this one. */
export function referenceOfAnother(file: string, why: string): Diagnostic {
  return make(
    'reference-of-another-model',
    'note',
    `this data set lies beside several models and is not taken for this one: ${why}`,
    'nothing needs to be done if it belongs to another; else put it into <name>/ or <name>.reference/',
    { file },
  );
}

/** A data set beside several models that fits this one (by names, types and shapes). */
export function referenceShared(file: string, others: readonly string[]): Diagnostic {
  return make(
    'reference-shared',
    'note',
    `this data set lies beside several models (${list(others)} too) and is taken for this one since its names, types and shapes fit`,
    'put it into <name>/ or <name>.reference/ to say which model it belongs to',
    { file },
  );
}

/** input_N.pb carries the name of another input. */
export function referenceOrder(file: string, index: number, carries: string, expected: string): Diagnostic {
  return make(
    'reference-order',
    'warning',
    `the tensor inside is named ${q(carries)}, and the model's number ${index} is ${q(expected)}; ONNX goes by the number`,
    'check that the files are numbered in the order of the graph',
    { file, tensor: expected },
  );
}

// ---- verdicts ----

/** What a mismatch was found against. */
export interface Against {
  readonly file: string;
  readonly engine: string;
  readonly reference: string;
  readonly output: string;
}

const CONVERSION_OR_REFERENCE =
  'if the reference was made from this very model, the conversion is wrong: please report it; else make the reference anew';

/** An output's elements are beyond tolerance. */
export function outputDiffers(at: Against, figures: string): Diagnostic {
  return make(
    'output-differs',
    'mismatch',
    `output ${q(at.output)} on ${at.engine} differs from ${q(at.reference)}: ${figures}`,
    CONVERSION_OR_REFERENCE,
    { file: at.file, tensor: at.output },
  );
}

/** NaN or an infinity where something else is expected, or the other way round. */
export function outputNotFinite(at: Against, figures: string): Diagnostic {
  return make(
    'output-not-finite',
    'mismatch',
    `output ${q(at.output)} on ${at.engine} has NaN or infinities other than ${q(at.reference)}: ${figures}`,
    CONVERSION_OR_REFERENCE,
    { file: at.file, tensor: at.output },
  );
}

/** An output of another shape. */
export function outputShapeDiffers(at: Against, actual: string, expected: string): Diagnostic {
  return make(
    'output-shape-differs',
    'mismatch',
    `output ${q(at.output)} on ${at.engine} has the shape ${actual} where ${q(at.reference)} has ${expected}`,
    CONVERSION_OR_REFERENCE,
    { file: at.file, tensor: at.output },
  );
}

/** An output of another type than conversion.json promises. */
export function outputDTypeDiffers(at: Against, actual: string, expected: string): Diagnostic {
  return make(
    'output-dtype-differs',
    'mismatch',
    `output ${q(at.output)} on ${at.engine} is ${actual} where conversion.json promises ${expected}`,
    'the conversion is at fault: please report it with the model',
    { file: at.file, tensor: at.output },
  );
}

/** With CPU kernels in the place of some of the engine's, the outputs agree: those kernels are at fault. */
export function kernelAtFault(file: string, engine: string, kernels: readonly string[]): Diagnostic {
  const one = kernels.length === 1;
  return make(
    'kernel-at-fault',
    'note',
    `the fault is in TensorFlow.js on ${engine}: with ${one ? 'the kernel' : 'the kernels'} ${kernels.join(', ')} taken from its CPU backend the outputs agree`,
    'the model computes wrongly for users of this backend all the same; please report it, since the converter should avoid this kernel',
    { file },
  );
}

/** The guarded run changed nothing. */
export function kernelNotAtFault(file: string, engine: string, kernels: readonly string[]): Diagnostic {
  const tried =
    kernels.length === 0
      ? `no kernel that is known to be wrong on ${engine} is used`
      : `with ${kernels.join(', ')} taken from the CPU backend they still differ`;
  return make(
    'kernel-not-at-fault',
    'note',
    `the outputs that differ are not explained by a known fault of TensorFlow.js: ${tried}`,
    'look for the cause in the conversion or in the reference',
    { file },
  );
}

/** Names for a message, at most eight of them. */
function list(names: readonly string[]): string {
  if (names.length === 0) return 'none';
  const shown = names.slice(0, 8).map(q).join(', ');
  return names.length > 8 ? `${shown} and ${names.length - 8} more` : shown;
}
