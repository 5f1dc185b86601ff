"""Parameter-name layouts of libraries and official repositories, and conversions between them.

A layout is a table of rules between timm's names, which serve as the common ones, and its own. A
rule may join tensors (the query, key and value of an attention) or permute channels, and works in
both directions, so that weights go from any layout to any other by way of timm's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

Named = Mapping[str, Tensor]

_FIELD = re.compile(r'\{(\d*)([a-z])(?:\+(\d+))?\}')


class Permutation(NamedTuple):
    """A change of values that goes with a change of names: to timm's form, and back."""

    to_common: Callable[[Tensor], Tensor]
    from_common: Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Rule:
    """Names in timm's layout and in another: one, or several whose rows are stacked.

    In a template ``{i}`` and ``{j}`` match numbers, ``{2i+1}`` a multiple of one with an
    offset, and ``{p}`` for the rest of the name.
    """

    common: str
    foreign: tuple[str, ...]
    values: Permutation | None = None


@dataclass(frozen=True)
class Layout:
    """A named table of rules; names that no rule knows stay as they are."""

    title: str
    rules: tuple[Rule, ...]

    def common_names(self, names: Iterable[str]) -> set[str]:
        """Translate ``names`` of this layout to timm's."""
        known = set(names)
        moves, left = self._moves(known)
        return left | {common for common, _, _ in moves}

    def matched(self, names: Iterable[str]) -> int:
        """Return how many of ``names`` the rules know."""
        known = set(names)
        return len(known) - len(self._moves(known)[1])

    def to_common(self, weights: Named) -> dict[str, Tensor]:
        """Return weights of this layout under timm's names."""
        moves, left = self._moves(set(weights))
        moved = {name: _join_parts(weights, parts, values) for name, parts, values in moves}
        return moved | {name: weights[name] for name in weights if name in left}

    def from_common(self, weights: Named) -> dict[str, Tensor]:
        """Return weights of timm's names under those of this layout."""
        found: dict[str, Tensor] = {}
        for name, value in weights.items():
            found |= self._split(name, value)
        return found

    def _moves(
        self, names: set[str]
    ) -> tuple[list[tuple[str, tuple[str, ...], Permutation | None]], set[str]]:
        """Return (common name, own names, change of values) per rule that applies, and the rest."""
        left = set(names)
        moves = []
        for rule in self.rules:
            pattern, start = _pattern(rule.foreign[0]), rule.foreign[0].partition('{')[0]
            for name in sorted(name for name in left if name.startswith(start)):
                found = pattern.fullmatch(name) if name in left else None
                values = _values(rule.foreign[0], found) if found else None
                if values is None:
                    continue
                parts = tuple(_fill(template, values) for template in rule.foreign)
                if left.issuperset(parts):
                    moves.append((_fill(rule.common, values), parts, rule.values))
                    left.difference_update(parts)
        return moves, left

    def _split(self, name: str, value: Tensor) -> dict[str, Tensor]:
        for rule in self.rules:
            found = _pattern(rule.common).fullmatch(name)
            values = _values(rule.common, found) if found else None
            if values is None:
                continue
            parts = [_fill(template, values) for template in rule.foreign]
            changed = rule.values.from_common(value) if rule.values else value
            return dict(zip(parts, changed.chunk(len(parts)), strict=True))
        return {name: value}


def _join_parts(weights: Named, parts: Sequence[str], values: Permutation | None) -> Tensor:
    joined = weights[parts[0]] if len(parts) == 1 else torch.cat([weights[p] for p in parts])
    return values.to_common(joined) if values else joined


_patterns: dict[str, re.Pattern[str]] = {}


def _pattern(template: str) -> re.Pattern[str]:
    if template not in _patterns:
        text, last = '', 0
        for field in _FIELD.finditer(template):
            text += re.escape(template[last : field.start()])
            text += f'(?P<{field[2]}>{".+" if field[2] == "p" else "[0-9]+"})'
            last = field.end()
        _patterns[template] = re.compile(text + re.escape(template[last:]))
    return _patterns[template]


def _values(template: str, found: re.Match[str]) -> dict[str, str] | None:
    """Return the values of a template's fields, or ``None`` where its arithmetic does not fit."""
    values = dict(found.groupdict())
    for field in _FIELD.finditer(template):
        if field[2] != 'p':
            number, rest = divmod(int(values[field[2]]) - int(field[3] or 0), int(field[1] or 1))
            if rest or number < 0:
                return None
            values[field[2]] = str(number)
    return values


def _fill(template: str, values: Mapping[str, str]) -> str:
    def fill(field: re.Match[str]) -> str:
        if field[2] == 'p':
            return values['p']
        return str(int(field[1] or 1) * int(values[field[2]]) + int(field[3] or 0))

    return _FIELD.sub(fill, template)


def _table(*pairs: tuple[str, str] | tuple[str, tuple[str, ...]]) -> tuple[Rule, ...]:
    return tuple(
        Rule(common, (foreign,) if isinstance(foreign, str) else foreign)
        for common, foreign in pairs
    )


def _block(common: str, foreign: str, pairs: Iterable[tuple[str, str]]) -> tuple[Rule, ...]:
    """Return the rules inside a block: ``pairs`` below its prefixes in both layouts."""
    return _table(*((f'{common}{a}', f'{foreign}{b}') for a, b in pairs))


def _merging(order: Sequence[int]) -> Permutation:
    """Return the change between patch mergings that gather a patch's 4 pixels in other orders.

    The input channels of a merging are (pixel, channel) in timm; ``order`` of (channel, pixel)
    says which of the other's pixels comes first.
    """
    inverse = [order.index(i) for i in range(4)]

    def to_common(value: Tensor) -> Tensor:
        apart = value.reshape(*value.shape[:-1], -1, 4)[..., list(order)]
        return apart.transpose(-1, -2).reshape(value.shape)

    def from_common(value: Tensor) -> Tensor:
        apart = value.reshape(*value.shape[:-1], 4, -1)[..., inverse, :]
        return apart.transpose(-1, -2).reshape(value.shape)

    return Permutation(to_common, from_common)


# timm gathers (0, 0), (1, 0), (0, 1), (1, 1) as (row, column), an unfolding row by row
_UNFOLDED = _merging((0, 2, 1, 3))


def _qkv(common: str, foreign: str, names: Sequence[str], ends: Sequence[str]) -> tuple[Rule, ...]:
    """Return the rules of an attention whose query, key and value are apart."""
    joined = tuple(
        Rule(f'{common}.attn.qkv.{end}', tuple(f'{foreign}.{name}.{end}' for name in names))
        for end in ends
    )
    # BEiT and Swin V2 have no bias of the key
    return joined + _table(
        (f'{common}.attn.q_bias', f'{foreign}.{names[0]}.bias'),
        (f'{common}.attn.v_bias', f'{foreign}.{names[2]}.bias'),
    )


_SEPARATE = ('query', 'key', 'value')
_BOTH = ('weight', 'bias')

HUGGINGFACE_VIT = Layout(
    'transformers ViT',
    (
        *_table(
            ('cls_token', 'embeddings.cls_token'),
            ('mask_token', 'embeddings.mask_token'),
            ('dist_token', 'embeddings.distillation_token'),
            ('reg_token', 'embeddings.register_tokens'),
            ('pos_embed', 'embeddings.position_embeddings'),
            ('patch_embed.proj.{p}', 'embeddings.patch_embeddings.projection.{p}'),
            ('norm.{p}', 'layernorm.{p}'),
            ('fc_norm.{p}', 'pooler.layernorm.{p}'),
            (
                'rel_pos_bias.relative_position_bias_table',
                'encoder.relative_position_bias.relative_position_bias_table',
            ),
        ),
        *_qkv('blocks.{i}', 'encoder.layer.{i}.attention.attention', _SEPARATE, _BOTH),
        *_block(
            'blocks.{i}.',
            'encoder.layer.{i}.',
            (
                (
                    'attn.relative_position_bias_table',
                    'attention.attention.relative_position_bias.relative_position_bias_table',
                ),
                ('attn.proj.{p}', 'attention.output.dense.{p}'),
                ('norm1.{p}', 'layernorm_before.{p}'),
                ('norm2.{p}', 'layernorm_after.{p}'),
                ('norm1.{p}', 'norm1.{p}'),
                ('norm2.{p}', 'norm2.{p}'),
                ('gamma_1', 'lambda_1'),
                ('gamma_2', 'lambda_2'),
                ('ls1.gamma', 'layer_scale1.lambda1'),
                ('ls2.gamma', 'layer_scale2.lambda1'),
                ('mlp.fc1.{p}', 'intermediate.dense.{p}'),
                ('mlp.fc2.{p}', 'output.dense.{p}'),
                ('mlp.fc1.{p}', 'mlp.weights_in.{p}'),
                ('mlp.fc2.{p}', 'mlp.weights_out.{p}'),
                ('mlp.{p}', 'mlp.{p}'),
            ),
        ),
    ),
)

MMPRETRAIN_VIT = Layout(
    'mmpretrain ViT',
    (
        *_table(
            ('patch_embed.proj.{p}', 'patch_embed.projection.{p}'),
            ('norm.{p}', 'ln1.{p}'),
            ('fc_norm.{p}', 'ln2.{p}'),
        ),
        *_block(
            'blocks.{i}.',
            'layers.{i}.',
            (
                ('norm1.{p}', 'ln1.{p}'),
                ('norm2.{p}', 'ln2.{p}'),
                ('ls1.gamma', 'attn.gamma1.weight'),
                ('ls2.gamma', 'ffn.gamma2.weight'),
                ('gamma_1', 'gamma_1'),
                ('gamma_2', 'gamma_2'),
                ('attn.{p}', 'attn.{p}'),
                ('mlp.fc1.{p}', 'ffn.layers.0.0.{p}'),
                ('mlp.fc2.{p}', 'ffn.layers.1.{p}'),
            ),
        ),
    ),
)

_SWIN_BLOCK = 'layers.{i}.blocks.{j}.'

MMPRETRAIN_SWIN = Layout(
    'mmpretrain Swin',
    (
        *_table(
            ('patch_embed.proj.{p}', 'patch_embed.projection.{p}'),
            ('norm.{p}', 'norm3.{p}'),
        ),
        *_block(
            _SWIN_BLOCK,
            'stages.{i}.blocks.{j}.',
            (
                ('norm1.{p}', 'norm1.{p}'),
                ('norm2.{p}', 'norm2.{p}'),
                ('attn.{p}', 'attn.w_msa.{p}'),
                ('mlp.fc1.{p}', 'ffn.layers.0.0.{p}'),
                ('mlp.fc2.{p}', 'ffn.layers.1.{p}'),
            ),
        ),
        Rule('layers.{i+1}.downsample.norm.{p}', ('stages.{i}.downsample.norm.{p}',), _UNFOLDED),
        Rule(
            'layers.{i+1}.downsample.reduction.{p}',
            ('stages.{i}.downsample.reduction.{p}',),
            _UNFOLDED,
        ),
    ),
)

# the second version merges at the start of a stage, and normalises behind the merging
MMPRETRAIN_SWIN_V2 = Layout(
    'mmpretrain Swin V2',
    (
        Rule(
            'layers.{i}.downsample.reduction.{p}',
            ('stages.{i}.downsample.reduction.{p}',),
            _UNFOLDED,
        ),
        Rule('layers.{i}.downsample.norm.{p}', ('stages.{i}.downsample.norm.{p}',)),
        *(rule for rule in MMPRETRAIN_SWIN.rules if 'downsample' not in rule.common),
    ),
)

OFFICIAL_SWIN = Layout(
    'official Swin', _table(('layers.{i+1}.downsample.{p}', 'layers.{i}.downsample.{p}'))
)

HUGGINGFACE_SWIN = Layout(
    'transformers Swin',
    (
        *_table(
            ('patch_embed.proj.{p}', 'embeddings.patch_embeddings.projection.{p}'),
            ('patch_embed.norm.{p}', 'embeddings.norm.{p}'),
            ('norm.{p}', 'layernorm.{p}'),
            ('layers.{i+1}.downsample.{p}', 'encoder.layers.{i}.downsample.{p}'),
        ),
        *_qkv(
            'layers.{i}.blocks.{j}',
            'encoder.layers.{i}.blocks.{j}.attention.self',
            _SEPARATE,
            _BOTH,
        ),
        *_block(
            _SWIN_BLOCK,
            'encoder.layers.{i}.blocks.{j}.',
            (
                ('attn.cpb_mlp.{p}', 'attention.self.continuous_position_bias_mlp.{p}'),
                ('attn.proj.{p}', 'attention.output.dense.{p}'),
                ('attn.{p}', 'attention.self.{p}'),
                ('norm1.{p}', 'layernorm_before.{p}'),
                ('norm2.{p}', 'layernorm_after.{p}'),
                ('mlp.fc1.{p}', 'intermediate.dense.{p}'),
                ('mlp.fc2.{p}', 'output.dense.{p}'),
            ),
        ),
    ),
)

_GRN = Permutation(lambda value: value.flatten(), lambda value: value.reshape(1, 1, 1, -1))
_CONVNEXT_BLOCK = 'stages.{i}.blocks.{j}.'

OFFICIAL_CONVNEXT = Layout(
    'official ConvNeXt',
    (
        *_table(
            ('stem.{p}', 'downsample_layers.0.{p}'),
            ('stages.{i}.downsample.{p}', 'downsample_layers.{i}.{p}'),
            ('head.norm.{p}', 'norm.{p}'),
        ),
        Rule(f'{_CONVNEXT_BLOCK}mlp.grn.weight', ('stages.{i}.{j}.grn.gamma',), _GRN),
        Rule(f'{_CONVNEXT_BLOCK}mlp.grn.bias', ('stages.{i}.{j}.grn.beta',), _GRN),
        *_block(
            _CONVNEXT_BLOCK,
            'stages.{i}.{j}.',
            (
                ('conv_dw.{p}', 'dwconv.{p}'),
                ('mlp.fc1.{p}', 'pwconv1.{p}'),
                ('mlp.fc2.{p}', 'pwconv2.{p}'),
                ('norm.{p}', 'norm.{p}'),
                ('gamma', 'gamma'),
            ),
        ),
    ),
)

MMPRETRAIN_CONVNEXT = Layout(
    'mmpretrain ConvNeXt',
    (
        *_table(
            ('stem.{p}', 'downsample_layers.0.{p}'),
            ('stages.{i}.downsample.{p}', 'downsample_layers.{i}.{p}'),
            ('head.norm.{p}', 'norm3.{p}'),
        ),
        *_block(
            _CONVNEXT_BLOCK,
            'stages.{i}.{j}.',
            (
                ('conv_dw.{p}', 'depthwise_conv.{p}'),
                ('mlp.fc1.{p}', 'pointwise_conv1.{p}'),
                ('mlp.fc2.{p}', 'pointwise_conv2.{p}'),
                ('mlp.grn.weight', 'grn.gamma'),
                ('mlp.grn.bias', 'grn.beta'),
                ('norm.{p}', 'norm.{p}'),
                ('gamma', 'gamma'),
            ),
        ),
    ),
)

HUGGINGFACE_CONVNEXT = Layout(
    'transformers ConvNeXt',
    (
        *_table(
            ('stem.0.{p}', 'embeddings.patch_embeddings.{p}'),
            ('stem.1.{p}', 'embeddings.layernorm.{p}'),
            ('stages.{i}.downsample.{p}', 'encoder.stages.{i}.downsampling_layer.{p}'),
            ('head.norm.{p}', 'layernorm.{p}'),
        ),
        Rule(
            f'{_CONVNEXT_BLOCK}mlp.grn.weight', ('encoder.stages.{i}.layers.{j}.grn.weight',), _GRN
        ),
        Rule(f'{_CONVNEXT_BLOCK}mlp.grn.bias', ('encoder.stages.{i}.layers.{j}.grn.bias',), _GRN),
        *_block(
            _CONVNEXT_BLOCK,
            'encoder.stages.{i}.layers.{j}.',
            (
                ('conv_dw.{p}', 'dwconv.{p}'),
                ('mlp.fc1.{p}', 'pwconv1.{p}'),
                ('mlp.fc2.{p}', 'pwconv2.{p}'),
                ('norm.{p}', 'layernorm.{p}'),
                ('gamma', 'layer_scale_parameter'),
            ),
        ),
    ),
)

_SCALE = Permutation(lambda value: value.flatten(), lambda value: value.reshape(-1, 1, 1))

TORCHVISION_CONVNEXT = Layout(
    'torchvision ConvNeXt',
    (
        *_table(
            ('stem.{p}', 'features.0.{p}'),
            ('stages.{i+1}.downsample.{p}', 'features.{2i+2}.{p}'),
            ('head.norm.{p}', 'classifier.0.{p}'),
        ),
        Rule(f'{_CONVNEXT_BLOCK}gamma', ('features.{2i+1}.{j}.layer_scale',), _SCALE),
        *_block(
            _CONVNEXT_BLOCK,
            'features.{2i+1}.{j}.block.',
            (
                ('conv_dw.{p}', '0.{p}'),
                ('norm.{p}', '2.{p}'),
                ('mlp.fc1.{p}', '3.{p}'),
                ('mlp.fc2.{p}', '5.{p}'),
            ),
        ),
    ),
)

TORCHVISION_SWIN = Layout(
    'torchvision Swin',
    (
        *_table(
            ('patch_embed.proj.{p}', 'features.0.0.{p}'),
            ('patch_embed.norm.{p}', 'features.0.2.{p}'),
            ('layers.{i+1}.downsample.norm.{p}', 'features.{2i+2}.norm.{p}'),
            ('layers.{i+1}.downsample.reduction.{p}', 'features.{2i+2}.reduction.{p}'),
        ),
        *_block(
            _SWIN_BLOCK,
            'features.{2i+1}.{j}.',
            (
                ('mlp.fc1.{p}', 'mlp.0.{p}'),
                ('mlp.fc2.{p}', 'mlp.3.{p}'),
                ('norm1.{p}', 'norm1.{p}'),
                ('norm2.{p}', 'norm2.{p}'),
                ('attn.{p}', 'attn.{p}'),
            ),
        ),
    ),
)

TORCHVISION_VIT = Layout(
    'torchvision ViT',
    (
        *_table(
            ('cls_token', 'class_token'),
            ('pos_embed', 'encoder.pos_embedding'),
            ('patch_embed.proj.{p}', 'conv_proj.{p}'),
            ('norm.{p}', 'encoder.ln.{p}'),
        ),
        *_block(
            'blocks.{i}.',
            'encoder.layers.encoder_layer_{i}.',
            (
                ('norm1.{p}', 'ln_1.{p}'),
                ('attn.qkv.weight', 'self_attention.in_proj_weight'),
                ('attn.qkv.bias', 'self_attention.in_proj_bias'),
                ('attn.proj.{p}', 'self_attention.out_proj.{p}'),
                ('norm2.{p}', 'ln_2.{p}'),
                ('mlp.fc1.{p}', 'mlp.0.{p}'),
                ('mlp.fc2.{p}', 'mlp.3.{p}'),
                ('mlp.fc1.{p}', 'mlp.linear_1.{p}'),
                ('mlp.fc2.{p}', 'mlp.linear_2.{p}'),
            ),
        ),
    ),
)

LAYOUTS = (
    MMPRETRAIN_VIT,
    HUGGINGFACE_VIT,
    TORCHVISION_VIT,
    OFFICIAL_SWIN,
    MMPRETRAIN_SWIN,
    MMPRETRAIN_SWIN_V2,
    HUGGINGFACE_SWIN,
    TORCHVISION_SWIN,
    OFFICIAL_CONVNEXT,
    MMPRETRAIN_CONVNEXT,
    HUGGINGFACE_CONVNEXT,
    TORCHVISION_CONVNEXT,
)
"""Layouts other than timm's own, which MAE, BEiT, DINO, DeiT, MoCo v3 and ViTDet share."""
