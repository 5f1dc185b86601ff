"""What the recipes cite: papers and official code, each at the commit that was read."""

from __future__ import annotations

from typing import NamedTuple


class Source(NamedTuple):
    """A paper or repository: its title, and where to find it."""

    title: str
    where: str


SOURCES = {
    'dino': Source(
        'DINO official code (arXiv 2104.14294)', 'github.com/facebookresearch/dino @04c0ad9'
    ),
    'dinov2': Source(
        'DINOv2 official code (arXiv 2304.07193)', 'github.com/facebookresearch/dinov2 @05c66df'
    ),
    'mae': Source(
        'MAE official code (arXiv 2111.06377)', 'github.com/facebookresearch/mae @efb2a80'
    ),
    'simmim': Source(
        'SimMIM official code (arXiv 2111.09886)', 'github.com/microsoft/SimMIM @d3e29bc'
    ),
    'swin': Source(
        'Swin Transformer official code, SimMIM configurations of SwinV2 (arXiv 2111.09883)',
        'github.com/microsoft/Swin-Transformer @f82860b',
    ),
    'convnextv2': Source(
        'ConvNeXt V2 official code (arXiv 2301.00808)',
        'github.com/facebookresearch/ConvNeXt-V2 @2553895',
    ),
    'lp-ft': Source(
        'LP-FT official code, Kumar et al., ICLR 2022 (arXiv 2202.10054)',
        'github.com/AnanyaKumar/transfer_learning @13c3e2b',
    ),
    'simclr': Source(
        'SimCLR, appendix on fine-tuning, after Kornblith et al. (arXiv 1805.08974)',
        'arXiv 2002.05709',
    ),
    'ibot': Source('iBOT official code (arXiv 2111.07832)', 'github.com/bytedance/ibot @da316d8'),
    'vitdet': Source(
        'ViTDet official code (arXiv 2203.16527)',
        'github.com/facebookresearch/detectron2 @02b5c4e, projects/ViTDet',
    ),
    'convnext': Source(
        'ConvNeXt official code (arXiv 2201.03545)',
        'github.com/facebookresearch/ConvNeXt @048efce',
    ),
    'spark': Source(
        'SparK official code (arXiv 2301.03580)', 'github.com/keyu-tian/SparK @a63e386'
    ),
    'swin-det': Source(
        'Swin Transformer for detection, official code (arXiv 2103.14030)',
        'github.com/SwinTransformer/Swin-Transformer-Object-Detection @c7b2011',
    ),
    'mmseg': Source(
        "OpenMMLab's segmentation configurations", 'onedl-mmsegmentation 1.4.2, configs'
    ),
    'vitpose': Source(
        'ViTPose official code (arXiv 2204.12484)', 'github.com/ViTAE-Transformer/ViTPose @c050ed2'
    ),
    'mmdet': Source('mmdet, as installed (onedl-mmdetection 3.5.1)', 'mmdet/.mim'),
    'mmpose': Source(
        "OpenMMLab's pose configurations", 'github.com/open-mmlab/mmpose @759b39c, configs'
    ),
    'mim-depth': Source(
        'Revealing the Dark Secrets of Masked Image Modeling, official depth code (arXiv '
        '2205.13543)',
        'github.com/SwinTransformer/MIM-Depth-Estimation @59ba08d',
    ),
    'swintrack': Source(
        'SwinTrack official code (arXiv 2112.00995)', 'github.com/LitingLin/SwinTrack @2d19d41'
    ),
}
