"""Cuts a network down to its encoder and measures every layer of it: statistics_graph.py MODEL.onnx GRAPH.onnx LAYOUT.json

GRAPH.onnx gives, for one patch, mean and variance of every channel of every convolution of the
encoder ("raw") and of every activation ("post"), one after another as LAYOUT.json lists them. For
networks that scripts/export_nnunet.py exported. Made without segcanary, which it is compared with.
"""
import json
import sys

import onnx
from onnx import TensorProto, helper

model = onnx.load(sys.argv[1])
graph = model.graph
encoder = [node for node in graph.node if node.output[0].startswith("/encoder")]
channels = {weights.name: weights.dims[0] for weights in graph.initializer}
layers, last = [], None
for node in encoder:
    if node.op_type == "Conv":
        last = channels[node.input[1]]
    kind = {"Conv": "raw", "LeakyRelu": "post"}.get(node.op_type)
    if kind:
        stage = int(node.output[0].split("stages.")[1].split("/")[0])
        layers.append({"tensor": node.output[0], "kind": kind, "stage": stage, "channels": last})
parts = []
for k, layer in enumerate(layers):
    encoder += [
        helper.make_node("GlobalAveragePool", [layer["tensor"]], [f"mean{k}"]),
        helper.make_node("Sub", [layer["tensor"], f"mean{k}"], [f"offset{k}"]),
        helper.make_node("Mul", [f"offset{k}", f"offset{k}"], [f"square{k}"]),
        helper.make_node("GlobalAveragePool", [f"square{k}"], [f"variance{k}"]),
        helper.make_node("Flatten", [f"mean{k}"], [f"means{k}"]),
        helper.make_node("Flatten", [f"variance{k}"], [f"variances{k}"]),
    ]
    parts += [f"means{k}", f"variances{k}"]
encoder.append(helper.make_node("Concat", parts, ["stats"], axis=1))
used = {name for node in encoder for name in node.input}
weights = [tensor for tensor in graph.initializer if tensor.name in used]
for field, values in ((graph.node, encoder), (graph.initializer, weights), (graph.output, [helper.make_tensor_value_info("stats", TensorProto.FLOAT, None)])):
    values = list(values)
    del field[:]
    field.extend(values)
onnx.save(model, sys.argv[2])
with open(sys.argv[3], "w") as file:
    json.dump(layers, file)
