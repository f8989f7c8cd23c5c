#!/usr/bin/env python3
"""Times cuDNN's convolutions, through PyTorch, on the shapes of `quantised_conv`, and compares.

    cargo bench -p radars-benches --bench quantised_conv -- cuda/table1
    python3 benches/cudnn.py [--batch 64] [--criterion target/criterion]

Needs PyTorch with CUDA (`pip install torch`) and an NVIDIA card. Every shape is timed with f16 tensors (what
tensor cores do best; the quantised fprop's products are as exact as these) and with f32 tensors in full
precision (what the float convolution computes); channels last, cuDNN's autotuner on. `ours/cuDNN` is
criterion's median over the f16 time, for the widest format: below 1 ours is faster. Where the bench has not
been run on the card the column stays empty: nothing is assumed.
"""

import argparse
import json
import pathlib
import statistics
import sys

TABLE_1 = [  # size, in_channels, out_channels, stride: Table I, as in benches/src/layer.rs
    (32, 3, 64, 1),
    (32, 64, 64, 2),
    (16, 64, 128, 1),
    (16, 128, 128, 2),
    (8, 128, 256, 1),
    (8, 256, 256, 2),
]
KERNELS = [1, 3, 5, 7]
PASSES = ["fprop", "dgrad", "wgrad"]


def median_seconds(torch, run, repeats=50, rounds=5):
    """The median over rounds of the mean time of a call, by events on the stream."""
    for _ in range(5):
        run()
    times = []
    for _ in range(rounds):
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        begin.record()
        for _ in range(repeats):
            run()
        end.record()
        torch.cuda.synchronize()
        times.append(begin.elapsed_time(end) / 1e3 / repeats)
    return statistics.median(times)


def passes(torch, shape, kernel, batch, dtype):
    """The three passes of a convolution as calls without arguments."""
    size, ci, co, stride = shape
    form = dict(device="cuda", dtype=dtype)
    last = dict(memory_format=torch.channels_last)
    x = torch.randn(batch, ci, size, size, **form).to(**last)
    w = torch.randn(co, ci, kernel, kernel, **form).to(**last)
    pad = kernel // 2
    y = torch.nn.functional.conv2d(x, w, stride=stride, padding=pad)
    dy = torch.randn_like(y).to(**last)

    def backward(mask):
        return lambda: torch.ops.aten.convolution_backward(
            dy, x, w, None, [stride] * 2, [pad] * 2, [1, 1], False, [0, 0], 1, mask
        )

    return {
        "fprop": lambda: torch.nn.functional.conv2d(x, w, stride=stride, padding=pad),
        "dgrad": backward([True, False, False]),
        "wgrad": backward([False, True, False]),
    }


def ours(criterion, name, kernel, pass_name):
    """Criterion's median in seconds, or None where the bench was not run."""
    # Criterion writes slashes of a name as underscores.
    folder = criterion / f"cuda_table1_k{kernel}_{pass_name}" / f"{name}/3+6".replace("/", "_")
    file = folder / "new" / "estimates.json"
    if not file.exists():
        return None
    return json.loads(file.read_text())["median"]["point_estimate"] * 1e-9


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=int, default=64, help="images of a batch; the benches use 64")
    parser.add_argument("--criterion", type=pathlib.Path, default=pathlib.Path("target/criterion"))
    arguments = parser.parse_args()
    try:
        import torch
    except ImportError:
        sys.exit("cudnn.py: PyTorch is not installed: pip install torch")
    if not torch.cuda.is_available():
        sys.exit("cudnn.py: PyTorch finds no NVIDIA card, so there is nothing to time")
    torch.backends.cudnn.benchmark = True
    torch.backends.cudnn.allow_tf32 = False
    print(f"{torch.cuda.get_device_name()}, PyTorch {torch.__version__}, cuDNN {torch.backends.cudnn.version()}, ", end="")
    print(f"batch {arguments.batch}")
    print("| layer | kernel | pass | cuDNN f16 us | f16 TFLOP/s | cuDNN f32 us | ours 3+6 us | ours/cuDNN f16 |")
    print("|---|---|---|---|---|---|---|---|")
    for shape in TABLE_1:
        size, ci, co, stride = shape
        name = f"{size}x{size}x{ci}-{co}/s{stride}"
        for kernel in KERNELS:
            half = passes(torch, shape, kernel, arguments.batch, torch.float16)
            full = passes(torch, shape, kernel, arguments.batch, torch.float32)
            out = (size + 2 * (kernel // 2) - kernel) // stride + 1
            flops = 2 * arguments.batch * out * out * co * ci * kernel * kernel
            for pass_name in PASSES:
                f16 = median_seconds(torch, half[pass_name])
                f32 = median_seconds(torch, full[pass_name])
                own = ours(arguments.criterion, name, kernel, pass_name)
                compared = f"{own * 1e6:.1f} | {own / f16:.2f}" if own else "|"
                print(
                    f"| {name} | {kernel}x{kernel} | {pass_name} | {f16 * 1e6:.1f} | {flops / f16 / 1e12:.1f} "
                    f"| {f32 * 1e6:.1f} | {compared} |"
                )


if __name__ == "__main__":
    main()
