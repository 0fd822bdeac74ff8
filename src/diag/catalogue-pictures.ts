import type { Diagnostic, Severity } from './diagnostic.js';

const q = (text: string): string => JSON.stringify(text);
const per = (at: string): string => (at === '' ? '' : ` (${at})`);

function make(
  code: string,
  message: string,
  remedy: string,
  file: string,
  tensor: string,
  severity: Severity = 'error',
): Diagnostic {
  return { code, severity, message, remedy, place: { file, tensor } };
}

/** A picture for an input of which the settings don't say how it is made of one. */
export function pictureWithoutPreprocess(file: string, name: string, preprocessed: readonly string[]): Diagnostic {
  const others = preprocessed.length === 0 ? '' : `; it is said for ${preprocessed.map(q).join(', ')}`;
  return make(
    'picture-without-preprocess',
    `the reference gives the input ${q(name)} as a picture, and the settings don't say how it becomes one${others}`,
    `add to onnx2keras.yml, for this model: inputs: { ${q(name)}: { preprocess: { size: [height, width], mean: […], std: […], order: rgb } } }`,
    file,
    name,
  );
}

/** A picture named after an output. */
export function pictureOfOutput(file: string, name: string): Diagnostic {
  return make(
    'picture-of-output',
    `the reference gives the output ${q(name)} as a picture, which can be the value of an input alone`,
    'store what the model gives, as .npy, .npz, .pb or .json',
    file,
    name,
  );
}

/** A picture that the input can't be made of. `at`: where the settings stand. */
export function pictureDoesntFit(
  file: string,
  name: string,
  shape: string,
  why: string,
  remedy: string,
  at: string,
): Diagnostic {
  return make(
    'picture-does-not-fit',
    `the picture can't be the input ${q(name)}, which is ${shape}: ${why}${per(at)}`,
    remedy,
    file,
    name,
  );
}

/** Preprocessing gives numbers that the input's type has not. */
export function pictureOfOtherType(file: string, name: string, dtype: string, value: number, at: string): Diagnostic {
  return make(
    'picture-type',
    `the preprocessing of ${q(name)} gives values such as ${value}, which are no ${dtype}${per(at)}`,
    'where the model takes pixels as they are, give its preprocess scale: 1 and neither mean nor std',
    file,
    name,
  );
}

/** A JPEG beside stored outputs. */
export function pictureLossy(file: string, name: string): Diagnostic {
  return make(
    'picture-jpeg',
    `the input ${q(name)} is a JPEG, decoded as libjpeg-turbo does it by default, and so Pillow, torchvision and OpenCV; other decoders differ by a level or two of 255, and by up to a hundred at edges where colours are stored at half the size`,
    'where outputs differ, store the picture as PNG, or what the source model was fed as .npy',
    file,
    name,
    'note',
  );
}
