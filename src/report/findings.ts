import { findingsWorstFirst } from './verdict.js';
import type { Finding, ModelReport } from './types.js';

/** Findings that say the same of several places and are mended the same way. */
export interface FindingGroup {
  code: string;
  severity: Finding['severity'];
  remedy: string;
  findings: Finding[];
}

/** The findings by what is wrong and what to do about it, worst first. */
export function groupFindings(findings: readonly Finding[]): FindingGroup[] {
  const groups = new Map<string, FindingGroup>();
  for (const finding of findingsWorstFirst(findings)) {
    const key = JSON.stringify([finding.severity, finding.code, finding.remedy]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { ...head(finding), findings: [finding] });
    else group.findings.push(finding);
  }
  return [...groups.values()];
}

function head({ code, severity, remedy }: Finding): Omit<FindingGroup, 'findings'> {
  return { code, severity, remedy };
}

/** One part of a place: what it is, and the model's own word for it. */
export interface PlacePart {
  what: string;
  name: string;
}

/** Where a finding stands, without what the reader sees anyway: the path of the model that it was found in. */
export function placeParts(finding: Finding, model?: ModelReport): PlacePart[] {
  const { file, line, index, node, op, domain, opset, tensor } = finding.place;
  const parts: PlacePart[] = [];
  if (file !== undefined && file !== model?.path && file !== model?.file)
    parts.push({ what: 'file', name: line === undefined ? file : `${file}:${line}` });
  if (node !== undefined && node !== '') parts.push({ what: 'node', name: node });
  else if (index !== undefined) parts.push({ what: 'node', name: `#${index}` });
  if (op !== undefined)
    parts.push({
      what: 'operator',
      name: `${domain ? `${domain}.` : ''}${op}${opset === undefined ? '' : ` (opset ${opset})`}`,
    });
  if (tensor !== undefined && tensor !== '') parts.push({ what: 'tensor', name: tensor });
  return parts;
}
