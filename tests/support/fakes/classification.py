"""Classification data sets in miniature: four training and two test pictures each."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import scipy.io

from tests.support.fakes.pictures import lines, picture, written_json

_ROLES = {'train': 4, 'test': 2}


def food101(root: Path) -> None:
    for role, count in _ROLES.items():
        names = [f'{("apple_pie", "waffles")[i % 2]}/{len(role)}{i}' for i in range(count)]
        lines(root / f'meta/{role}.txt', *names)
        for name in names:
            picture(root / f'images/{name}.jpg')


def sun397(root: Path) -> None:
    for role, name in (('train', 'Training_01'), ('test', 'Testing_01')):
        places = ('a/abbey', 'a/apse/indoor', 'y/yard')
        paths = [f'/{places[i % 3]}/sun_{role}{i}.jpg' for i in range(_ROLES[role])]
        lines(root / f'Partitions/{name}.txt', *paths)
        for path in paths:
            picture(root / f'SUN397{path}')


def stanford_cars(root: Path) -> None:
    for role, suffix in (('train', ''), ('test', '_withlabels')):
        row = [('bbox_x1', 'O'), ('class', 'O'), ('fname', 'O')]
        found = np.array(
            [(1, 1 + 195 * (i % 2), f'{i + 1:05d}.jpg') for i in range(_ROLES[role])], dtype=row
        )
        path = root / f'devkit/cars_{role}_annos{suffix}.mat'
        path.parent.mkdir(parents=True, exist_ok=True)
        scipy.io.savemat(path, {'annotations': found[None]})
        for name in found['fname']:
            picture(root / f'cars_{role}/{name}')


def fgvc_aircraft(root: Path) -> None:
    for role, name in (('train', 'trainval'), ('test', 'test')):
        variants = ('707-320', 'Yak-42', 'Boeing 717')
        rows = [f'{len(name)}{i:06d} {variants[i % 3]}' for i in range(_ROLES[role])]
        lines(root / f'data/images_variant_{name}.txt', *rows)
        for row in rows:
            picture(root / f'data/images/{row.split()[0]}.jpg')


def dtd(root: Path) -> None:
    names = [f'{("banded", "zigzagged")[i % 2]}/{i:04d}.jpg' for i in range(6)]
    images = {
        'name': np.array([names], dtype=object),
        'class': np.array([[1, 47, 1, 47, 1, 47]], np.uint8),
        'set': np.array([[1, 1, 2, 2, 3, 3]], np.uint8),
    }
    (root / 'imdb').mkdir(parents=True)
    scipy.io.savemat(root / 'imdb/imdb.mat', {'images': images})
    for name in names:
        picture(root / f'images/{name}')


def oxford_pets(root: Path) -> None:
    for role, name in (('train', 'trainval'), ('test', 'test')):
        breeds = (('Abyssinian', 1), ('yorkshire_terrier', 37))
        rows = []
        for i in range(_ROLES[role]):
            breed, label = breeds[i % 2]
            rows.append(f'{breed}_{len(name)}{i} {label} 1 1')
            picture(root / f'images/{breed}_{len(name)}{i}.jpg')
        lines(root / f'annotations/{name}.txt', *rows)


def flowers102(root: Path) -> None:
    root.mkdir(parents=True)
    scipy.io.savemat(root / 'imagelabels.mat', {'labels': np.array([[1, 102, 1, 102, 1, 102]])})
    split = {'trnid': [[1, 2]], 'valid': [[3, 4]], 'tstid': [[5, 6]]}
    scipy.io.savemat(root / 'setid.mat', {k: np.array(v) for k, v in split.items()})
    for i in range(6):
        picture(root / f'jpg/image_{i + 1:05d}.jpg')


def caltech101(root: Path) -> None:
    """As released: folders, no lists; 32 pictures per class so that two are left to test."""
    for name in ('BACKGROUND_Google', 'accordion', 'yin_yang'):
        for i in range(32):
            picture(root / f'101_ObjectCategories/{name}/image_{i + 1:04d}.jpg', (24, 24))


def cub200(root: Path) -> None:
    birds = ('001.Black_footed_Albatross', '200.Common_Yellowthroat')
    paths = [f'{birds[i % 2]}/bird_{i}.jpg' for i in range(6)]
    lines(root / 'images.txt', *(f'{i + 1} {path}' for i, path in enumerate(paths)))
    lines(root / 'image_class_labels.txt', *(f'{i + 1} {(1, 200)[i % 2]}' for i in range(6)))
    lines(root / 'train_test_split.txt', *(f'{i + 1} {int(i < 4)}' for i in range(6)))
    for path in paths:
        picture(root / f'images/{path}')


def nabirds(root: Path) -> None:
    ids = [f'0000139e-21dc-4d0c-bfe1-{i:012d}' for i in range(6)]
    classes = ('0295', '0817')
    rows = [(id_, f'{classes[i % 2]}/{id_.replace("-", "")}.jpg') for i, id_ in enumerate(ids)]
    lines(root / 'images.txt', *(f'{id_} {path}' for id_, path in rows))
    labels = [f'{id_} {int(path[:4])}' for id_, path in rows]
    lines(root / 'image_class_labels.txt', *labels)
    lines(root / 'train_test_split.txt', *(f'{id_} {int(i < 4)}' for i, id_ in enumerate(ids)))
    for _, path in rows:
        picture(root / f'images/{path}')


def inaturalist(root: Path, year: int, last: int) -> None:
    for role, count in (('train', 4), ('val', 2)):
        paths = [f'train_val{year}/Aves/{i % 2 * last}/{role}{i}.jpg' for i in range(count)]
        written_json(
            root / f'{role}{year}.json',
            {
                'images': [
                    {'id': i + 7, 'file_name': path, 'width': 64, 'height': 48}
                    for i, path in enumerate(paths)
                ],
                'categories': [{'id': 0, 'name': 'a'}, {'id': last, 'name': 'z'}],
                'annotations': [
                    {'id': i, 'image_id': i + 7, 'category_id': i % 2 * last} for i in range(count)
                ],
            },
        )
        for path in paths:
            picture(root / path)


def imagenet1k(root: Path) -> None:
    """All 1,000 folders, since they are the labels, with one picture each."""
    for role in ('train', 'val'):
        for i in range(1000):
            name = f'n{1440764 + i:08d}'
            picture(root / f'{role}/{name}/{name}_0.JPEG', (8, 8))


def places205(root: Path) -> None:
    for role, count in (('train', 4), ('val', 2)):
        places = (('a/abbey', 0), ('y/yard', 204))
        rows = []
        for i in range(count):
            place, label = places[i % 2]
            rows.append(f'{place}/gsun_{role}{i}.jpg {label}')
            folder = root / 'data/vision/torralba/deeplearning/images256'
            picture(folder / rows[-1].split()[0])
        lines(root / f'{role}_places205.csv', *rows)


def voc2007(root: Path) -> None:
    for role, count in (('trainval', 4), ('test', 3)):
        ids = [f'{len(role)}{i:05d}' for i in range(count)]
        lines(root / f'ImageSets/Main/{role}.txt', *ids)
        for i, id_ in enumerate(ids):
            picture(root / f'JPEGImages/{id_}.jpg')
            objects = (('person', 0), ('tvmonitor', i % 2), ('aeroplane', 1))
            lines(root / f'Annotations/{id_}.xml', voc_annotation(id_, objects))


def voc_annotation(id_: str, objects: tuple[tuple[str, int], ...]) -> str:
    """Return an annotation file of VOC with boxes for (class, difficult) pairs."""
    boxes = [(5 + 9 * n, 6 + 5 * n, 25 + 9 * n, 30 + 5 * n) for n in range(len(objects))]
    found = ''.join(
        f'<object><name>{name}</name><pose>Left</pose><truncated>0</truncated>'
        f'<difficult>{difficult}</difficult><bndbox><xmin>{box[0]}</xmin><ymin>{box[1]}</ymin>'
        f'<xmax>{box[2]}</xmax><ymax>{box[3]}</ymax></bndbox></object>'
        for (name, difficult), box in zip(objects, boxes, strict=True)
    )
    return (
        f'<annotation><folder>VOC</folder><filename>{id_}.jpg</filename><size><width>64</width>'
        f'<height>48</height><depth>3</depth></size><segmented>0</segmented>{found}</annotation>'
    )


def cifar(root: Path, classes: int) -> None:
    """The binary version as released: label bytes, then 3 x 32 x 32 bytes, picture by picture."""
    rng = np.random.default_rng(classes)

    def write(name: str, count: int) -> None:
        rows = [
            bytes([3, i % classes] if classes == 100 else [i % classes])
            + rng.integers(0, 256, 3072).astype(np.uint8).tobytes()
            for i in range(count)
        ]
        (folder / name).write_bytes(b''.join(rows))

    folder = root / ('cifar-10-batches-bin' if classes == 10 else 'cifar-100-binary')
    folder.mkdir(parents=True)
    if classes == 10:
        for number in range(1, 6):
            write(f'data_batch_{number}.bin', 11)
        write('test_batch.bin', 10)
        lines(folder / 'batches.meta.txt', *(f'name{i}' for i in range(10)))
        return
    write('train.bin', 100)
    write('test.bin', 100)
    lines(folder / 'fine_label_names.txt', *(f'fine{i}' for i in range(100)))
    lines(folder / 'coarse_label_names.txt', *(f'coarse{i}' for i in range(20)))


def birdsnap(root: Path) -> None:
    """As released, after its script has fetched the pictures that still exist."""
    lines(
        root / 'species.txt', 'id\tcommon\tscientific\tdir', '1\tA\tA\tAcadian', '2\tB\tB\tYellow'
    )
    names = [f'{("Acadian", "Yellow")[i % 2]}/{i}.jpg' for i in range(6)]
    rows = [f'http://x/{i}.jpg\tab\t{name}\t{i % 2 + 1}\t0' for i, name in enumerate(names)]
    lines(root / 'images.txt', 'url\tmd5\tpath\tspecies_id\tbb_x1', *rows)
    lines(root / 'test_images.txt', 'path', *names[4:])
    for name in names[1:]:  # the first is gone
        picture(root / f'images/{name}')


def cog(root: Path) -> None:
    """ImageNet-CoG's two pickles as released, beside folders of ImageNet-21k."""
    levels = [[f'n0{level}00000{i}' for i in range(2)] for level in range(1, 6)]
    files = {}
    for wnids in levels:
        for wnid in wnids:
            names = {role: [f'{wnid}/{wnid}_{role}{i}.JPEG' for i in range(2)] for role in _ROLES}
            files[wnid] = {role: np.array(found) for role, found in names.items()}
            for name in (*names['train'], *names['test']):
                picture(root / f'images/{name}')
    (root / 'cog_levels_mapping_file.pkl').write_bytes(pickle.dumps(levels))
    (root / 'cog_concepts_split_file.pkl').write_bytes(pickle.dumps(files))
