/** Which models a run works on: those that are found, of these the ones that a change concerns, of these a shard's. */
import { type Changes, concernedBy } from './changed.js';
import * as say from '../diag/catalogue-run.js';
import type { Diagnostic } from '../diag/diagnostic.js';
import { type FoundModel, findModels } from './find.js';
import { ConfigurationError, type Settings } from './options.js';
import type { Selection } from '../report/types.js';
import { shardsOf, shardText } from './shard.js';

export interface SelectRequest {
  /** Globs, folders and files. */
  patterns: readonly string[];
  /** Absolute; what relative patterns start from. */
  base: string;
  /** The folder that every model has to be in. Absent: anywhere. */
  workspace?: string;
  /** Absolute; never searched. */
  output: string;
  settings: Settings;
  /** A pattern without wildcards has to be there; else it is a warning in the report. */
  strict: boolean;
  /** What the models are to be held against, or why that isn't known. Absent: all are wanted. */
  changes?: Changes | { why: string };
  /** Files that hold settings for all models, relative to the repository. */
  settingsFiles?: readonly string[];
}

export interface Selected {
  models: FoundModel[];
  facts: Selection;
  /** What is to be said about the choice. */
  diagnostics: Diagnostic[];
}

/** Throws ConfigurationError. */
export async function select(request: SelectRequest): Promise<Selected> {
  const { settings } = request;
  const { models: found, missing } = await findModels({
    patterns: request.patterns,
    base: request.base,
    within: request.workspace,
    output: request.output,
  });
  if (request.strict && missing[0] !== undefined)
    throw new ConfigurationError(`there is no file or folder ${JSON.stringify(missing[0])}`);
  const facts: Selection = { found: found.length };
  if (found.length === 0) {
    const severity = ({ error: 'error', warn: 'warning', ignore: 'note' } as const)[settings.ifNoModelsFound];
    return { models: [], facts, diagnostics: [say.noModelsFound(request.patterns, severity)] };
  }
  const diagnostics = missing.map(say.nothingThere);
  let models = found;
  const { changes } = request;
  if (changes && 'why' in changes) diagnostics.push(say.changesUnknown(changes.why));
  else if (changes) {
    const concerned = concernedBy(changes, found, {
      settings: request.settingsFiles ?? [],
      templates: settings.references.split('\n').filter((line) => line.trim() !== ''),
      workspace: request.workspace ?? request.base,
    });
    models = concerned.models;
    if (concerned.all !== undefined) diagnostics.push(say.allConcerned(concerned.all));
    else facts.changedSince = changes.base;
  }
  if (settings.shard) {
    facts.shard = shardText(settings.shard);
    models = shardsOf(models, settings.shard.count)[settings.shard.index - 1] ?? [];
  }
  return { models, facts, diagnostics };
}
