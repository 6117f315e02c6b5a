"""Small ONNX exports of segmentation networks, and what PyTorch and onnxruntime compute at their inner tensors.

Run: ~/.cache/segcanary-oracle/bin/python test/oracle/onnx_models.py
Writes test/fixtures/models/*.onnx (random weights, seeded) and test/fixtures/models/expected.json: for each model the taps by role, the name that the
tensor has in the ONNX file (found by comparing every inner tensor with what a PyTorch forward hook saw), its shape, and values at seeded positions from
PyTorch and from onnxruntime on the encoder that onnx.utils.extract_model cuts out. The input is ((7919 i) mod 1009) / 504.5 - 1 for i = 0, 1, 2, …
"""

import json
import logging
import tempfile
import warnings
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import torch
from dynamic_network_architectures.architectures.unet import PlainConvUNet, ResidualEncoderUNet
from torch import nn

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)
ort.set_default_logger_severity(4)
OUT = Path(__file__).resolve().parents[1] / "fixtures" / "models"
PATCH = (1, 8, 16, 16)
POSITIONS = 24

FEATURES = [2, 3, 4, 5]
STRIDES = [[1, 1, 1], [1, 2, 2], [2, 2, 2], [2, 2, 2]]


def nnunet(kind, channels=1):
    common = dict(
        input_channels=channels, n_stages=4, features_per_stage=FEATURES, conv_op=nn.Conv3d, kernel_sizes=[[1, 3, 3]] + [[3, 3, 3]] * 3,
        strides=STRIDES, num_classes=2, n_conv_per_stage_decoder=[1, 1, 1], conv_bias=True, norm_op=nn.InstanceNorm3d,
        norm_op_kwargs={"eps": 1e-5, "affine": True}, nonlin=nn.LeakyReLU, nonlin_kwargs={"inplace": True}, deep_supervision=False,
    )
    if kind == "resenc":
        return ResidualEncoderUNet(n_blocks_per_stage=[1, 2, 2, 2], **common)
    return PlainConvUNet(n_conv_per_stage=2, **common)


def block(i, o, norm=True):
    return nn.Sequential(nn.Conv3d(i, o, 3, padding=1), nn.BatchNorm3d(o) if norm else nn.GroupNorm(2, o), nn.ReLU())


class UNet3(nn.Module):
    """Three levels, pooling down, by turns a ConvTranspose and a Resize (with a convolution) up."""

    def __init__(self, up, norm=True):
        super().__init__()
        self.down1, self.down2, self.bottom = block(1, 4, norm), block(4, 6, norm), block(6, 8, norm)
        self.pool = nn.MaxPool3d(2)
        if up == "transpose":
            self.up2, self.up1 = nn.ConvTranspose3d(8, 6, 2, 2), nn.ConvTranspose3d(6, 4, 2, 2)
        else:
            kwargs = dict(scale_factor=2, mode=up) if up == "nearest" else dict(scale_factor=2, mode=up, align_corners=False)
            self.up2 = nn.Sequential(nn.Upsample(**kwargs), nn.Conv3d(8, 6, 1))
            self.up1 = nn.Sequential(nn.Upsample(**kwargs), nn.Conv3d(6, 4, 1))
        self.out2, self.out1, self.head = block(12, 6, norm), block(8, 4, norm), nn.Conv3d(4, 2, 1)

    def forward(self, x):
        a = self.down1(x)
        b = self.down2(self.pool(a))
        c = self.bottom(self.pool(b))
        b = self.out2(torch.cat([b, self.up2(c)], 1))
        return self.head(self.out1(torch.cat([a, self.up1(b)], 1)))


class Sizes(UNet3):
    """Up to the size of the skip, as many hand-written decoders do; the deepest features are first squeezed by a gate that is not an up-sampling."""

    def forward(self, x):
        up = nn.functional.interpolate
        a = self.down1(x)
        b = self.down2(self.pool(a))
        c = self.bottom(self.pool(b))
        b = self.out2(torch.cat([b, self.up2[1](up(c, size=b.shape[2:], mode="trilinear"))], 1))
        return self.head(self.out1(torch.cat([a, self.up1[1](up(b, size=a.shape[2:], mode="trilinear"))], 1)))


class ResidualUnit(nn.Module):
    def __init__(self, i, o, stride):
        super().__init__()
        act = lambda: nn.Sequential(nn.InstanceNorm3d(o), nn.PReLU())
        self.conv = nn.Sequential(nn.Conv3d(i, o, 3, stride, 1), act(), nn.Conv3d(o, o, 3, 1, 1), act())
        self.residual = nn.Conv3d(i, o, 3, stride, 1)

    def forward(self, x):
        return self.conv(x) + self.residual(x)


class MonaiLike(nn.Module):
    """monai.networks.nets.UNet: skips joined below too, so that the first ConvTranspose reads cat([level 2, bottom])."""

    def __init__(self):
        super().__init__()
        self.down1, self.down2, self.bottom = ResidualUnit(1, 4, 2), ResidualUnit(4, 6, 2), ResidualUnit(6, 8, 1)
        self.up2, self.up1 = nn.ConvTranspose3d(14, 4, 3, 2, 1, 1), nn.ConvTranspose3d(8, 2, 3, 2, 1, 1)

    def forward(self, x):
        a = self.down1(x)
        b = self.down2(a)
        return self.up1(torch.cat([a, self.up2(torch.cat([b, self.bottom(b)], 1))], 1))


class Nested(nn.Module):
    """UNet++: side decoders come up before the bottleneck is reached."""

    def __init__(self):
        super().__init__()
        self.x00, self.x10, self.x20 = block(1, 4), block(4, 6), block(6, 8)
        self.pool, self.up = nn.MaxPool3d(2), nn.Upsample(scale_factor=2, mode="nearest")
        self.x01, self.x11, self.x02 = block(10, 4), block(14, 6), block(14, 4)
        self.head = nn.Conv3d(4, 2, 1)

    def forward(self, x):
        a0 = self.x00(x)
        b0 = self.x10(self.pool(a0))
        a1 = self.x01(torch.cat([a0, self.up(b0)], 1))
        c0 = self.x20(self.pool(b0))
        b1 = self.x11(torch.cat([b0, self.up(c0)], 1))
        return self.head(self.x02(torch.cat([a0, a1, self.up(b1)], 1)))


class Flat(nn.Module):
    """Dilated convolutions at full resolution, no way down and none up: MeshNet."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(*[nn.Sequential(nn.Conv3d(i, 5, 3, padding=d, dilation=d), nn.ReLU()) for i, d in ((1, 1), (5, 2), (5, 4))])
        self.head = nn.Conv3d(5, 2, 1)

    def forward(self, x):
        return self.head(self.body(x))


NNUNET = {"bottleneck": "encoder.stages.3", "second conv of stage 2": "encoder.stages.2.0.convs.1.conv", "skip": "encoder.stages.1"}
RESENC = {"bottleneck": "encoder.stages.3", "conv of stage 2": "encoder.stages.2.blocks.1.conv2.conv", "skip": "encoder.stages.1"}
PLAIN = {"bottleneck": "bottom", "skip": "down2"}

MODELS = {
    **{f"plain-{opset}-{axes}": (lambda: nnunet("plain"), NNUNET, opset, axes) for opset in (11, 13, 17, 20) for axes in ("fixed", "dynamic")},
    "plain-two-channels": (lambda: nnunet("plain", 2), NNUNET, 17, "dynamic"),
    "plain-dynamo": (lambda: nnunet("plain"), NNUNET, 20, "dynamo"),
    "resenc-11": (lambda: nnunet("resenc"), RESENC, 11, "dynamic"),
    "resenc-17": (lambda: nnunet("resenc"), RESENC, 17, "fixed"),
    "unet-transpose": (lambda: UNet3("transpose"), PLAIN, 14, "dynamic"),
    "unet-nearest": (lambda: UNet3("nearest"), PLAIN, 13, "dynamic"),
    "unet-trilinear": (lambda: UNet3("trilinear"), PLAIN, 17, "fixed"),
    "unet-groupnorm": (lambda: UNet3("trilinear", norm=False), PLAIN, 17, "dynamic"),
    "unet-sizes": (lambda: Sizes("trilinear"), PLAIN, 16, "dynamic"),
    "monai": (MonaiLike, PLAIN | {"first conv": "down1.conv.0"}, 15, "dynamic"),
    "nested": (Nested, {"bottleneck": "x20", "skip": "x10"}, 13, "fixed"),
    "flat": (Flat, {"last": "body.2"}, 13, "dynamic"),
}


def patch(shape):
    i = np.arange(np.prod(shape), dtype=np.int64)
    return ((7919 * i) % 1009 / 504.5 - 1).astype(np.float32).reshape(1, *shape)


def export(net, x, opset, axes, path):
    names = dict(input_names=["input"], output_names=["output"])
    if axes == "dynamo":
        torch.onnx.export(net, (x,), str(path), opset_version=opset, dynamo=True, external_data=False, verbose=False, **names)
        model = onnx.load(path)
        for node in model.graph.node:  # Stack traces, with the paths of the machine that exported.
            del node.metadata_props[:]
        onnx.save(model, path)
        return
    sizes = {0: "batch", 2: "z", 3: "y", 4: "x"}
    dynamic = {"input": sizes, "output": sizes} if axes == "dynamic" else None
    torch.onnx.export(net, (x,), str(path), opset_version=opset, dynamo=False, dynamic_axes=dynamic, **names)


def inner_tensors(path, x):
    """Every float tensor that a node makes, by name, from the whole model."""
    model = onnx.load(path)
    del model.graph.value_info[:]
    known = {o.name for o in model.graph.output}
    model.graph.output.extend(onnx.ValueInfoProto(name=n) for node in model.graph.node for n in node.output if n and n not in known)
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    names = [o.name for o in session.get_outputs()]
    return dict(zip(names, session.run(names, {"input": x})))


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    expected = {}
    for seed, (name, (make, roles, opset, axes)) in enumerate(MODELS.items()):
        torch.manual_seed(seed)
        rng = np.random.default_rng(seed)
        net = make().eval()
        for module in net.modules():  # Norms that do something, as trained ones do.
            for key in ("weight", "bias"):
                value = getattr(module, key, None)
                if value is not None and value.ndim == 1:
                    nn.init.uniform_(value, 0.5, 1.5) if key == "weight" else nn.init.uniform_(value, -0.3, 0.3)
        shape = (2 if "two-channels" in name else 1,) + PATCH[1:]
        x = patch(shape)
        seen = {}
        for role, module in roles.items():
            net.get_submodule(module).register_forward_hook(lambda _m, _i, out, role=role: seen.__setitem__(role, out.detach().numpy().copy()))
        with torch.no_grad():
            net(torch.from_numpy(x))
        hooked = dict(seen)
        path = OUT / f"{name}.onnx"
        export(net, torch.from_numpy(x), opset, axes, path)
        inner = inner_tensors(path, x)
        taps = []
        for role, value in hooked.items():
            names = [n for n, t in inner.items() if t.shape == value.shape and np.allclose(t, value, atol=1e-5)]
            assert names, (name, role)
            with tempfile.TemporaryDirectory() as folder:
                onnx.utils.extract_model(str(path), f"{folder}/encoder.onnx", ["input"], [names[0]], check_model=False)
                cut = ort.InferenceSession(f"{folder}/encoder.onnx", providers=["CPUExecutionProvider"]).run(None, {"input": x})[0]
            at = sorted(rng.choice(value.size, min(POSITIONS, value.size), replace=False).tolist())
            taps.append({
                "role": role, "module": roles[role], "names": names, "shape": list(value.shape[1:]), "positions": at,
                "torch": value.ravel()[at].astype(float).tolist(), "onnxruntime": cut.ravel()[at].astype(float).tolist(),
            })
        expected[name] = {"patch": list(shape), "opset": onnx.load(path).opset_import[0].version, "axes": axes, "taps": taps}
        print(f"{name:20} opset {expected[name]['opset']:2} {path.stat().st_size:7} bytes", {t["role"]: t["names"] for t in taps})
    (OUT / "expected.json").write_text(json.dumps(expected) + "\n")


if __name__ == "__main__":
    main()
