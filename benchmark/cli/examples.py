"""An example of every command, which its help ends with."""

from __future__ import annotations

from collections.abc import Mapping

EXAMPLES: Mapping[str, str] = {
    'run': 'tbench run --suite quick --protocols knn --backbones A=my_net.py:MyNet@a.pth '
    'B=my_net.py:MyNet@b.pth',
    'plan': 'tbench plan --suite quick --tasks world-covered',
    'compare': 'tbench compare world-vit-mae world-vit-supervised --suite quick',
    'work': 'tbench work --suite quick --results /shared/results --work-dir /shared/work',
    'cancel': 'tbench cancel --suite quick',
    'status': 'tbench status --watch',
    'list': 'tbench list tasks',
    'report': 'tbench report --suite quick --reference world-vit-mae --out tables',
    'regress': 'tbench regress --baseline last/results --candidate results --suite nightly',
    'nightly': 'tbench nightly --suite nightly --out nightly',
    'analyze': 'tbench analyze cka --backbones world-vit-mae',
    'pretrain': 'tbench pretrain mae --arch timm:test_vit --seconds 600 --out my_mae',
    'watch': 'tbench watch my_mae/checkpoints --suite quick --protocols knn linear --once',
    'export': 'tbench export quick quick.zip',
    'import': 'tbench import quick.zip --results results',
    'submit': 'tbench submit quick mine.zip',
    'verify': 'tbench verify mine.zip theirs.zip',
    'site': 'tbench site results mine.zip --out site',
    'new': 'tbench new task --kind classification --from data/my_flowers',
    'new task': 'tbench new task --kind classification --from data/my_flowers --out my_flowers.py',
    'check': 'tbench check backbone timm:vit_small_patch16_224+random',
    'check backbone': 'tbench check backbone my_net.py:MyNet@weights.pth',
    'check task': 'tbench check task my_flowers.py',
    'check data': 'tbench check data my_flowers.py --draw my_flowers.html',
    'data': 'tbench data plan quick',
    'data get': 'tbench data get camvid',
    'data plan': 'tbench data plan dense --speed 20',
    'data list': 'tbench data list',
    'data check': 'tbench data check ade20k nyuv2',
    'data convert': 'tbench data convert kitti data/kitti_raw',
    'data remove': 'tbench data remove ade20k',
    'data probe': 'tbench data probe ade20k',
    'data link': 'tbench data link ade20k /datasets/ADEChallengeData2016.zip',
    'doctor': 'tbench doctor',
}
"""By what follows ``tbench``."""


def example_of(program: str) -> str:
    """Return the example of a command such as ``'tbench check data'``; empty where it has none.

    An analysis that has no example of its own gets one by its name.
    """
    name = program.partition(' ')[2]
    if name.startswith('analyze ') and name not in EXAMPLES:
        options = '--suite quick' if name.split()[1] in _OF_SUITES else '--backbones world-vit-mae'
        return f'tbench {name} {options}'
    return EXAMPLES.get(name, '')


_OF_SUITES = ('losses', 'layers')
"""Analyses that look at the records of a suite."""
