"""The fake copies of data sets in the archives in which their authors hand them out."""

from __future__ import annotations

import hashlib
import shutil
import tarfile
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import scipy.io
from PIL import Image

from benchmark.acquiring.converting.segmentation import _CITYSCAPES, _COCO_STUFF
from benchmark.acquiring.declared import Distribution, RemoteFile
from benchmark.acquiring.unpacking import is_archive
from benchmark.specs import Task
from tests.support.fakes import classification, depth, detection, mot, pose, segmentation, tracking
from tests.support.fakes.pictures import array, lines
from tests.support.faulty_server import Server


@dataclass(frozen=True)
class Release:
    """How a data set is handed out: what writes it below a data root, and what each archive holds.

    ``archives`` maps names of files to patterns below the data root; a name that the declaration
    gives with a ``*`` appears here once for each of its files.
    """

    build: Callable[[Path], object]
    archives: Mapping[str, tuple[str, ...]]


def _at(folder: str, *builders: Callable[[Path], object]) -> Callable[[Path], object]:
    def build(root: Path) -> None:
        for builder in builders:
            builder(root / folder)

    return build


def _caltech101(root: Path) -> None:
    folder = root / 'caltech-101'
    classification.caltech101(folder)
    pack(folder / '101_ObjectCategories.tar.gz', folder, folder.glob('101_ObjectCategories/**/*'))
    shutil.rmtree(folder / '101_ObjectCategories')


def _imagenet1k(root: Path) -> None:
    """A tar of each training class, loose pictures of the validation split, and the kit."""
    folder = root / 'imagenet'
    classification.imagenet1k(folder)
    names = sorted(path.name for path in (folder / 'train').iterdir())
    for number, name in enumerate(names, 1):
        pack(folder / f'train/{name}.tar', folder / f'train/{name}', folder.glob(f'train/{name}/*'))
        shutil.rmtree(folder / 'train' / name)
        (picture,) = (folder / 'val' / name).iterdir()
        picture.replace(folder / f'val/ILSVRC2012_val_{number:08d}.JPEG')
        (folder / 'val' / name).rmdir()
    kit = folder / 'ILSVRC2012_devkit_t12/data'
    kit.mkdir(parents=True)
    row = [('ILSVRC2012_ID', 'O'), ('WNID', 'O'), ('words', 'O'), ('gloss', 'O'), ('children', 'O')]
    rows = [(number, name, '', '', 0) for number, name in enumerate(names, 1)]
    scipy.io.savemat(kit / 'meta.mat', {'synsets': np.array(rows, dtype=row)})
    lines(kit / 'ILSVRC2012_validation_ground_truth.txt', *range(1, len(names) + 1))


def _cog(root: Path) -> None:
    folder = root / 'imagenet21k'
    classification.cog(folder)
    for path in sorted((folder / 'images').iterdir()):
        pack(folder / f'images/winter21_whole/{path.name}.tar', path, path.glob('*'))
        shutil.rmtree(path)


def _cityscapes(root: Path) -> None:
    segmentation.cityscapes(root / 'cityscapes')
    for path in root.glob('cityscapes/gtFine/*/*/*_labelTrainIds.png'):
        _unmapped(path, path.with_name(path.name.replace('TrainIds', 'Ids')), _CITYSCAPES)


def _coco_stuff(root: Path) -> None:
    segmentation.coco_stuff164k(root / 'coco_stuff164k')
    for path in root.glob('coco_stuff164k/annotations/*/*_labelTrainIds.png'):
        _unmapped(path, path.with_name(path.name.replace('_labelTrainIds', '')), _COCO_STUFF)


def _unmapped(path: Path, place: Path, labels: tuple[int, ...]) -> None:
    """Write the released label map that a converted one came from, in its place."""
    values = np.asarray(Image.open(path))
    known = np.array([*labels, *[255] * (256 - len(labels))], np.uint8)
    array(place, known[values])
    path.unlink()


def _sbd(root: Path) -> None:
    """VOC 2012 as released, and SBD, which annotates some pictures of VOC again."""
    voc, release = root / 'VOCdevkit/VOC2012', root / 'VOCdevkit/benchmark_RELEASE/dataset'
    segmentation.voc2012_aug(voc)
    lists = voc / 'ImageSets/Segmentation'
    names = (lists / 'aug.txt').read_text().split()
    lines(release / 'train.txt', *names[:2], *(lists / 'train.txt').read_text().split())
    lines(release / 'val.txt', *names[2:], *(lists / 'val.txt').read_text().split())
    (release / 'cls').mkdir()
    for name in names:
        values = np.asarray(Image.open(voc / f'SegmentationClassAug/{name}.png'))
        scipy.io.savemat(release / f'cls/{name}.mat', {'GTcls': {'Segmentation': values}})
    (lists / 'aug.txt').unlink()
    shutil.rmtree(voc / 'SegmentationClassAug')


def _dancetrack(root: Path) -> None:
    folder = root / 'DanceTrack'
    mot.dancetrack(folder)
    mot._sequence(folder / 'train/dancetrack0002', 2, 8)
    (folder / 'parts').mkdir()
    for part, name in (('train1', 'dancetrack0001'), ('train2', 'dancetrack0002')):
        (folder / 'parts' / part).mkdir()
        (folder / 'train' / name).replace(folder / 'parts' / part / name)


def _places205(root: Path) -> None:
    folder = root / 'places205'
    classification.places205(folder)
    (folder / 'trainvalsplit_places205').mkdir()
    for path in sorted(folder.glob('*.csv')):
        path.replace(folder / 'trainvalsplit_places205' / path.name)


def _mpii(root: Path) -> None:
    pose.mpii(root / 'mpii')
    (root / 'mpii/mpii/annotations').mkdir(parents=True)
    for path in sorted((root / 'mpii').glob('mpii_*')):
        path.replace(root / 'mpii/mpii/annotations' / path.name)


def _inat(year: int, last: int) -> Release:
    def build(root: Path) -> None:
        classification.inaturalist(root / f'inat{year}', year, last)

    archives = {f'train_val{year}.tar.gz': (f'inat{year}/train_val{year}/**/*',)}
    for role in ('train', 'val'):
        archives[f'{role}{year}.json.tar.gz'] = (f'inat{year}/{role}{year}.json',)
    return Release(build, archives)


def _cifar(classes: int) -> Release:
    name = 'cifar-10-batches-bin' if classes == 10 else 'cifar-100-binary'

    def build(root: Path) -> None:
        classification.cifar(root / f'cifar{classes}', classes)

    return Release(build, {f'cifar-{classes}-binary.tar.gz': (f'cifar{classes}/{name}/*',)})


def _whole(folder: str, archive: str, *builders: Callable[[Path], object]) -> Release:
    return Release(_at(folder, *builders), {archive: (f'{folder}/**/*',)})


def _coco(root: Path) -> None:
    detection.coco(root / 'coco')
    pose.coco_pose(root / 'coco')
    detection.lvis(root / 'coco')  # on pictures of COCO


def _voc(year: int) -> Callable[[Path], object]:
    def build(root: Path) -> None:
        detection.voc_detection(root / 'VOCdevkit')
        for path in (root / 'VOCdevkit').iterdir():
            if path.name != f'VOC{year}':
                shutil.rmtree(path)

    return build


_PARTS = ('TRAIN_0', 'TRAIN_1', 'TRAIN_11', 'TEST')

RELEASES: dict[str, Release] = {
    'ade20k': _whole('ADEChallengeData2016', 'ADEChallengeData2016.zip', segmentation.ade20k),
    'ap10k': _whole('ap-10k', 'ap-10k.zip', pose.ap10k),
    'birdsnap': Release(
        _at('birdsnap', classification.birdsnap),
        {'birdsnap.tgz': ('birdsnap/*.txt',), 'images.tar': ('birdsnap/images/**/*',)},
    ),
    'caltech101': Release(_caltech101, {'caltech-101.zip': ('caltech-101/*',)}),
    'cifar10': _cifar(10),
    'cifar100': _cifar(100),
    'cityscapes': Release(
        _cityscapes,
        {
            'leftImg8bit_trainvaltest.zip': ('cityscapes/leftImg8bit/**/*',),
            'gtFine_trainvaltest.zip': ('cityscapes/gtFine/**/*',),
        },
    ),
    'coco': Release(
        _coco,
        {
            'annotations_trainval2017.zip': ('coco/annotations/*2017.json',),
            'train2017.zip': ('coco/train2017/*',),
            'val2017.zip': ('coco/val2017/*',),
        },
    ),
    'coco-val': Release(
        _coco,
        {
            'annotations_trainval2017.zip': ('coco/annotations/*2017.json',),
            'val2017.zip': ('coco/val2017/*',),
        },
    ),
    'coco-person-boxes': Release(
        _coco, {'COCO_val2017_detections_AP_H_56_person.json': ('coco/person_detection_results/*',)}
    ),
    'coco-stuff': Release(
        _coco_stuff,
        {
            'stuffthingmaps_trainval2017.zip': ('coco_stuff164k/annotations/*/*',),
            'train2017.zip': ('coco_stuff164k/images/train2017/*',),
            'val2017.zip': ('coco_stuff164k/images/val2017/*',),
        },
    ),
    'cog': Release(
        _cog,
        {
            'cog_levels_mapping_file.pkl': ('imagenet21k/cog_levels*',),
            'cog_concepts_split_file.pkl': ('imagenet21k/cog_concepts*',),
            'winter21_whole.tar.gz': ('imagenet21k/images/**/*',),
        },
    ),
    'crowdpose': Release(
        _at('crowdpose', pose.crowdpose),
        {
            'images.zip': ('crowdpose/images/*',),
            'crowdpose_trainval.json': ('crowdpose/crowdpose_trainval.json',),
            'crowdpose_test.json': ('crowdpose/crowdpose_test.json',),
            'crowdpose_annotations.tar': ('crowdpose/annotations/*',),
        },
    ),
    'cub200': _whole('CUB_200_2011', 'CUB_200_2011.tgz', classification.cub200),
    'dancetrack': Release(
        _dancetrack,
        {
            'train1.zip': ('DanceTrack/parts/train1/**/*',),
            'train2.zip': ('DanceTrack/parts/train2/**/*',),
            'val.zip': ('DanceTrack/val/**/*',),
        },
    ),
    'dtd': _whole('dtd', 'dtd-r1.0.1.tar.gz', classification.dtd),
    'fgvc-aircraft': _whole(
        'fgvc-aircraft-2013b', 'fgvc-aircraft-2013b.tar.gz', classification.fgvc_aircraft
    ),
    'flowers102': Release(
        _at('flowers102', classification.flowers102),
        {
            '102flowers.tgz': ('flowers102/jpg/*',),
            'imagelabels.mat': ('flowers102/imagelabels.mat',),
            'setid.mat': ('flowers102/setid.mat',),
        },
    ),
    'food101': _whole('food-101', 'food-101.tar.gz', classification.food101),
    'got10k': Release(
        _at('tracking/got10k', tracking.got10k),
        {
            'GOT-10k_Train_split_01.zip': ('tracking/got10k/train/*1/*',),
            'GOT-10k_Train_split_02.zip': ('tracking/got10k/train/*[23]/*',),
            'list.txt': ('tracking/got10k/train/list.txt',),
            'val_data.zip': ('tracking/got10k/val/**/*',),
        },
    ),
    'got10k-val': Release(
        _at('tracking/got10k', tracking.got10k),
        {'val_data.zip': ('tracking/got10k/val/**/*',)},
    ),
    'imagenet1k': Release(
        _imagenet1k,
        {
            'ILSVRC2012_img_train.tar': ('imagenet/train/*.tar',),
            'ILSVRC2012_img_val.tar': ('imagenet/val/*.JPEG',),
            'ILSVRC2012_devkit_t12.tar.gz': ('imagenet/ILSVRC2012_devkit_t12/**/*',),
        },
    ),
    'inat2018': _inat(2018, 8141),
    'inat2019': _inat(2019, 1009),
    'kitti': Release(
        _at('kitti', depth.kitti),
        {
            '2011_09_26_drive_0057_sync.zip': ('kitti/raw_data/*/*0057_sync/**/*',),
            '2011_09_26_drive_0002_sync.zip': ('kitti/raw_data/*/*0002_sync/**/*',),
            'data_depth_annotated.zip': ('kitti/data_depth_annotated/**/*',),
            'eigen_train_files_with_gt.txt': ('kitti/lists/eigen_train*',),
            'eigen_test_files_with_gt.txt': ('kitti/lists/eigen_test*',),
        },
    ),
    'lasot': Release(
        _at('tracking/lasot', tracking.lasot),
        {
            'airplane.zip': ('tracking/lasot/airplane/**/*',),
            'dog.zip': ('tracking/lasot/dog/**/*',),
            'training_set.txt': ('tracking/lasot/training_set.txt',),
            'testing_set.txt': ('tracking/lasot/testing_set.txt',),
        },
    ),
    'lvis': Release(
        _at('coco', detection.lvis),
        {
            'lvis_v1_train.json.zip': ('coco/annotations/lvis_v1_train.json',),
            'lvis_v1_val.json.zip': ('coco/annotations/lvis_v1_val.json',),
        },
    ),
    'mot17': _whole('MOT17', 'MOT17.zip', mot.mot17),
    'mot20': _whole('MOT20', 'MOT20.zip', mot.mot20),
    'mpii': Release(
        _mpii,
        {
            'mpii_human_pose_v1.tar.gz': ('mpii/images/*',),
            'mpii_annotations.tar': ('mpii/mpii/annotations/*',),
        },
    ),
    'nabirds': _whole('nabirds', 'nabirds.tar.gz', classification.nabirds),
    'nyuv2': Release(
        _at('nyu_depth_v2', depth.nyuv2),
        {
            'sync.zip': ('nyu_depth_v2/sync/**/*',),
            'official_splits.zip': ('nyu_depth_v2/official_splits/**/*',),
            'train_list.txt': ('nyu_depth_v2/train_list.txt',),
            'test_list.txt': ('nyu_depth_v2/test_list.txt',),
        },
    ),
    'nyuv2-labelled': Release(
        _at('nyu_depth_v2_labelled', depth.nyuv2_labelled),
        {
            'nyu_depth_v2_labeled.mat': ('nyu_depth_v2_labelled/nyu_depth_v2_labeled.mat',),
            'splits.mat': ('nyu_depth_v2_labelled/splits.mat',),
        },
    ),
    'otb100': Release(
        _at('tracking/otb100', tracking.otb100),
        {
            f'{name}.zip': (f'tracking/otb100/{name}/**/*',)
            for name in ('Basketball', 'David', 'Jogging')
        },
    ),
    'oxford-pets': Release(
        _at('oxford-iiit-pet', classification.oxford_pets),
        {
            'images.tar.gz': ('oxford-iiit-pet/images/*',),
            'annotations.tar.gz': ('oxford-iiit-pet/annotations/*',),
        },
    ),
    'places205': Release(
        _places205,
        {
            'imagesPlaces205_resize.tar.gz': ('places205/data/**/*',),
            'trainvalsplit_places205.tar.gz': ('places205/trainvalsplit_places205/*',),
        },
    ),
    'stanford-cars': Release(
        _at('stanford_cars', classification.stanford_cars),
        {
            'cars_train.tgz': ('stanford_cars/cars_train/*',),
            'cars_test.tgz': ('stanford_cars/cars_test/*',),
            'car_devkit.tgz': ('stanford_cars/devkit/cars_train_annos.mat',),
            'cars_test_annos_withlabels.mat': ('stanford_cars/devkit/*withlabels.mat',),
        },
    ),
    'sun397': Release(
        _at('SUN397', classification.sun397),
        {
            'SUN397.tar.gz': ('SUN397/SUN397/**/*',),
            'Partitions.zip': ('SUN397/Partitions/*',),
        },
    ),
    'sun-rgbd': Release(
        _at('sunrgbd', depth.sun_rgbd),
        {
            'SUNRGBD.zip': ('sunrgbd/SUNRGBD/**/*',),
            'SUNRGBDtoolbox.zip': ('sunrgbd/SUNRGBDtoolbox/**/*',),
        },
    ),
    'trackingnet': Release(
        _at('tracking/trackingnet', tracking.trackingnet),
        {f'{part}.zip': (f'tracking/trackingnet/{part}/**/*',) for part in _PARTS},
    ),
    'uav123': _whole('tracking/uav123', 'Dataset_UAV123.zip', tracking.uav123),
    'voc2007': Release(
        _voc(2007),
        {
            'VOCtrainval_06-Nov-2007.tar': (
                'VOCdevkit/VOC2007/*/Main/trainval.txt',
                'VOCdevkit/VOC2007/Annotations/*_8*',
                'VOCdevkit/VOC2007/JPEGImages/*_8*',
            ),
            'VOCtest_06-Nov-2007.tar': (
                'VOCdevkit/VOC2007/*/Main/test.txt',
                'VOCdevkit/VOC2007/Annotations/*_4*',
                'VOCdevkit/VOC2007/JPEGImages/*_4*',
            ),
        },
    ),
    'voc2010': Release(
        _at('VOCdevkit/VOC2010', segmentation.pascal_context),
        {
            'VOCtrainval_03-May-2010.tar': ('VOCdevkit/VOC2010/JPEGImages/*',),
            'pascal_context_labels.zip': (
                'VOCdevkit/VOC2010/SegmentationClassContext/*',
                'VOCdevkit/VOC2010/ImageSets/**/*',
            ),
        },
    ),
    'voc2012': Release(
        lambda root: (_sbd(root), _voc(2012)(root / 'other'), _joined(root)),
        {'VOCtrainval_11-May-2012.tar': ('VOCdevkit/VOC2012/**/*',)},
    ),
    'voc2012-sbd': Release(_sbd, {'benchmark.tgz': ('VOCdevkit/benchmark_RELEASE/**/*',)}),
}
"""Per declared distribution."""


def _joined(root: Path) -> None:
    """VOC 2012 for detection and for segmentation are one release."""
    shutil.copytree(
        root / 'other/VOCdevkit/VOC2012', root / 'VOCdevkit/VOC2012', dirs_exist_ok=True
    )
    shutil.rmtree(root / 'other')


def pack(archive: Path, base: Path, paths: Iterable[Path]) -> None:
    """Write the files among ``paths`` into an archive, named relative to ``base``."""
    archive.parent.mkdir(parents=True, exist_ok=True)
    files = sorted(path for path in paths if path.is_file() and path != archive)
    assert files, archive
    if archive.suffix == '.zip':
        with zipfile.ZipFile(archive, 'w') as out:
            for path in files:
                out.write(path, path.relative_to(base))
        return
    with tarfile.open(archive, 'w:gz' if archive.suffix in {'.tgz', '.gz'} else 'w') as out:
        for path in files:
            out.add(path, path.relative_to(base))


def handed_out(one: Distribution, server: Server, folder: Path, data_root: Path) -> Distribution:
    """Return ``one`` with its files on a server, and put those that have no address into place.

    Sizes and checksums are those of the fake archives, of the declared kind.
    """
    release = RELEASES[one.name]
    release.build(folder)
    by_hand = data_root / 'downloads' / one.name
    files = []
    for file in one.files:
        made = [
            _made(file, name, patterns, folder)
            for name, patterns in release.archives.items()
            if Path(name).match(file.name)
        ]
        assert made, file.name
        if not file.addresses:
            by_hand.mkdir(parents=True, exist_ok=True)
            for path in made:
                shutil.copyfile(path, by_hand / path.name)
        files.append(_local(file, made, one.name, server))
    return replace(one, files=tuple(files))


def _made(file: RemoteFile, name: str, patterns: Iterable[str], folder: Path) -> Path:
    paths = [path for pattern in patterns for path in folder.glob(pattern)]
    if not is_archive(name):
        (path,) = paths
        return path
    archive = folder / 'archives' / name
    pack(archive, folder / file.into, paths)
    return archive


def _local(file: RemoteFile, made: list[Path], data_set: str, server: Server) -> RemoteFile:
    if not file.addresses:
        checksum = _digest(file, made[0]) if file.checksum else ''
        return replace(file, size=0, about=0, checksum=checksum, count=len(made), of='')
    name = f'{data_set}/{file.name}'
    server.files[name] = made[0].read_bytes()
    return replace(
        file,
        addresses=(server.address(name),),
        size=len(server.files[name]) if file.size else 0,
        about=0,
        checksum=_digest(file, made[0]) if file.checksum else '',
        of='',  # each fake has pictures of its own
    )


def _digest(file: RemoteFile, path: Path) -> str:
    return hashlib.new(file.algorithm, path.read_bytes()).hexdigest()


def in_miniature(task: Task, folder: Path) -> Task:
    """Return a task that declares as many files as there are in ``folder``."""
    tree = {pattern: sum(1 for _ in folder.glob(pattern)) for pattern in task.tree}
    assert all(tree.values())
    return replace(task, tree=tree)
