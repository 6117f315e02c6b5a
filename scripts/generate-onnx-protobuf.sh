#!/usr/bin/env bash
# Generates src/network/onnx/gen/onnx_pb.ts from onnx.proto (Apache-2.0, the ONNX project), which
# the Python package `onnx` carries. Needs `npm ci` for protoc-gen-es, and onnx and grpcio-tools (a
# protoc) in the environment that test/oracle/setup.sh makes. Run: scripts/generate-onnx-protobuf.sh
set -euo pipefail
cd "$(dirname "$0")/.."
python="${SEGCANARY_ORACLE_VENV:-$HOME/.cache/segcanary-oracle}/bin/python"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp "$("$python" -c 'import onnx, pathlib; print(pathlib.Path(onnx.__file__).parent / "onnx.proto")')" "$folder"
mkdir -p src/network/onnx/gen
"$python" -m grpc_tools.protoc -I "$folder" --plugin=protoc-gen-es=node_modules/.bin/protoc-gen-es \
  --es_out=src/network/onnx/gen --es_opt=target=ts,import_extension=js "$folder/onnx.proto"
