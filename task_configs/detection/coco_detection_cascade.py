# Cascade Mask R-CNN with mmdet's multi-scale training.
_base_ = 'coco_detection_classic.py'
task = dict(
    name='coco-detection-cascade', title='COCO: Cascade Mask R-CNN', head='cascade_mask_rcnn'
)
