"""Exported networks in the programs of others.

check.py EXPORTED OURS.csv IMAGES.gz LABELS.gz [--hls4ml]

EXPORTED is what `radars export` wrote, OURS.csv what `radars eval --logits` wrote of the same network on the images of
the two IDX files. Prints one line a check and exits with 1 where one fails.
"""

import contextlib
import gzip
import io
import json
import sys
from pathlib import Path

import numpy as np

failures = 0


def check(name, holds, figures):
    """Prints a finding."""
    global failures
    failures += not holds
    print(f"{'ok    ' if holds else 'FAILED'} {name}: {figures}", flush=True)


def idx(path):
    """An IDX file of bytes as an array."""
    with gzip.open(path) as file:
        data = file.read()
    dims = [int.from_bytes(data[4 + 4 * i : 8 + 4 * i], "big") for i in range(data[3])]
    return np.frombuffer(data, np.uint8, offset=4 + 4 * len(dims)).reshape(dims)


def compare(name, found, ours, share):
    """Logits against ours: the same class for all, a share of the images to the bit, and none far off."""
    same_class = int((found.argmax(1) == ours.argmax(1)).sum())
    identical = int((found == ours).all(axis=1).sum())
    difference = float(np.abs(found - ours).max())
    holds = same_class == len(ours) and identical >= share * len(ours) and difference <= TOLERANCE
    figures = f"{same_class} of {len(ours)} classes agree, {identical} logits identical, difference {difference:.3g}"
    check(name, holds, figures)


# A code that flips where the average before the classifier is at a tie: a step of 2^-6 times weights below 4, for the
# few channels in which that may happen at once. Where it does not, what a file computes is exact.
TOLERANCE = 0.25
EXACT = 0.95


def with_onnxruntime(folder, x, ours):
    """The dialects that any runtime computes, as they are and with everything optimised."""
    import onnx
    import onnxruntime

    levels = onnxruntime.GraphOptimizationLevel
    for file in ["model.qdq.onnx", "model.onnx"]:
        onnx.checker.check_model(onnx.load(folder / file), full_check=True)
        for level in [levels.ORT_DISABLE_ALL, levels.ORT_ENABLE_ALL]:
            options = onnxruntime.SessionOptions()
            options.graph_optimization_level = level
            options.log_severity_level = 3
            session = onnxruntime.InferenceSession(
                str(folder / file), options, providers=["CPUExecutionProvider"]
            )
            found = session.run(["logits"], {"images": x})[0]
            compare(f"onnxruntime {file} {level.name}", found, ours, EXACT)


def with_qonnx(folder, x, ours):
    """QONNX in its own executor, and its own count of what the network costs."""
    from qonnx.core.modelwrapper import ModelWrapper
    from qonnx.core.onnx_exec import execute_onnx
    from qonnx.transformation.infer_shapes import InferShapes
    from qonnx.util.inference_cost import inference_cost

    file = str(folder / "model.qonnx.onnx")
    model = ModelWrapper(file)
    graph = model.model.graph
    for value in [graph.input[0], graph.output[0]]:
        value.type.tensor_type.shape.dim[0].dim_value = len(x)
    model = model.transform(InferShapes())
    found = execute_onnx(model, {"images": x})["logits"]
    compare("qonnx model.qonnx.onnx", found, ours, EXACT)

    cost = inference_cost(file, discount_sparsity=False)["total_cost"]
    stated = json.loads((folder / "model.json").read_text())
    for what, theirs in [("macs", "total_macs"), ("aops", "total_bops")]:
        holds = int(cost[theirs]) == stated[what]
        check(f"qonnx inference_cost {what}", holds, f"{int(cost[theirs])}, ours {stated[what]}")


def precision(of):
    """What hls4ml calls a format."""
    kind = "fixed" if of["signed"] else "ufixed"
    width = of["integer"] + of["fraction"]
    return f"{kind}<{width},{of['integer']},RND_CONV,SAT,0>"


def with_hls4ml(folder, x, ours):
    """The project converted, its precisions, and its C++ emulation."""
    sys.path.insert(0, str(folder / "hls4ml"))
    import convert

    with contextlib.redirect_stdout(io.StringIO()):
        project = convert.convert(folder / "hls4ml" / "project")
    stated = json.loads((folder / "model.json").read_text())
    convs = [conv for layer in stated["layers"] for conv in layer["path"]]
    wanted_inputs = [precision(conv["input_format"]) for conv in convs]
    wanted_inputs.append(precision(stated["classifier"]["input_format"]))
    wanted_weights = [precision(conv["weight_format"]) for conv in convs]
    wanted_weights.append(precision(stated["classifier"]["weight_format"]))

    # The depthwise convolution is the average pooling: the network itself has none.
    kinds = ("Conv2D", "PointwiseConv2D", "Dense")
    weighted = [layer for layer in project.get_layers() if layer.class_name in kinds]
    of_weights = [str(layer.get_weights("weight").type.precision) for layer in weighted]
    of_inputs = [str(layer.get_input_variable().type.precision) for layer in weighted]
    check("hls4ml weight precisions", of_weights == wanted_weights, " ".join(of_weights))
    check("hls4ml input precisions", of_inputs == wanted_inputs, " ".join(of_inputs))

    project.compile()
    # The emulation takes values that are on the grid of the input quantiser; channels last.
    of = stated["layers"][0]["path"][0]["input_format"]
    low, high = -(2 ** (of["integer"] + of["fraction"] - 1)), 2 ** (of["integer"] + of["fraction"] - 1) - 1
    step = 2.0 ** -of["fraction"]
    on_grid = np.clip(np.rint(x / step), low, high) * step
    images = np.ascontiguousarray(on_grid.transpose(0, 2, 3, 1), np.float32)
    found = project.predict(images).reshape(len(ours), -1)
    # Its batch norms are fixed-point numbers.
    compare("hls4ml C++ emulation", found, ours, share=0)


def main():
    folder, ours, images, labels = map(Path, sys.argv[1:5])
    # Rounded after the division and again after the difference, as radars does.
    x = idx(images).astype(np.float32) / np.float32(127.5) - np.float32(1)
    x = x[:, None]
    rows = np.loadtxt(ours, delimiter=",", dtype=np.float64)
    check("images", np.array_equal(rows[:, 0], idx(labels)), f"{len(rows)} in the same order")
    logits = rows[:, 1:].astype(np.float32)
    with_onnxruntime(folder, x, logits)
    with_qonnx(folder, x, logits)
    if "--hls4ml" in sys.argv:
        with_hls4ml(folder, x, logits)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
