"""Holds the arithmetic of bench/projection.ts against a larger machine: the encoder of nnU-Net's shape, [1,1,28,256,256], in onnxruntime on 1, 2, 4, … threads, and in PyTorch on a GPU if there
is one. Random weights; a convolution takes as long with those. Needs numpy, onnx and onnxruntime, and torch for the GPU; nothing of segcanary.

    python bench/projection_side.py
"""
import os
import time

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

FEATURES = [32, 64, 128, 256, 320, 320, 320]
STRIDES = [(1, 1, 1), (1, 2, 2), (1, 2, 2), (2, 2, 2), (2, 2, 2), (1, 2, 2), (1, 2, 2)]
KERNELS = [(1, 3, 3), (1, 3, 3)] + 5 * [(3, 3, 3)]
PATCH = (1, 1, 28, 256, 256)


def layers():
    """(weight, stride) of the fourteen convolutions."""
    random = np.random.default_rng(1)
    inputs = 1
    for features, stride, kernel in zip(FEATURES, STRIDES, KERNELS):
        for step in (stride, (1, 1, 1)):
            bound = np.sqrt(6 / (inputs * np.prod(kernel)))
            yield random.uniform(-bound, bound, (features, inputs, *kernel)).astype(np.float32), step
            inputs = features


def model():
    nodes, weights, tensor = [], [], "input"
    for i, (weight, stride) in enumerate(layers()):
        half = [n // 2 for n in weight.shape[2:]]
        weights += [
            numpy_helper.from_array(weight, f"w{i}"),
            numpy_helper.from_array(np.ones(len(weight), np.float32), f"s{i}"),
            numpy_helper.from_array(np.zeros(len(weight), np.float32), f"b{i}"),
        ]
        nodes += [
            helper.make_node("Conv", [tensor, f"w{i}"], [f"c{i}"], kernel_shape=weight.shape[2:], strides=stride, pads=half * 2),
            helper.make_node("InstanceNormalization", [f"c{i}", f"s{i}", f"b{i}"], [f"n{i}"]),
            helper.make_node("LeakyRelu", [f"n{i}"], [f"r{i}"], alpha=0.01),
        ]
        tensor = f"r{i}"
    graph = helper.make_graph(
        nodes, "encoder",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, PATCH)],
        [helper.make_tensor_value_info(tensor, TensorProto.FLOAT, list("nczyx"))],
        weights,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()


def on_threads(onnx_bytes, threads, runs=3):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.enable_mem_pattern = False
    session = onnxruntime.InferenceSession(onnx_bytes, options, providers=["CPUExecutionProvider"])
    patch = np.sin(np.arange(np.prod(PATCH), dtype=np.float32) / 50).reshape(PATCH)
    seconds = []
    for _ in range(runs):
        started = time.perf_counter()
        session.run(None, {"input": patch})
        seconds.append(time.perf_counter() - started)
    return min(seconds)


def on_gpu(dtype, runs=30):
    import torch
    import torch.nn.functional as f

    weights = [(torch.tensor(w).to("cuda", dtype), s) for w, s in layers()]
    patch = torch.sin(torch.arange(int(np.prod(PATCH))) / 50).reshape(PATCH).to("cuda", dtype)

    def forward():
        tensor = patch
        for weight, stride in weights:
            tensor = f.conv3d(tensor, weight, stride=stride, padding=[n // 2 for n in weight.shape[2:]])
            tensor = f.leaky_relu(f.instance_norm(tensor), 0.01)
        return tensor.float().cpu()

    with torch.inference_mode():
        for _ in range(3):
            forward()
        started = time.perf_counter()
        for _ in range(runs):
            forward()
        return (time.perf_counter() - started) / runs


def main():
    cores = len(os.sched_getaffinity(0))
    with open("/proc/cpuinfo") as file:
        name = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), "unknown CPU")
    print(f"{name}, {cores} cores, onnxruntime {onnxruntime.__version__}")
    onnx_bytes = model()
    onnx.checker.check_model(onnx.load_from_string(onnx_bytes))
    measured = {}
    threads = 1
    while threads <= cores:
        measured[threads] = on_threads(onnx_bytes, threads)
        threads *= 2
    # Amdahl's law as bench/projection.ts has it: s from one and two threads.
    serial = max(0, 2 * measured.get(2, measured[1]) / measured[1] - 1)
    print(f"serial share by 1 and 2 threads {serial:.3f}")
    for threads, seconds in measured.items():
        said = measured[1] * (serial + (1 - serial) / threads)
        print(f"{threads:3d} threads  {seconds:6.3f} s a patch, by the arithmetic {said:6.3f} s")
    try:
        import torch

        if not torch.cuda.is_available():
            return
        print(f"{torch.cuda.get_device_name()}, torch {torch.__version__}")
        for dtype, tf32 in ((torch.float32, False), (torch.float32, True), (torch.float16, True)):
            torch.backends.cudnn.allow_tf32 = tf32
            label = "float16" if dtype == torch.float16 else "float32, TF32" if tf32 else "float32"
            print(f"{label:14s} {1000 * on_gpu(dtype):6.1f} ms a patch, result back in memory")
    except ImportError:
        pass


if __name__ == "__main__":
    main()
