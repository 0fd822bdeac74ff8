/** As in package.json, which a test holds it to; a constant, since a bundle has no package.json to read. */
export const TOOL = { name: 'onnx2keras-action', version: '0.1.0' };
