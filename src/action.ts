/** The action: the other door. Reads the inputs, runs, and tells the runner; the step fails last, after all is safe. */
import { realpathSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { type Console, createConsole } from './run/console.js';
import { logText, visible } from './diag/escape.js';
import { reaches, severityOf } from './run/fail-on.js';
import { ANNOTATION_LIMIT, annotate } from './github/annotations.js';
import { type Api, createApi } from './github/api.js';
import { artifactService, UploadError, type Uploaded, upload } from './github/artifact.js';
import { changesOf } from './github/changes.js';
import { writeCheckRun } from './github/check-run.js';
import { actionSource, isAboutChanges, readEvent, runUrl, workflowFile } from './github/event.js';
import { type ActionInputs, readInputs } from './github/inputs.js';
import { type Attached, attach, ReleaseError } from './github/release.js';
import { releaseFiles } from './github/release-files.js';
import { fail, group, type Line, say, setOutputs, warn, writeSummary } from './github/step.js';
import { uploadsOf } from './github/uploads.js';
import { mergeReports } from './run/merge.js';
import { CONFIG_FILE, ConfigurationError, type Settings } from './run/options.js';
import { allAnnotations, annotations } from './report/annotations.js';
import { counted, size } from './report/figures.js';
import { summaryMarkdown } from './report/markdown.js';
import type { ModelReport, Report } from './report/types.js';
import { largestError } from './report/totals.js';
import { headline } from './report/verdict.js';
import { type RunRequest, type RunResult, run } from './run/run.js';
import { select } from './run/select.js';
import { matrixOf } from './run/shard.js';

/** GitHub takes no larger matrix. */
const MATRIX_ROWS = 256;
/** A check run takes 65,535 characters. */
const CHECK_SUMMARY = 65_000;

// A log that can't be written any more is no reason to lose the models; nor is a file that may not grow any further.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
process.on('SIGXFSZ', () => {});

try {
  await act();
} catch (e) {
  setOutputs({ result: 'failure' });
  if (e instanceof ConfigurationError) fail(e.message, { where: e.at && inWorkspace(e.at) });
  else fail(`this is a fault of the action; please report it.\n${(e as Error).stack ?? String(e)}`);
}

/** A line as GitHub names it. */
function inWorkspace({ file, line }: { file: string; line: number }): Line {
  const workspace = realpathSync(process.env.GITHUB_WORKSPACE || process.cwd());
  return { file: path.relative(workspace, file).split(path.sep).join('/'), line };
}

async function act(): Promise<void> {
  const inputs = readInputs();
  const { settings, output } = inputs;
  const api = createApi(settings.token);
  const request = await requestOf(inputs, api);
  if (settings.plan > 0) return plan(request);
  const console = createConsole({ line: (text) => process.stdout.write(`${logText(text)}\n`), colour: false, group });
  const done =
    settings.mergeReports.length > 0
      ? await mergeReports({
          places: settings.mergeReports,
          base: inputs.base,
          output,
          settings,
          source: actionSource(),
        })
      : await runToEnd(request, console);
  if (!done) return fail('the run was cancelled');
  const { report } = done;
  console.summarize(report, done.htmlPath);

  for (const { message, severity, place } of report.diagnostics ?? []) if (severity === 'warning') warn(message, place);
  const fails = (model: ModelReport) => reaches(severityOf(model), settings.failOn);
  const shown = settings.annotations ? annotations(report, { fails, limit: ANNOTATION_LIMIT }) : [];
  annotate(shown);
  const { uploaded, problem } = await uploadAll(report, inputs);
  if (settings.checkRun) await checkRun(api, done, settings, uploaded?.url);
  const release = settings.releaseTag === '' ? undefined : await releaseAll(api, done, inputs);
  if (settings.jobSummary) await writeSummary(summaryMarkdown(report, { artifactUrl: uploaded?.url }));
  setOutputs({
    ...outputsOf(done, output),
    ...(uploaded
      ? { 'artifact-id': uploaded.id, 'artifact-url': uploaded.url, 'artifact-digest': uploaded.digest }
      : {}),
    ...(release?.attached ? { 'release-assets': JSON.stringify(release.attached) } : {}),
  });

  // An error of our own would be the eleventh where ten annotations stand, and vanish.
  const full = shown.filter((a) => a.level === 'error').length >= ANNOTATION_LIMIT;
  for (const wrong of [problem, release?.problem]) if (wrong) fail(wrong, { quiet: full });
  if (done.failed)
    fail(
      headline(report, (path) => path),
      { quiet: full },
    );
}

/** What is asked of the run; with it, what a pull request changes. */
async function requestOf(
  { settings, workspace, base, output }: ActionInputs,
  api: Api | undefined,
): Promise<RunRequest> {
  const request = {
    patterns: settings.models,
    base,
    workspace,
    output,
    settings,
    strict: false,
    source: actionSource(),
  };
  const event = readEvent();
  const isWanted = { true: true, false: false, auto: isAboutChanges(event) }[settings.onlyChanged];
  if (!isWanted || settings.mergeReports.length > 0) return request;
  return {
    ...request,
    changes: await changesOf(event, base, api),
    settingsFiles: [...workflowFile(), configPlace(workspace, base, settings)],
  };
}

/** Of the settings file, whether it is there or not: it may have been before. Relative to the repository, with `/`. */
function configPlace(workspace: string, base: string, { config }: Settings): string {
  return path.relative(workspace, path.resolve(base, config || CONFIG_FILE)).replaceAll('\\', '/');
}

/** Says how the models are to be shared by several jobs, and converts none. */
async function plan(request: RunRequest): Promise<void> {
  const { models, facts, diagnostics } = await select(request);
  for (const { message, severity } of diagnostics)
    if (severity === 'error') fail(message);
    else if (severity === 'warning') warn(message);
    else say(message);
  const matrix = matrixOf(models, request.settings.plan);
  for (const { shard, models: n, bytes } of matrix.include)
    say(`shard ${shard}: ${counted(n, 'model')}, ${size(bytes)}`);
  setOutputs({
    result: facts.found === 0 ? 'no-models' : 'success',
    'models-found': facts.found,
    matrix: JSON.stringify(matrix),
  });
}

/** Undefined where the runner cancelled: then nobody waits for a result, and there are seconds to tidy up. */
async function runToEnd(request: RunRequest, console: Console): Promise<RunResult | undefined> {
  const controller = new AbortController();
  const cancel = () => controller.abort();
  process.once('SIGINT', cancel).once('SIGTERM', cancel);
  const done = await run(request, console, controller.signal);
  process.off('SIGINT', cancel).off('SIGTERM', cancel);
  return controller.signal.aborted ? undefined : done;
}

/** The last upload, which is the report's where there are several; and what went wrong. */
async function uploadAll(
  report: Report,
  { output, settings }: ActionInputs,
): Promise<{ uploaded?: Uploaded; problem?: string }> {
  const { uploads, leftOut } = await uploadsOf(report, output, settings);
  if (leftOut.length > 0)
    warn(
      `not uploaded, since GitHub allows no " : < > | * ? or line end in an artifact's paths: ${leftOut.slice(0, 10).join(', ')}`,
    );
  if (uploads.length === 0) return {};
  const { available, why } = artifactService();
  if (!available) {
    warn(`nothing was uploaded: ${why}. Everything is in ${output}.`);
    return {};
  }
  group.open('Upload');
  let uploaded: Uploaded | undefined;
  try {
    for (const one of uploads) uploaded = await upload(one);
    return { uploaded };
  } catch (e) {
    if (!(e instanceof UploadError)) throw e;
    return { problem: `${e.message}. Everything is still in ${output}.` };
  } finally {
    group.close();
  }
}

/** A check run with everything; where it can't be written, a warning says so. */
async function checkRun(
  api: Api | undefined,
  { report, failed, result }: RunResult,
  { failOn, artifactName }: Settings,
  artifactUrl: string | undefined,
): Promise<void> {
  if (!api) return warn('the check run was not written: there is no token, or no repository');
  const fails = (model: ModelReport) => reaches(severityOf(model), failOn);
  const problem = await writeCheckRun(api, {
    name: artifactName,
    headSha: readEvent().headSha,
    conclusion: failed ? 'failure' : result === 'no-models' ? 'neutral' : 'success',
    title: headline(report, visible),
    summary: summaryMarkdown(report, { artifactUrl, limit: CHECK_SUMMARY }),
    annotations: allAnnotations(report, { fails }),
    detailsUrl: runUrl(),
  });
  if (problem) warn(problem);
}

/** Attaches models and report to a release; nothing where the run failed, since nobody wants to publish that. */
async function releaseAll(
  api: Api | undefined,
  { report, failed }: RunResult,
  { settings, output }: ActionInputs,
): Promise<{ attached?: Attached[]; problem?: string }> {
  const { releaseTag, compressionLevel, artifactName, overwrite } = settings;
  if (failed) {
    warn(`nothing was attached to the release ${releaseTag}, since the run failed`);
    return {};
  }
  if (!api)
    return { problem: `nothing was attached to the release ${releaseTag}: there is no token, or no repository` };
  group.open(`Release ${releaseTag}`);
  const folder = await mkdtemp(path.join(process.env.RUNNER_TEMP || os.tmpdir(), 'onnx2keras-release-'));
  try {
    const assets = await releaseFiles(report, output, folder, { name: artifactName, level: compressionLevel });
    return { attached: await attach(api, releaseTag, assets, overwrite) };
  } catch (e) {
    if (!(e instanceof ReleaseError)) throw e;
    return { problem: e.message };
  } finally {
    await rm(folder, { recursive: true, force: true });
    group.close();
  }
}

function outputsOf(
  { result, report, reportPath, htmlPath, junitPath }: RunResult,
  output: string,
): Record<string, string | number> {
  const { totals, models } = report;
  return {
    result,
    'models-found': report.selection?.found ?? totals.models,
    'models-converted': models.filter((m) => m.artefacts.length > 0).length,
    'models-passed': totals.pass,
    'models-failed': totals.mismatch + totals.unsupported + totals.error,
    models: JSON.stringify(
      models.map((m) => ({
        path: m.path,
        status: m.status,
        format: m.format,
        maxAbsError: largestError(m.checks),
      })),
    ),
    matrix: JSON.stringify({
      include: models
        .filter((m) => m.artefacts.length > 0)
        .slice(0, MATRIX_ROWS)
        .map((m) => ({ path: m.path, status: m.status, format: m.format, folder: path.join(output, m.path) })),
    }),
    'output-directory': output,
    'report-path': reportPath,
    'report-html': htmlPath,
    'junit-path': junitPath,
    'max-abs-error': totals.maxAbsError ?? '',
  };
}
