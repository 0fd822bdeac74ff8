import type { Diagnostic, Place } from './diagnostic.js';

/** `quantize: auto`, and nothing to measure errors with. */
export function notMeasured(place: Place, why: string): Diagnostic {
  return {
    code: 'quantize-not-measured',
    severity: 'warning',
    message: `quantize: auto left all weights float32, since ${why}`,
    remedy: 'store a reference beside the model (onnx2keras record makes one), or ask for float16, uint16 or uint8',
    place,
  };
}

/** `quantize: auto`, and the judge found the written model out of tolerance. */
export function storedLarger(place: Place, times: number): Diagnostic {
  return {
    code: 'quantize-stored-larger',
    severity: 'note',
    message: `the smallest storage of the weights that was within tolerance where it was looked for isn't on all engines and references; a larger one was written, ${times === 1 ? 'the next' : `the ${times}th after it`}`,
    remedy: 'nothing needs to be done',
    place,
  };
}
