"""Loads Keras archives as a stranger would and compares what they predict with stored outputs.

usage: judge.py FILE|-    FILE is JSON (with - such paths come by standard input, a line each, and {"done": true} ends the
                          answer to each): a list of {"id", "model", "inputs": [npy...], "outputs": [npy...], "layers": [name...],
                          "rtol", "atol", "rangeTol"}; prints one JSON object a line: {"id", "status", "reason"}
"""
import json, os, sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import numpy as np
import keras


def judge(case):
    model = keras.models.load_model(case["model"], compile=False, safe_mode=True)
    names = [layer.name for layer in model.layers]
    if names != case["layers"]:
        return "error", "layers in another order: " + ", ".join(f"{a}/{b}" for a, b in zip(names, case["layers"]) if a != b)[:200]
    inputs = [np.load(p) for p in case["inputs"]]
    given = model.predict(inputs if len(inputs) > 1 else inputs[0], verbose=0) if case.get("predict") else model(inputs if len(inputs) > 1 else inputs[0], training=False)
    outputs = [np.asarray(v) for v in (given if isinstance(given, (list, tuple)) else [given])]
    expected = [np.load(p) for p in case["outputs"]]
    if len(outputs) != len(expected):
        return "mismatch", f"{len(outputs)} outputs where {len(expected)} are stored"
    for i, (a, b) in enumerate(zip(outputs, expected)):
        if a.shape != b.shape:
            return "mismatch", f"output {i} has the shape {a.shape} where {b.shape} is stored"
        a, b = a.astype(np.float64), b.astype(np.float64)
        span = float(b.max() - b.min()) if b.size else 0.0
        off = np.abs(a - b) / (case["atol"] + case["rtol"] * np.abs(b) + case["rangeTol"] * span)
        worst = float(np.nanmax(off)) if off.size else 0.0
        if not np.isfinite(a).all() and np.isfinite(b).all():
            return "mismatch", f"output {i} is not finite"
        if worst > 1:
            return "mismatch", f"output {i} is off by {worst:.3g} times what is allowed"
    return "pass", ""


def judged(path):
    with open(path, encoding="utf-8") as f:
        cases = json.load(f)
    for case in cases:
        try:
            status, reason = judge(case)
        except Exception as error:
            status, reason = "error", f"{type(error).__name__}: {error}".replace("\n", " ")[:400]
        print(json.dumps({"id": case["id"], "status": status, "reason": reason}), flush=True)
        keras.backend.clear_session()


def main():
    print(json.dumps({"keras": keras.__version__, "backend": keras.backend.backend()}), flush=True)
    if sys.argv[1] != "-":
        judged(sys.argv[1])
    else:
        for line in sys.stdin:
            judged(line.rstrip("\n"))
            print(json.dumps({"done": True}), flush=True)


main()
