"""Fine-tuning: the head and the whole backbone learn."""

from __future__ import annotations

from benchmark.specs import Architecture, Protocol

_VIT = Architecture.PLAIN_VIT
_HIERARCHICAL = Architecture.HIERARCHICAL
_CONVNET = Architecture.CONVNET

FINETUNE = Protocol(
    name='finetune',
    title='fine-tuning',
    trains_backbone=True,
    recipes={
        # MAE (arXiv 2111.06377, official code): ViT-B, batch 1024, base rate 5e-4 per 256,
        # layer decay 0.65, drop path 0.1, weight decay 0.05; iterations are 100 epochs of 1.28 M
        ('classification', None): {
            'lr': 2e-3,
            'weight_decay': 0.05,
            'batch_size': 1024,
            'iterations': 125_000,
            'warmup': 0.05,
        },
        ('classification', _VIT): {'layer_decay': 0.65, 'drop_path': 0.1},
        # SimMIM (official code): Swin layer decay 0.7, drop path 0.2
        ('classification', _HIERARCHICAL): {'layer_decay': 0.7, 'drop_path': 0.2},
        # ViTDet (arXiv 2203.16527, official code): AdamW 1e-4, decay 0.1, batch 64, 184,375
        # iterations, layer decay 0.7 and drop path 0.1 for ViT-B
        ('detection', None): {
            'lr': 1e-4,
            'weight_decay': 0.1,
            'batch_size': 64,
            'iterations': 184_375,
            'warmup': 0.00136,
            'schedule': 'step',
        },
        ('detection', _VIT): {'layer_decay': 0.7, 'drop_path': 0.1},
        # ViTDet's Swin-B: rate 4e-5, decay 0.05, drop path 0.4
        ('detection', _HIERARCHICAL): {'lr': 4e-5, 'weight_decay': 0.05, 'drop_path': 0.4},
        # ConvNeXt (official code): 2e-4, decay 0.05, layer-wise 0.8
        ('detection', _CONVNET): {'lr': 2e-4, 'weight_decay': 0.05, 'layer_decay': 0.8},
        # BEiT v2 (official code): UPerNet, 160k iterations at batch 16, 5e-5, layer decay 0.85,
        # drop path 0.15, poly, 1,500 warm-up iterations
        ('segmentation', None): {
            'lr': 5e-5,
            'weight_decay': 0.05,
            'batch_size': 16,
            'iterations': 160_000,
            'warmup': 0.009375,
            'schedule': 'linear',
        },
        ('segmentation', _VIT): {'layer_decay': 0.85, 'drop_path': 0.15},
        # ConvNeXt (official code): 1e-4, stage-wise 0.9, drop path 0.4
        ('segmentation', _CONVNET): {'lr': 1e-4, 'layer_decay': 0.9},
        # ViTPose (arXiv 2204.12484, official code): AdamW 5e-4, decay 0.1, batch 8 x 64, 210 epochs
        # of COCO's 149,813 instances, 500 warm-up iterations, clip at 1, layer decay 0.75 and drop
        # path 0.3 for ViT-B; its steps at epochs 170 and 200 come at 187 and 202 here
        ('pose', None): {
            'lr': 5e-4,
            'weight_decay': 0.1,
            'batch_size': 512,
            'iterations': 61_530,
            'warmup': 0.0081,
            'clip_norm': 1.0,
            'schedule': 'step',
        },
        ('pose', _VIT): {'layer_decay': 0.75, 'drop_path': 0.3},
        # mmpose's heat-map configuration of Swin-B: drop path 0.3, no layer decay
        ('pose', _HIERARCHICAL): {'drop_path': 0.3},
        # MIM-Depth-Estimation (arXiv 2205.13543, official code): AdamW 5e-4, decay 0.05, batch 24,
        # 25 epochs of NYUv2's 24,231 pictures, the rate rising over the first half; layer decay
        # 0.9 and drop path 0.3 for SwinV2-B, taken over for plain ViTs
        ('depth', None): {
            'lr': 5e-4,
            'weight_decay': 0.05,
            'batch_size': 24,
            'iterations': 25_240,
            'warmup': 0.5,
            'schedule': 'linear',
        },
        ('depth', _VIT): {'layer_decay': 0.9, 'drop_path': 0.3},
        ('depth', _HIERARCHICAL): {'layer_decay': 0.9, 'drop_path': 0.3},
        # SwinTrack (arXiv 2112.00995, official code): AdamW 5e-4, decay 1e-4, batch 64, 300 epochs
        # of 131,072 pairs, clip at 0.1, warm-up 0.01; cosine stands for its one step at 70 %
        ('tracking', None): {
            'lr': 5e-4,
            'weight_decay': 1e-4,
            'batch_size': 64,
            'iterations': 614_400,
            'warmup': 0.01,
            'clip_norm': 0.1,
        },
        # its backbone learns at a tenth of the rate: over the layers of a network of 12 blocks
        # that is the geometric mean of a decay of 0.72
        ('tracking', _VIT): {'layer_decay': 0.72},
        ('tracking', _HIERARCHICAL): {'layer_decay': 0.72},
        ('tracking', _CONVNET): {'layer_decay': 0.72},
    },
)
