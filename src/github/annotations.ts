import { error, warning } from '@actions/core';
import type { Annotation } from '../report/annotations.js';

/** How many of a level the runner shows per step; it drops the rest unseen. */
export const ANNOTATION_LIMIT = 10;

/** Core's functions escape what could end a command. */
export function annotate(annotations: readonly Annotation[]): void {
  for (const { level, file, line, title, message } of annotations)
    (level === 'error' ? error : warning)(message, { title, ...(file === undefined ? {} : { file, startLine: line }) });
}
