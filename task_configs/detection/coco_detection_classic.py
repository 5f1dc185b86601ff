# Mask R-CNN as Swin, ConvNeXt and iBOT train it: at several scales, half of the pictures cut.
_base_ = '_coco.py'
task = dict(
    name='coco-detection-classic',
    title='COCO: Mask R-CNN, multi-scale training',
    input_size=(800, 1333),
    version=2,
    options=dict(
        short_sides=(480, 512, 544, 576, 608, 640, 672, 704, 736, 768, 800), crop_policy=True
    ),
)
