// By `require` the bundler takes onnxruntime-web as a module among others; by `import` it takes
// another entry of it, and copies that file beside the bundle once more.
module.exports = require('onnxruntime-web');
