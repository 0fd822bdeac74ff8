/**
 * The script of the "try it" pages, one file for all: loads a written model with TensorFlow.js on the backend that the reader
 * chooses, runs it on the stored inputs (or on random ones) and shows how far it is off.
 */
export const TRY_SCRIPT = `
(() => {
  const find = (id) => document.getElementById(id);
  const runtime = new URL('.', document.currentScript.src);
  const folder = document.body.dataset.model;
  const say = (text) => { find('state').textContent = text; };
  if (location.protocol === 'file:') {
    say('A browser does not let a page read the files beside it. Serve the folder that holds "report": ' + document.body.dataset.serve + ' <folder>');
    return;
  }
  const get = async (place, how) => {
    const answer = await fetch(place);
    if (!answer.ok) throw new Error(place + ' is not there (' + answer.status + ')');
    return answer[how]();
  };
  // All headers of the shards are awaited before any body is read: on few connections that could wait for ever.
  const whole = async (place, options) => {
    const answer = await fetch(place, options);
    return new Response(await answer.arrayBuffer(), { status: answer.status, headers: answer.headers });
  };
  const sizeOf = (shape) => shape.reduce((n, d) => n * d, 1);
  const typed = { float32: Float32Array, int32: Int32Array, bool: Uint8Array };

  const randomInput = ({ tfjs: { name, dtype, shape } }) => {
    const sizes = shape.map((d) => d ?? 1);
    if (dtype === 'string') return { name, dtype, shape: sizes, data: Array.from({ length: sizeOf(sizes) }, () => 'text') };
    const data = new (typed[dtype] || Float32Array)(sizeOf(sizes));
    for (let i = 0; i < data.length; i++) data[i] = dtype === 'float32' ? Math.random() * 2 - 1 : Math.floor(Math.random() * 2);
    return { name, dtype, shape: sizes, data };
  };
  const stored = async (tensor) => ({
    ...tensor,
    data: tensor.values || new typed[tensor.dtype](await get(tensor.file, 'arrayBuffer')),
  });

  const time = (ms) => (ms < 1000 ? Math.round(ms) + ' ms' : (ms / 1000).toFixed(1) + ' s');

  const compare = (expected, actual) => {
    const { data, shape, tolerance: { rtol, atol, rangeTol } } = expected;
    if (shape.join() !== actual.shape.join()) return { verdict: 'differs', error: 'shape ' + actual.shape + ' instead of ' + shape };
    if (expected.dtype === 'string') {
      const off = data.filter((text, i) => text !== actual.data[i]).length;
      return { verdict: off === 0 ? 'agrees' : 'differs', error: off + ' of ' + data.length + ' texts' };
    }
    let [low, high, most, beyond] = [Infinity, -Infinity, 0, 0];
    for (const b of data) if (Number.isFinite(b)) { low = Math.min(low, b); high = Math.max(high, b); }
    const floor = atol + (high >= low ? rangeTol * (high - low) : 0);
    for (let i = 0; i < data.length; i++) {
      const [a, b] = [actual.data[i], data[i]];
      const difference = Math.abs(a - b);
      if (Number.isFinite(difference)) most = Math.max(most, difference);
      const isSame = Object.is(a, b) || a === b || (Number.isNaN(a) && Number.isNaN(b));
      if (!isSame && !(difference <= floor + rtol * Math.abs(b))) beyond++;
    }
    return { verdict: beyond === 0 ? 'agrees' : 'differs', error: most !== 0 && most < 0.001 ? most.toExponential(2) : String(Number(most.toPrecision(3))), beyond: beyond + ' of ' + data.length };
  };

  const best = ({ shape, data }) => {
    if (shape.length !== 2 || shape[1] < 3) return '';
    const row = [...data.slice(0, shape[1])];
    return [...row.keys()].sort((a, b) => row[b] - row[a]).slice(0, 5).map((c) => c + ' (' + row[c].toPrecision(3) + ')').join(', ');
  };
  const shown = ({ shape, data }) => {
    const first = [...data.slice(0, 6)].map((x) => (typeof x === 'number' ? Number(x.toPrecision(5)) : x));
    return '[' + shape.join(', ') + ']: ' + first.join(', ') + (data.length > 6 ? ' …' : '');
  };

  const cell = (row, text, name) => {
    const td = row.insertCell();
    td.textContent = text;
    if (name) td.className = name;
  };

  const load = async (record, url) => {
    if (record.format === 'layers-model') {
      const model = await tf.loadLayersModel(url, { fetchFunc: whole });
      return {
        model,
        run: async (feed) => {
          const given = model.predict(model.inputNames.map((name) => feed[name]));
          const all = Array.isArray(given) ? given : [given];
          return record.outputs.map((o) => all[model.outputNames.indexOf(o.tfjs.name)]);
        },
      };
    }
    const model = await tf.loadGraphModel(url, { fetchFunc: whole });
    const names = record.outputs.map((o) => o.tfjs.name);
    return {
      model,
      run: async (feed) => {
        const given = record.async ? await model.executeAsync(feed, names) : model.execute(feed, names);
        return Array.isArray(given) ? given : [given];
      },
    };
  };

  const start = async () => {
    const backend = find('backend').value;
    const results = find('results');
    results.replaceChildren();
    say('Starting ' + backend + ' …');
    tf.wasm.setWasmPaths(runtime.href);
    if (!(await tf.setBackend(backend)) || tf.getBackend() !== backend) throw new Error('this browser has no ' + backend);
    await tf.ready();
    const record = await get(folder + 'conversion.json', 'json');
    const data = await get('data.json', 'json').catch(() => undefined);
    const inputs = data ? await Promise.all(data.inputs.map(stored)) : record.inputs.map(randomInput);
    say('Loading the model …');
    const begun = performance.now();
    const { model, run } = await load(record, folder + 'model.json');
    const loaded = performance.now();
    const feed = Object.fromEntries(inputs.map(({ name, dtype, shape, data: values }) => [name, tf.tensor(values, shape, dtype)]));
    const infer = async () => {
      const from = performance.now();
      const tensors = await run(feed);
      const outputs = [];
      for (const tensor of tensors) outputs.push({ shape: tensor.shape, dtype: tensor.dtype, data: await tensor.data() });
      return { outputs, tensors, took: performance.now() - from };
    };
    say('Running …');
    await new Promise((resolve) => setTimeout(resolve));
    const first = await infer();
    const second = await infer();
    let differs = 0;
    for (const [i, row] of record.outputs.entries()) {
      const actual = second.outputs[i];
      const wanted = data && data.outputs.find((o) => o.name === row.tfjs.name);
      const expected = wanted && (await stored(wanted));
      const found = expected ? compare(expected, actual) : { verdict: 'not compared' };
      if (found.verdict === 'differs') differs++;
      const line = results.insertRow();
      const head = document.createElement('th');
      head.scope = 'row';
      head.textContent = row.onnx.name;
      line.append(head);
      cell(line, found.verdict, 'status ' + (found.verdict === 'agrees' ? 'pass' : found.verdict === 'differs' ? 'mismatch' : 'unverified'));
      cell(line, found.error ?? '–');
      cell(line, found.beyond ?? '–');
      cell(line, best(actual) || shown(actual));
      cell(line, expected ? best(expected) || shown(expected) : '–');
    }
    for (const tensor of [...Object.values(feed), ...first.tensors, ...second.tensors]) if (!tensor.isDisposed) tensor.dispose();
    model.dispose();
    say((data ? 'On the stored inputs of ' + data.reference : 'On random inputs; there are no stored ones') + ', on ' + backend + ': '
      + (data ? (differs === 0 ? 'all outputs agree' : differs + ' of ' + record.outputs.length + ' outputs differ') + '. ' : '')
      + 'Loaded in ' + time(loaded - begun) + ', first run ' + time(first.took) + ', second ' + time(second.took) + '.');
  };

  find('run').addEventListener('click', () => {
    find('run').disabled = true;
    start().catch((e) => say('It failed: ' + e.message)).finally(() => { find('run').disabled = false; });
  });
  find('run').disabled = false;
  say('Choose a backend and run.');
})();
`;
