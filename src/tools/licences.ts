/** The notice that goes with dist/: name, version, licence and licence text of every package whose code is in it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Package {
  name: string;
  version: string;
  licence: string;
  author: string;
  folder: string;
}

/**
 * The package that a file belongs to: the innermost node_modules/NAME of its path. Undefined for our own files and for
 * what the bundler brings along.
 */
export function packageOf(file: string): Package | undefined {
  const path = file.replaceAll('\\', '/');
  const match = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(path);
  if (!match || match[0].endsWith('/@vercel/ncc')) return undefined;
  const folder = match[0];
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<string, unknown>;
  const author = manifest.author as string | { name?: string } | undefined;
  return {
    name: String(manifest.name),
    version: String(manifest.version),
    licence: String(manifest.license ?? 'unknown'),
    author: (typeof author === 'string' ? author : author?.name) || `the authors of ${manifest.name}`,
    folder,
  };
}

const BSD = `BSD-3-Clause and BSD-2-Clause (the latter without the third condition): Redistribution and use in source and binary
forms, with or without modification, are permitted provided that the following conditions are met: 1. Redistributions of
source code must retain the above copyright notice, this list of conditions and the following disclaimer.
2. Redistributions in binary form must reproduce the above copyright notice, this list of conditions and the following
disclaimer in the documentation and/or other materials provided with the distribution. 3. Neither the name of the
copyright holder nor the names of its contributors may be used to endorse or promote products derived from this software
without specific prior written permission. THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS"
AND ANY EXPRESS OR IMPLIED WARRANTIES, INCLUDING, BUT NOT LIMITED TO, THE IMPLIED WARRANTIES OF MERCHANTABILITY AND
FITNESS FOR A PARTICULAR PURPOSE ARE DISCLAIMED. IN NO EVENT SHALL THE COPYRIGHT HOLDER OR CONTRIBUTORS BE LIABLE FOR
ANY DIRECT, INDIRECT, INCIDENTAL, SPECIAL, EXEMPLARY, OR CONSEQUENTIAL DAMAGES (INCLUDING, BUT NOT LIMITED TO,
PROCUREMENT OF SUBSTITUTE GOODS OR SERVICES; LOSS OF USE, DATA, OR PROFITS; OR BUSINESS INTERRUPTION) HOWEVER CAUSED AND
ON ANY THEORY OF LIABILITY, WHETHER IN CONTRACT, STRICT LIABILITY, OR TORT (INCLUDING NEGLIGENCE OR OTHERWISE) ARISING
IN ANY WAY OUT OF THE USE OF THIS SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.`;

/** What is compiled into a package's .wasm file, which the package itself doesn't say. */
const INSIDE: Record<string, string> = {
  '@cornerstonejs/codec-libjpeg-turbo-8bit': `The package's own sources: Copyright (c) Chris Hafey. MIT. The .wasm file holds compiled code of libjpeg-turbo, and of
Emscripten's runtime (Copyright (c) 2010-2014 Emscripten authors. MIT).

libjpeg-turbo: This software is based in part on the work of the Independent JPEG Group. Copyright (C) 1991-2020, Thomas G.
Lane, Guido Vollbeding. Copyright (C) 2009-2026, D. R. Commander. Copyright (C) 2015, Viktor Szathmáry. IJG licence, and of
the TurboJPEG API: BSD-3-Clause.

${BSD}`,
  '@tensorflow/tfjs-backend-wasm': `The .wasm files hold compiled code of

XNNPACK: Copyright (c) Facebook, Inc. and its affiliates. Copyright 2019 Google LLC. BSD-3-Clause.
pthreadpool: Copyright 2019 Google LLC. Copyright (c) 2017 Facebook Inc. Copyright (c) 2015-2017 Georgia Institute of
Technology. BSD-2-Clause.
cpuinfo: Copyright (c) 2019 Google LLC. Copyright (c) 2017-2018 Facebook Inc. Copyright (C) 2012-2017 Georgia Institute
of Technology. Copyright (C) 2010-2012 Marat Dukhan. BSD-2-Clause.
FP16, FXdiv: Copyright (c) 2017 Facebook Inc. Copyright (c) 2017 Georgia Institute of Technology. MIT.
Emscripten's runtime: Copyright (c) 2010-2014 Emscripten authors. MIT.

${BSD}`,
  'onnxruntime-web':
    'The .wasm file holds compiled code of the third parties that ThirdPartyNotices.txt of github.com/microsoft/onnxruntime names.',
};

/** Packages that state no licence at all. */
const UNSTATED: Record<string, string> = {
  buffers:
    'Copyright James Halliday. The package states no licence. It comes with @actions/artifact, which unpacks with it.',
};

const MIT = `Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;

const ISC = `Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee is hereby
granted, provided that the above copyright notice and this permission notice appear in all copies.

THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES WITH REGARD TO THIS SOFTWARE INCLUDING ALL
IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR ANY SPECIAL, DIRECT,
INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN
ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF OR IN CONNECTION WITH THE USE OR PERFORMANCE OF
THIS SOFTWARE.`;

/** The licence files of a package, or, where it ships none, what its package.json names, in full. */
function textOf(pack: Package): string {
  const shipped = readdirSync(pack.folder)
    .filter((file) => /^(licen[cs]e|copying|notice)([-.].*)?$/i.test(file))
    .sort()
    .map((file) => readFileSync(join(pack.folder, file), 'utf8').replaceAll('\r\n', '\n').trim());
  if (shipped.length > 0) return shipped.join('\n\n');
  const texts = pack.licence.split(' AND ').map((id) => {
    if (id === 'Apache-2.0') return `Copyright ${pack.author}. Apache License 2.0: its text ends this file.`;
    if (id === 'MIT' || id === 'MIT/X11') return `The MIT License. Copyright ${pack.author}\n\n${MIT}`;
    if (id === 'ISC') return `The ISC License. Copyright ${pack.author}\n\n${ISC}`;
    const known = UNSTATED[pack.name];
    if (known) return known;
    throw new Error(`${pack.name} ships no licence text, and ${id} is not one that is known here`);
  });
  return texts.join('\n\n');
}

/** The whole notice. `apache` is the text of the Apache License 2.0, which is also our own. */
export function licencesOf(packages: readonly Package[], apache: string): string {
  const rule = '-'.repeat(80);
  const parts = packages.map((pack) =>
    [`${pack.name} ${pack.version} (${pack.licence})`, textOf(pack), INSIDE[pack.name]].filter(Boolean).join('\n\n'),
  );
  const head = 'The files of this folder hold code of the following packages, each under its own licence.';
  return `${[head, ...parts, apache.trim()].join(`\n\n${rule}\n\n`)}\n`;
}
