import { create } from '@bufbuild/protobuf';
import {
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  type GraphProto,
  NodeProtoSchema,
  ValueInfoProtoSchema,
} from './gen/onnx_pb.js';

/** Name of the output that `addStageMeans` adds. */
export const STAGE_MEANS = 'segcanary_stage_means';

/** Adds an output, in place: the mean of every channel of each of these tensors over the patch, one after another, [1, sum of channels]. */
export function addStageMeans(graph: GraphProto, stages: readonly string[]): void {
  const means = stages.map((stage, i) => {
    const [pooled, flat] = [`${STAGE_MEANS}/${i}/pooled`, `${STAGE_MEANS}/${i}`];
    graph.node.push(
      create(NodeProtoSchema, { opType: 'GlobalAveragePool', input: [stage], output: [pooled] }),
      create(NodeProtoSchema, { opType: 'Flatten', input: [pooled], output: [flat] }),
    );
    return flat;
  });
  const axis = create(AttributeProtoSchema, { name: 'axis', type: AttributeProto_AttributeType.INT, i: 1n });
  graph.node.push(
    create(NodeProtoSchema, { opType: 'Concat', input: means, output: [STAGE_MEANS], attribute: [axis] }),
  );
  graph.output.push(create(ValueInfoProtoSchema, { name: STAGE_MEANS }));
}
