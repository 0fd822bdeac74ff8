"""pytorch_to_keras with the arguments of pytorch2keras: exports by torch, stores what torch computes, and converts.

The result is a folder for TensorFlow.js (model.json and its weights) or an archive for Keras 3 (formats="keras"), judged
against torch's own outputs. Needs torch (1.13 or 2), numpy, and Node 20.20 or newer.
"""
import inspect
import json
import os
import pathlib
import subprocess
import sys
import warnings

import numpy as np
import torch

CLI = pathlib.Path(__file__).resolve().parents[2] / "dist" / "cli.js"


class Converted:
    """What came of a conversion: `folder` holds the model, `report` is its entry in report.json."""

    def __init__(self, folder, report, onnx):
        self.folder, self.report, self.onnx = folder, report, onnx

    @property
    def max_abs_error(self):
        return max(float(check["maxAbs"]) for check in self.report["checks"])

    @property
    def output_shapes(self):
        """Of the written model, as it was run for the comparison: in its own order of axes."""
        return [
            [actual[axis] for axis in output["order"]]
            for output, actual in zip(self.report["source"]["outputs"], (check["shape"]["actual"] for check in self.report["checks"]))
        ]

    @property
    def predicted_class(self):
        """The class with the highest score in the written model's first output: of scores, or of maps of them."""
        check = self.report["checks"][0]
        return check["maps"]["predicted"]["actual"]["class"] if "maps" in check else check["top"]["actual"][0]["class"]


def pytorch_to_keras(
    model,
    args,
    input_shapes=None,
    change_ordering=False,
    verbose=False,
    name_policy=None,
    use_optimizer=False,
    do_constant_folding=False,
    *,
    out="converted",
    name="model",
    formats="layers-model",
    opset_version=None,
    dynamo=False,
):
    """Converts a torch module.

    args: a tensor, or a list or tuple of tensors, that the module is called with; the inputs become input_0, input_1 ...
    input_shapes: one shape for each input, without the batch; None leaves a size open, as in pytorch2keras
    change_ordering: images are fed and fetched with their channels last
    name_policy: None or "keep", "short", "renumerate"
    use_optimizer: accepted as pytorch2keras once did, and ignored
    do_constant_folding: False keeps BatchNormalization as it is; True lets torch fold it into convolutions
    out, name: where the ONNX file, its reference and the converted model are written
    formats: what the command line takes: layers-model, graph-model, keras, auto
    opset_version: 13, or 18 for the newer exporter, where nothing is said
    dynamo: use torch 2's newer exporter, which folds BatchNormalization into convolutions
    Raises RuntimeError where the model can't be converted or differs from torch; what was found is in the message.
    """
    if use_optimizer:
        warnings.warn("use_optimizer is ignored: the converter simplifies by itself", stacklevel=2)
    inputs = tuple(args) if isinstance(args, (list, tuple)) else (args,)
    model.eval()
    with torch.no_grad():
        given = model(*inputs)
    outputs = tuple(given) if isinstance(given, (list, tuple)) else (given,)
    input_names = [f"input_{i}" for i in range(len(inputs))]
    output_names = [f"output_{i}" for i in range(len(outputs))]

    home = pathlib.Path(out)
    home.mkdir(parents=True, exist_ok=True)
    path = home / f"{name}.onnx"
    export(model, inputs, path, input_names, output_names, input_shapes, opset_version, do_constant_folding, dynamo, verbose)
    arrays = {n: t.detach().cpu().numpy() for n, t in zip(input_names + output_names, inputs + outputs)}
    np.savez(home / f"{name}.reference.npz", **arrays)

    target = home / "out"
    command = [
        "node", os.environ.get("ONNX2KERAS_CLI", str(CLI)), "convert", str(path), "--out", str(target), "--formats", formats,
        "--change-ordering" if change_ordering else "--no-change-ordering", "--name-policy", name_policy or "keep",
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    if verbose:
        print(done.stdout, end="")
    found = target / "report" / "report.json"
    if not found.exists():
        raise RuntimeError(done.stderr or done.stdout)
    report = json.loads(found.read_text(encoding="utf-8"))["models"][0]
    wrong = report["status"] not in ("pass", "unverified")
    if wrong:
        raise RuntimeError(f"{path}: {report['status']}\n" + "\n".join(d["message"] for d in report["diagnostics"]))
    return Converted(target / f"{name}.onnx", report, path)


def export(model, inputs, path, input_names, output_names, input_shapes, opset_version, fold, dynamo, verbose):
    """torch.onnx.export of any torch from 1.13 on, with BatchNormalization kept unless constants are folded."""
    opset_version = opset_version or (18 if dynamo else 13)
    options = {"opset_version": opset_version, "do_constant_folding": fold, "input_names": input_names, "output_names": output_names}
    takes = inspect.signature(torch.onnx.export).parameters
    if "dynamo" in takes:
        options["dynamo"] = dynamo
    elif dynamo:
        raise ValueError("this torch has one exporter only")
    if not dynamo:
        options["training"] = torch.onnx.TrainingMode.EVAL if fold else torch.onnx.TrainingMode.PRESERVE
        axes = open_axes(input_names, inputs, input_shapes)
        if axes:
            options["dynamic_axes"] = axes
    if "verbose" in takes:
        options["verbose"] = bool(verbose) and not dynamo and sys.stdout.isatty()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(model, inputs, str(path), **options)


def open_axes(names, inputs, shapes):
    """The axes whose size input_shapes leaves open; the batch stays as it is, since it may vary anyway."""
    if shapes is None:
        return {}
    several = shapes if shapes and isinstance(shapes[0], (list, tuple, torch.Size)) else [shapes]
    if len(several) != len(inputs):
        raise ValueError(f"{len(several)} input_shapes for {len(inputs)} inputs")
    axes = {}
    for name, tensor, shape in zip(names, inputs, several):
        if len(shape) != tensor.dim() - 1:
            raise ValueError(f"{name} has {tensor.dim() - 1} axes beside the batch, and its shape says {len(shape)}")
        left_open = {i + 1: f"{name}_{i + 1}" for i, size in enumerate(shape) if size is None}
        if left_open:
            axes[name] = left_open
    return axes
