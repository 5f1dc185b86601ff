"""Choose among several copies of a network in one file, by a rule for each known writer.

A copy is named by its key, the dotted path to it: mappings of the file first, then what the names
of its tensors begin with, as ``state_dict.teacher_backbone``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from benchmark.errors import CheckpointError

TOP = '.'
"""The key of tensors that stand at the top of a file, without a common beginning."""


class Writer(NamedTuple):
    """What a program writes, and which of two copies its own evaluation takes.

    ``taken`` and ``other`` are patterns of one part of a key; a part that begins with ``^`` must
    be the first. ``source`` is where the program says so.
    """

    title: str
    taken: str
    other: str
    source: str


WRITERS = (
    Writer('timm', '^state_dict_ema', '^state_dict', 'timm.models.load_state_dict, use_ema=True'),
    Writer('timm, DeiT', 'model_ema', 'model', 'timm.models.load_state_dict, use_ema=True'),
    Writer('RT-DETR, DiT, SiT', '^ema', '^(model|net)', 'export_onnx.py; find_model'),
    Writer('ema-pytorch', 'ema_model|ema', 'online_model|model', 'EMA.__call__ calls ema_model'),
    Writer('mmengine', '^state_dict', '^ema_state_dict', 'EMAHook: both are swapped on saving'),
    Writer(
        'Lightning', '^state_dict', '^current_model_state', 'WeightAveraging.on_save_checkpoint'
    ),
    Writer(
        'DINO, iBOT, DINOv2', 'teacher', 'student', 'eval_linear.py: --checkpoint_key is teacher'
    ),
    Writer('DINOv3', 'model_ema', 'teacher|student', 'train.py: do_test saves model_ema'),
    Writer('stable-pretraining', 'teacher', 'student', 'TeacherStudentWrapper.forward'),
    Writer('lightly', 'teacher_backbone', 'student_backbone', 'the DINO example'),
    Writer(
        'lightly',
        'backbone',
        '(student|teacher|query|key|momentum)_backbone|backbone_momentum',
        'benchmarks/imagenet: forward is that of backbone',
    ),
    Writer('solo-learn', 'backbone', 'momentum_backbone', 'main_linear.py'),
    Writer('MoCo', 'encoder_q', 'encoder_k', 'main_lincls.py'),
    Writer('MoCo v3', 'base_encoder', 'momentum_encoder', 'main_lincls.py'),
    Writer(
        'mmpretrain', 'backbone', 'encoder_k|momentum_encoder|target_net', 'configs of benchmarks'
    ),
    Writer('MSN, I-JEPA, V-JEPA', 'target_encoder', 'encoder', 'arXiv 2301.08243, appendix A'),
    Writer(
        'BYOL', 'online_(encoder|network|net)', 'target_(encoder|network|net)', 'arXiv 2006.07733'
    ),
    Writer('fairseq, data2vec', '.*', '_ema', 'mae_image_classification.py drops _ema'),
    Writer('teacher and student', 'teacher_.+', 'student_.+', 'as DINO'),
)
"""The rules, one for each pair of copies; a copy is taken that beats all others."""


@dataclass(frozen=True)
class Chosen:
    """Which of several copies was taken, why, and which others there are."""

    key: str
    others: tuple[str, ...] = ()
    writer: Writer | None = None

    @property
    def remark(self) -> str:
        """What a record says of the choice."""
        listed = ' or '.join(f'@FILE#{other}' for other in self.others)
        why = f' ({self.writer.title}: {self.writer.source})' if self.writer else ''
        return f'of several copies took #{self.key}{why}; {listed} takes another'


def choose(keys: Sequence[str], complete: Sequence[str], source: str) -> Chosen:
    """Return the copy to load among those that fit a network.

    ``complete`` are those of ``keys`` that fit best; where no rule decides, the only one of them
    is taken. The order of keys plays no part.

    Raises:
        CheckpointError: no rule decides; the message names all keys.
    """
    ordered = sorted(keys)
    for key in ordered:
        others = tuple(other for other in ordered if other != key)
        rules = [_rule(key, other) for other in others]
        if all(rules) and not any(_rule(other, key) for other in others):
            return Chosen(key, others, rules[0] if rules else None)
    if len(complete) == 1:
        return Chosen(complete[0], tuple(key for key in ordered if key != complete[0]))
    raise CheckpointError(
        f'{source}: holds {len(ordered)} copies of the network ({", ".join(ordered)}), and no '
        'known writer says which one counts: put one of '
        f'{", ".join("#" + key for key in ordered)} behind the name of the file'
    )


def _rule(key: str, other: str) -> Writer | None:
    """Return the rule by which ``key`` is taken rather than ``other``."""
    return next((writer for writer in WRITERS if _decides(writer, key, other)), None)


def _decides(writer: Writer, key: str, other: str) -> bool:
    has_taken, has_other = _has(writer.taken), _has(writer.other)
    return (
        has_taken(key)
        and has_other(other)
        and not has_other(key)
        and (writer.taken == '.*' or not has_taken(other))
    )


def _has(pattern: str) -> Callable[[str], bool]:
    wanted = re.compile(pattern.removeprefix('^'))
    is_first = pattern.startswith('^')

    def has(key: str) -> bool:
        parts = key.split('.')
        return any(wanted.fullmatch(part) for part in (parts[:1] if is_first else parts))

    return has


def key_of(place: str, prefix: str) -> str:
    """Return the key of the tensors below a prefix in a mapping of a file."""
    return '.'.join(filter(None, (place, prefix.rstrip('.')))) or TOP


def matching(key: str, keys: Sequence[str]) -> list[str]:
    """Return which of ``keys`` a user means by ``key``: it and what lies below it.

    Where none begins with it, those that hold it further inside: ``teacher_backbone`` means
    ``state_dict.teacher_backbone``.
    """
    below = [known for known in keys if f'{known}.'.startswith(f'{key}.')]
    return below or [known for known in keys if f'.{key}.' in f'.{known}.']
