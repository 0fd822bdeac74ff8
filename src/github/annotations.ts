import { error, notice, warning } from '@actions/core';
import { visible } from '../diag/escape.js';
import type { Annotation } from '../report/annotations.js';

/** How many of a level the runner shows per step; it drops the rest unseen. */
export const ANNOTATION_LIMIT = 10;

const COMMANDS = { error, warning, notice };

/** Core's functions escape what could end a command; the findings' texts come visible, and a path is made so. */
export function annotate(annotations: readonly Annotation[]): void {
  for (const { level, file, line, title, message } of annotations)
    COMMANDS[level](message, {
      title,
      ...(file === undefined ? {} : { file: visible(file), startLine: line }),
    });
}
