/** The action's inputs, and the places that the runner gives. */
import { realpathSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { getInput } from '@actions/core';
import { isInside } from '../run/find.js';
import {
  ConfigurationError,
  inputName,
  type OptionKey,
  optionsOf,
  readSettings,
  type Settings,
} from '../run/options.js';

export interface ActionInputs {
  settings: Settings;
  /** Absolute, links resolved. */
  workspace: string;
  /** Absolute, links resolved; inside the workspace. */
  base: string;
  /** Absolute. */
  output: string;
}

/** Throws ConfigurationError. An input that is empty has its default: a workflow's `${{ inputs.x }}` often is. */
export function readInputs(env: NodeJS.ProcessEnv = process.env): ActionInputs {
  const given: Partial<Record<OptionKey, string>> = {};
  for (const [key] of optionsOf('action')) {
    const text = getInput(inputName(key));
    if (text !== '') given[key] = text;
  }
  const settings = named(readSettings(given, (key) => `the input ${inputName(key)}`));
  if (settings.plan > 0 && (settings.shard || settings.mergeReports.length > 0))
    throw new ConfigurationError('the input plan stands alone: shard and merge-reports are for later jobs');
  const workspace = realpathSync(env.GITHUB_WORKSPACE || process.cwd());
  let base: string;
  try {
    base = realpathSync(path.resolve(workspace, settings.workingDirectory));
  } catch {
    throw new ConfigurationError('the input working-directory names no folder of the workspace');
  }
  if (!isInside(workspace, base))
    throw new ConfigurationError('the input working-directory leads out of the workspace');
  const output =
    settings.outputDirectory === ''
      ? path.join(env.RUNNER_TEMP || os.tmpdir(), 'onnx2keras')
      : path.resolve(workspace, settings.outputDirectory);
  // What stands in the workspace may come from a pull request: a link there must not choose where is written.
  if (isInside(workspace, output) && !isInside(workspace, realPlace(output)))
    throw new ConfigurationError('the input output-directory leads out of the workspace by a symbolic link');
  return { settings, workspace, base, output };
}

/** Where a place is, links resolved, as far as it is there already. */
function realPlace(place: string): string {
  try {
    return realpathSync(place);
  } catch {
    const above = path.dirname(place);
    return above === place ? place : path.join(realPlace(above), path.basename(place));
  }
}

/** Artifacts of a run need names of their own, and each shard uploads one. */
function named(settings: Settings): Settings {
  const { shard, artifactName } = settings;
  return shard ? { ...settings, artifactName: `${artifactName}-${shard.index}-of-${shard.count}` } : settings;
}
