import { cannotWrite } from '../diag/catalogue-run.js';
import { onTheDisk } from '../write/shards.js';
import { convertModel } from './convert.js';
import type { ConvertRequest, ConvertResult } from './convert-types.js';

/** Converts one model, and gives its result when the disk has what was written, or has failed. */
export async function convertToDisk(request: ConvertRequest): Promise<ConvertResult> {
  const result = convertModel(request);
  try {
    await onTheDisk();
    return result;
  } catch (error) {
    if (result.status !== 'converted') return result;
    const found = cannotWrite({ file: request.relativePath }, (error as Error).message);
    return { ...result, status: 'error', artefacts: [], diagnostics: [...result.diagnostics, found] };
  }
}
