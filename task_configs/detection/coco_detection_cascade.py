# Cascade Mask R-CNN with the heads of Swin, ConvNeXt and iBOT.
_base_ = 'coco_detection_classic.py'
task = dict(
    name='coco-detection-cascade',
    title='COCO: Cascade Mask R-CNN',
    head='cascade_mask_rcnn',
    options=dict(box_head='4conv1fc', rpn_beta=0.1111111111111111, training_proposals=2000),
)
