# Mask R-CNN with large-scale jitter at 1,024 px, as ViTDet (arXiv 2203.16527) trains it.
_base_ = '_coco.py'
task = dict(
    name='coco-detection',
    title='COCO: Mask R-CNN, large-scale jitter',
    input_size=(1024, 1024),
    options=dict(large_scale_jitter=(0.1, 2.0)),
)
