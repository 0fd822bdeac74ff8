/** A converter that does what the model's path says, each way leaving half a model behind. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { serve } from '../../lib/run/serve.js';

serve({
  convert({ path: model, outputFolder }) {
    writeFileSync(path.join(outputFolder, 'model.json'), '{');
    const name = path.basename(model, '.onnx');
    if (name === 'crash') process.abort();
    if (name === 'hang') for (;;);
    if (name === 'throw') throw new Error('a fault of ours\n::error::forged');
    if (name === 'refuse') return { status: 'unsupported', diagnostics: [], artefacts: [] };
    return {
      status: 'converted',
      format: 'graph-model',
      diagnostics: [],
      artefacts: [{ path: 'model.json', bytes: 1, sha256: '' }],
    };
  },
  verify: () => process.exit(3),
});
