/** `record`: makes reference inputs and outputs for a model, by running it in onnxruntime-web. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import pc from 'picocolors';
import { readConfig } from './config.js';
import type { Diagnostic } from '../diag/diagnostic.js';
import { logText, shorten, visible } from '../diag/escape.js';
import { failure, type Turn } from './judge.js';
import { ConfigurationError, type Settings } from './options.js';
import { createPool, WORKER } from './pool.js';
import type { RecordingRequest, RecordingResult } from '../verify/source/recording.js';
import { TOOL } from '../version.js';

/** Records and prints what was written; 0 where something was. */
export async function record(
  file: string,
  settings: Settings,
  out: NodeJS.WriteStream,
  signal?: AbortSignal,
  worker = WORKER,
): Promise<number> {
  const model = path.resolve(file);
  await demandFile(model, file);
  const inputs = settings.inputs.map((one) => path.resolve(one));
  for (const [i, input] of inputs.entries()) await demandFile(input, settings.inputs[i] as string);
  const colour = Boolean(out.isTTY) && !process.env.NO_COLOR;
  const style = pc.createColors(colour);
  const print = (line: string) => out.write(`${colour ? line : logText(line)}\n`);
  const pool = createPool({ size: 1, program: worker, signal, permissions: { writable: [path.dirname(model)] } });
  try {
    return await pool.use(async (lease) => {
      const turn: Turn = {
        lease,
        settings,
        place: { file },
        deadline: performance.now() + settings.timeoutPerModel * 1000,
        doing: () => {},
      };
      const request: RecordingRequest = {
        path: model,
        relativePath: path.basename(file),
        form: settings.form,
        seed: settings.seed,
        inputs,
        preprocess: (await readConfig(settings.config, process.cwd())).for(model, settings).preprocess,
        workspace: path.parse(model).root,
        replace: settings.replace,
        tool: TOOL,
      };
      const outcome = await lease.call<RecordingResult>('record', request, turn.deadline);
      const { sets, diagnostics } = outcome.ok
        ? outcome.value
        : { sets: [], diagnostics: [failure(turn, outcome, 'recording')] };
      for (const set of sets) {
        print(style.bold(visible(set.name)));
        for (const written of set.files) print(`  ${visible(path.join(path.dirname(file), written))}`);
      }
      for (const line of diagnostics.flatMap(findingLines)) print(line);
      return sets.length > 0 ? 0 : 1;
    });
  } finally {
    pool.close();
  }
}

async function demandFile(absolute: string, given: string): Promise<void> {
  const there = await stat(absolute).catch(() => undefined);
  if (!there?.isFile()) throw new ConfigurationError(`there is no file ${JSON.stringify(visible(given))}`);
}

function findingLines({ severity, message, remedy }: Diagnostic): string[] {
  return [`${severity}: ${visible(shorten(message, 500))}`, `  → ${visible(remedy)}`];
}
