import type { Family } from './case.js';
import { ATTENTION } from './families/attention.js';
import { BODIES } from './families/bodies.js';
import { CONTROL } from './families/control.js';
import { LOGIC } from './families/logic.js';
import { MATH } from './families/math.js';
import { MICROSOFT } from './families/microsoft.js';
import { ML } from './families/ml.js';
import { NETWORKS } from './families/networks.js';
import { NEWER } from './families/newer.js';
import { NOTHING } from './families/nothing.js';
import { OLD } from './families/old.js';
import { QUANTIZE } from './families/quantize.js';
import { RECURRENT } from './families/recurrent.js';
import { REDUCE } from './families/reduce.js';
import { RESAMPLING } from './families/resampling.js';
import { TEXT } from './families/text.js';
import { TORCH_FUNCTIONS } from './families/torch-functions.js';
import { TORCH_MODULES } from './families/torch-modules.js';
import { TORCHVISION } from './families/torchvision.js';
import { WINDOWS } from './families/windows.js';
import { SHAPE } from './families/shape.js';

/** Generators by family: the folders of src/ops. A new family is a file in families/ and a line here. */
export const FAMILIES: Readonly<Record<string, Family>> = {
  attention: ATTENTION,
  control: { ...CONTROL, ...BODIES, ...NOTHING },
  logic: LOGIC,
  math: MATH,
  ml: ML,
  microsoft: MICROSOFT,
  networks: NETWORKS,
  newer: NEWER,
  old: OLD,
  quantize: QUANTIZE,
  recurrent: RECURRENT,
  reduce: REDUCE,
  resampling: RESAMPLING,
  text: TEXT,
  'torch-functions': TORCH_FUNCTIONS,
  'torch-modules': TORCH_MODULES,
  torchvision: TORCHVISION,
  windows: WINDOWS,
  shape: SHAPE,
};
