"""graph.py MODEL OUT.onnx LAYOUT.json : per patch mean and variance of every encoder conv output and post activation"""
import onnx, sys, json
from onnx import helper as h, TensorProto, numpy_helper
import numpy as np
m=onnx.load(sys.argv[1]); g=m.graph
enc=[n for n in g.node if n.output[0].startswith('/encoder')]
layers=[]
for n in enc:
    if n.op_type=='Conv': layers.append((n.output[0],'raw'))
    if n.op_type in('LeakyRelu','Relu'): layers.append((n.output[0],'post'))
inits={i.name:i for i in g.initializer}
ch={}
last=None
for n in enc:
    if n.op_type=='Conv':
        last=inits[n.input[1]].dims[0]
    ch[n.output[0]]=last
# keep only encoder nodes
keep=set(id(n) for n in enc)
nodes=[n for n in g.node if id(n) in keep or n.op_type=='Constant']
used=set(i for n in nodes for i in n.input)
del g.node[:]; g.node.extend(nodes)
for i in list(g.initializer):
    if i.name not in used: g.initializer.remove(i)
parts=[]; layout=[]
for k,(t,kind) in enumerate(layers):
    g.node.extend([
     h.make_node('GlobalAveragePool',[t],[f'm{k}']),
     h.make_node('Sub',[t,f'm{k}'],[f'd{k}']),
     h.make_node('Mul',[f'd{k}',f'd{k}'],[f's{k}']),
     h.make_node('GlobalAveragePool',[f's{k}'],[f'v{k}']),
     h.make_node('Flatten',[f'm{k}'],[f'fm{k}']), h.make_node('Flatten',[f'v{k}'],[f'fv{k}'])])
    parts+= [f'fm{k}',f'fv{k}']
    stage=int(t.split('stages.')[1].split('/')[0])
    layout.append(dict(tensor=t,kind=kind,stage=stage,channels=ch[t]))
g.node.append(h.make_node('Concat',parts,['stats'],axis=1))
del g.output[:]; g.output.append(h.make_tensor_value_info('stats',TensorProto.FLOAT,None))
onnx.save(m,sys.argv[2]); json.dump(layout,open(sys.argv[3],'w'))
print(len(layout), sum(2*l['channels'] for l in layout))
