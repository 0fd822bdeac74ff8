/** Writes what a run found, in all its forms, beside the models. */
import path from 'node:path';
import { ConfigurationError } from './options.js';
import { mkdirInside, writeWhole } from './place.js';
import { reportHtml } from '../report/html.js';
import { reportJson } from '../report/json.js';
import { junitXml } from '../report/junit.js';
import { summaryMarkdown } from '../report/markdown.js';
import type { Report } from '../report/types.js';
import { writePages } from './write-pages.js';

/** Absolute paths. */
export interface WrittenReports {
  reportPath: string;
  htmlPath: string;
  junitPath: string;
}

/** Into `report/` below `output`; with `pages`, those to try the models on, too. Throws ConfigurationError where that can't be written. */
export async function writeReports(report: Report, output: string, pages: boolean): Promise<WrittenReports> {
  const folder = path.join(output, 'report');
  const put = async (name: string, text: string): Promise<string> => {
    await writeWhole(path.join(folder, name), text);
    return path.join(folder, name);
  };
  try {
    await mkdirInside(folder, output);
    if (pages) await writePages(report, output);
    await put('summary.md', summaryMarkdown(report));
    return {
      reportPath: await put('report.json', reportJson(report)),
      htmlPath: await put('index.html', reportHtml(report)),
      junitPath: await put('junit.xml', junitXml(report)),
    };
  } catch (e) {
    const { code, message } = e as NodeJS.ErrnoException;
    if (code === undefined) throw e;
    throw new ConfigurationError(`the reports can't be written: ${message}`);
  }
}
