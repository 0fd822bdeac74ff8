import type { Diagnostic, Place, Severity } from './diagnostic.js';

const EXPORT_AGAIN = 'check the model with onnx.checker.check_model and export it again';

function finding(code: string, severity: Severity, message: string, remedy: string, place: Place): Diagnostic {
  return { code, severity, message, remedy, place };
}

/** A name of the model as it may stand in a sentence: quoted, and cut where it is very long. */
export function quoted(name: string): string {
  return JSON.stringify(name.length > 120 ? `${name.slice(0, 117)}...` : name);
}

/** The operating system refuses to read a file; `why` is its code (ENOENT, EACCES …) or a sentence. */
export function unreadableFile(place: Place, why: string): Diagnostic {
  const known: Record<string, string> = {
    ENOENT: 'there is no such file',
    EACCES: 'permission denied',
    EPERM: 'permission denied',
    EISDIR: 'it is a folder',
    ELOOP: 'its symbolic links lead in a circle',
    ENOTDIR: 'a part of its path is no folder',
    ENAMETOOLONG: 'its name is too long',
    EMFILE: 'too many files are open',
    EIO: 'the disk reports an error',
  };
  return finding(
    'unreadable-file',
    'error',
    `the file can't be read: ${known[why] ?? why}`,
    'check the path and the permissions',
    place,
  );
}

/** The path leads to a folder, device, pipe or socket. */
export function notAFile(place: Place): Diagnostic {
  return finding('not-a-file', 'error', 'this is no regular file', 'name the model file itself', place);
}

/** Instead of the file there is the pointer that Git LFS leaves. */
export function lfsPointer(place: Place): Diagnostic {
  return finding(
    'lfs-pointer',
    'error',
    'this is a Git LFS pointer; the file itself was not fetched',
    'set `lfs: true` on the actions/checkout step, or run `git lfs pull`',
    place,
  );
}

export function emptyFile(place: Place): Diagnostic {
  return finding(
    'empty-file',
    'error',
    'the file is empty (0 bytes)',
    'export or download it again; a failed download often leaves an empty file',
    place,
  );
}

/** The bytes are something else; `what` names it: "an HTML page", "a ZIP archive". */
export function notOnnx(place: Place, what: string): Diagnostic {
  const remedy: Record<string, string> = {
    'an HTML page':
      'a web page was saved instead of the model: download the file itself (on GitHub and Hugging Face by the "raw" or "download" link)',
    'a ZIP archive':
      'unpack it first; a PyTorch checkpoint (.pt, .pth) is such an archive too and has to be exported by torch.onnx.export',
    'gzip-compressed data': 'unpack it first',
    'a Python pickle': 'a PyTorch checkpoint has to be exported by torch.onnx.export',
    'an HDF5 file': 'a Keras .h5 file has to be exported to ONNX by tf2onnx',
    'a TensorFlow Lite model': 'export it to ONNX by tf2onnx',
    'an ONNX Runtime (ORT format) model': 'convert the .onnx file that this was made from',
  };
  return finding(
    'not-onnx',
    'error',
    `this is no ONNX model but ${what}`,
    remedy[what] ?? 'check that the path names an ONNX model',
    place,
  );
}

/** The file ends too early. `where`: the part of the model in which it does, or ''. */
export function truncatedFile(place: Place, end: number, missing: number, where: string): Diagnostic {
  return finding(
    'truncated-file',
    'error',
    `the file is truncated at byte ${end}${where ? `, in ${where}` : ''}: at least ${missing} more bytes belong to it`,
    'the upload, download or export was interrupted: get the file again',
    place,
  );
}

/** The bytes are no valid protobuf message of the kind expected. */
export function malformedFile(place: Place, what: string, where: string): Diagnostic {
  return finding(
    'malformed-file',
    'error',
    `the file is damaged: ${what}${where ? ` (in ${where})` : ''}`,
    `get the file again, or ${EXPORT_AGAIN}`,
    place,
  );
}

/** Messages or graphs are nested deeper than protobuf allows. */
export function nestedTooDeep(place: Place, what: string, where: string): Diagnostic {
  return finding(
    'nested-too-deep',
    'error',
    `${what}${where ? ` (in ${where.slice(0, 200)})` : ''}`,
    EXPORT_AGAIN,
    place,
  );
}

/** Model and external data together are above `max-model-size`. Both in bytes. */
export function modelTooLarge(place: Place, bytes: number, limit: number): Diagnostic {
  const mb = (n: number) => `${Math.ceil(n / 2 ** 20)} MB`;
  return finding(
    'model-too-large',
    'error',
    `the model has ${mb(bytes)} with its external data, and the limit is ${mb(limit)}`,
    'raise max-model-size',
    place,
  );
}

/** Names, nodes and attributes alone would take more memory than allowed. */
export function structureTooLarge(place: Place, what: string, where: string): Diagnostic {
  return finding(
    'structure-too-large',
    'error',
    `the model is too large: ${what}${where ? ` (in ${where.slice(0, 200)})` : ''}`,
    'store big tables as tensors instead of attributes, or split the model',
    place,
  );
}

/** A name, documentation or other text is longer than the limit; `what` says how long, and where. */
export function textTooLong(place: Place, what: string, where: string): Diagnostic {
  return finding(
    'text-too-long',
    'error',
    `${what}${where ? ` (in ${where.slice(0, 200)})` : ''}`,
    'remove long documentation and metadata from the model',
    place,
  );
}

/** An attribute's value is larger than the limit. */
export function attributeTooLarge(place: Place, what: string, where = ''): Diagnostic {
  return finding(
    'attribute-too-large',
    'error',
    `${what}${where ? ` (in ${where.slice(0, 200)})` : ''}`,
    'store big tables as tensors instead of attributes',
    place,
  );
}

/** The file at a weight's place was changed or removed between reading the model and reading the weight. */
export function fileChanged(place: Place, why: string): Diagnostic {
  return finding(
    'file-changed',
    'error',
    `the weights can't be read any more: ${why}`,
    'let nothing write to the model while it is converted',
    place,
  );
}

/** A ModelProto without opset_import. */
export function noOpset(place: Place): Diagnostic {
  return finding(
    'no-opset',
    'error',
    'the model does not say which opset it uses (opset_import is missing)',
    `the file may have been cut at its end, where that stands: get it again, or ${EXPORT_AGAIN}`,
    place,
  );
}

/** An opset_import whose version is no positive number. */
export function badOpset(place: Place, domain: string, version: string): Diagnostic {
  return finding(
    'bad-opset',
    'error',
    `the model imports version ${version} of the operators of ${quoted(domain || 'ai.onnx')}`,
    EXPORT_AGAIN,
    place,
  );
}

/** IR version above the newest one known. */
export function newerIr(place: Place, version: string, known: number): Diagnostic {
  return finding(
    'newer-ir',
    'warning',
    `the model is of IR version ${version}; the newest known here is ${known}`,
    'if the conversion looks wrong, save the model with an older onnx package',
    place,
  );
}

/** A tensor's dims are negative or beyond 2^53. */
export function tensorBadShape(place: Place, shape: string, why: string): Diagnostic {
  return finding('tensor-bad-shape', 'error', `${tensor(place)} has the shape [${shape}]: ${why}`, EXPORT_AGAIN, place);
}

/** A tensor's dims multiply to more than the limit of elements. */
export function tensorTooLarge(place: Place, shape: string, limit: number): Diagnostic {
  return finding(
    'tensor-too-large',
    'error',
    `${tensor(place)} has the shape [${shape}]: that is more than ${limit} elements`,
    'split the tensor: TensorFlow.js can not count more',
    place,
  );
}

/** A tensor has more axes than the limit. */
export function rankTooHigh(place: Place, rank: number, limit: number): Diagnostic {
  return finding(
    'rank-too-high',
    'error',
    `${tensor(place)} has ${rank} axes, and ${limit} are allowed`,
    EXPORT_AGAIN,
    place,
  );
}

/** A tensor's data_type is 0 or unknown. */
export function tensorUnknownType(place: Place, code: number): Diagnostic {
  return finding(
    'tensor-unknown-type',
    'error',
    `${tensor(place)} has the data type ${code}, which ONNX does not define`,
    EXPORT_AGAIN,
    place,
  );
}

/** A tensor holds more or fewer elements (or bytes) than its dims say. `unit`: 'elements' or 'bytes'. */
export function tensorWrongSize(place: Place, shape: string, expected: number, held: number, unit: string): Diagnostic {
  return finding(
    'tensor-wrong-size',
    'error',
    `${tensor(place)} of shape [${shape}] needs ${expected} ${unit} but holds ${held}`,
    EXPORT_AGAIN,
    place,
  );
}

/** A tensor is stored in a way that can't be read: in segments, or in a place that ONNX doesn't define. */
export function tensorUnreadable(place: Place, why: string): Diagnostic {
  return finding('tensor-unreadable', 'error', `${tensor(place)} ${why}`, EXPORT_AGAIN, place);
}

/** A sparse tensor breaks its own rules. */
export function badSparseTensor(place: Place, why: string): Diagnostic {
  return finding('bad-sparse-tensor', 'error', `the sparse ${tensor(place)} ${why}`, EXPORT_AGAIN, place);
}

const tensor = (place: Place): string => `tensor ${quoted(place.tensor ?? '')}`;

/** External data may not leave the model's folder, or be anything but a plain file in it. */
export function externalUnsafe(place: Place, location: string, why: string): Diagnostic {
  return finding(
    'external-unsafe',
    'error',
    `the weights of ${tensor(place)} are said to be in ${quoted(location)}: ${why}`,
    "external data has to be a plain file in the model's folder: save the model again with onnx.save_model(..., save_as_external_data=True)",
    place,
  );
}

export function externalMissing(place: Place, location: string): Diagnostic {
  return finding(
    'external-missing',
    'error',
    `the weights of ${tensor(place)} belong in ${quoted(location)}, and there is no such file beside the model`,
    'commit that file too (it must keep its name), or save the model with its weights inside',
    place,
  );
}

export function externalTooShort(place: Place, location: string, needed: number, bytes: number): Diagnostic {
  return finding(
    'external-too-short',
    'error',
    `the weights of ${tensor(place)} reach to byte ${needed} of ${quoted(location)}, which has ${bytes}`,
    'the file was truncated or belongs to another version of the model: get both again',
    place,
  );
}

/** An external_data entry is missing or no number. */
export function externalMalformed(place: Place, why: string): Diagnostic {
  return finding('external-malformed', 'error', `the external data of ${tensor(place)}: ${why}`, EXPORT_AGAIN, place);
}

/** The SHA-1 that the model states differs from the file's. */
export function externalChecksum(place: Place, location: string): Diagnostic {
  return finding(
    'external-checksum',
    'warning',
    `${quoted(location)} does not have the checksum that the model states for it`,
    'make sure that model and external data belong together',
    place,
  );
}

/** Two initializers of one graph have the same name. */
export function duplicateInitializer(place: Place): Diagnostic {
  return finding(
    'duplicate-initializer',
    'error',
    `two initializers have the name ${quoted(place.tensor ?? '')}`,
    EXPORT_AGAIN,
    place,
  );
}

/** A node without an operator, an attribute without a value, and the like. */
export function malformedNode(place: Place, what: string): Diagnostic {
  return finding('malformed-node', 'error', what, EXPORT_AGAIN, place);
}

/** A node has two attributes of one name; the last counts. */
export function duplicateAttribute(place: Place, name: string): Diagnostic {
  return finding(
    'duplicate-attribute',
    'warning',
    `the attribute ${quoted(name)} is given twice; the last one counts`,
    EXPORT_AGAIN,
    place,
  );
}

/** Too many findings to list. */
export function moreFindings(place: Place, n: number): Diagnostic {
  return finding('more-findings', 'error', `and ${n} more like these`, EXPORT_AGAIN, place);
}

/** A .npy or .npz file, or an array in one, that can't be read. */
export function badNumpyFile(place: Place, why: string): Diagnostic {
  return finding(
    'bad-numpy-file',
    'error',
    `the file can't be read as NumPy data: ${why}`,
    'write it again by numpy.save or numpy.savez, without pickled objects',
    place,
  );
}

/** A .pb file with test data that holds something else than it should. */
export function badTensorFile(place: Place, why: string): Diagnostic {
  return finding(
    'bad-tensor-file',
    'error',
    `the file can't be read as a tensor: ${why}`,
    'write it by onnx.numpy_helper.from_array(...).SerializeToString()',
    place,
  );
}
