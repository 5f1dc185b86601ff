"""What people's files differ in from the official ones: changes of a copy, drawn at random."""

from __future__ import annotations

import copy
import json
import random
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from PIL import Image

Content = dict[str, Any]

_PICTURES = ('.jpg', '.jpeg', '.png')
_LISTS = ('.txt', '.csv', '.label')
# a row of these belongs to the frame of its place, and the place is all that says so
_ORDERED = ('groundtruth.txt', 'absence.label', 'cover.label', 'cut_by_image.label')


class Change(NamedTuple):
    """What was changed.

    Attributes:
        files: that were changed, one of which a refusal has to name.
        keeps: whether the data mean what they meant before.
        keeps_order: whether samples are in the order in which they were.
    """

    files: tuple[Path, ...]
    keeps: bool = True
    keeps_order: bool = True


Mutation = Callable[[Path, random.Random], Change | None]
"""Changes a copy below a folder; ``None`` where it has nothing of the kind to change."""


def _files(root: Path, *endings: str) -> list[Path]:
    return sorted(
        path
        for path in root.rglob('*')
        if path.is_file() and path.suffix.lower() in endings and not path.name.startswith('.')
    )


def _is_map(path: Path) -> bool:
    if path.suffix != '.png':
        return False
    with Image.open(path) as image:
        return image.mode not in ('RGB', 'RGBA')


def _pictures(root: Path) -> list[Path]:
    return [path for path in _files(root, *_PICTURES) if not _is_map(path)]


def _maps(root: Path) -> list[Path]:
    return [path for path in _files(root, '.png') if _is_map(path)]


def _pick(found: list[Path], rng: random.Random) -> Path | None:
    return rng.choice(found) if found else None


# pictures


def _of_picture(change: Callable[[Path, random.Random], bool]) -> Mutation:
    """Return the mutation of one picture by ``change``, which returns whether pixels stay."""

    def mutate(root: Path, rng: random.Random) -> Change | None:
        path = _pick(_pictures(root), rng)
        return path and Change((path,), keeps=change(path, rng))  # type: ignore[return-value]

    return mutate


def _read(path: Path) -> np.ndarray:
    image: np.ndarray = cv2.imread(str(path), cv2.IMREAD_COLOR_RGB)
    return image


def _save(path: Path, values: np.ndarray | Image.Image, **options: Any) -> None:
    image = values if isinstance(values, Image.Image) else Image.fromarray(values)
    image.save(path, **{'format': 'PNG', **options})


def _remove(path: Path, _: random.Random) -> bool:
    path.unlink()
    return False


def _cut(path: Path, rng: random.Random) -> bool:
    data = path.read_bytes()
    path.write_bytes(data[: rng.choice((0, 10, len(data) // 2, len(data) - 30))])
    return False


def _other_format(path: Path, rng: random.Random) -> bool:
    """Another format under the same name, its pixels being the same."""
    which: dict[str, Any] = rng.choice(
        ({}, {'format': 'BMP'}, {'format': 'WEBP', 'lossless': True}, {'format': 'TIFF'})
    )
    _save(path, _read(path), **which)
    return True


def _transparent(path: Path, _: random.Random) -> bool:
    values = _read(path)
    alpha = np.full((*values.shape[:2], 1), 200, np.uint8)
    _save(path, np.concatenate([values, alpha], axis=2))
    return True


def _grey(path: Path, _: random.Random) -> bool:
    _save(path, np.asarray(Image.fromarray(_read(path)).convert('L')))
    return False


def _sixteen_bits(path: Path, _: random.Random) -> bool:
    _write(path, _read(path)[..., ::-1].astype(np.uint16) * 257)
    return True


def _twelve_bits(path: Path, _: random.Random) -> bool:
    _write(path, _read(path)[..., ::-1].astype(np.uint16) * 15)
    return False


def _write(path: Path, values: np.ndarray) -> None:
    """Write a PNG whatever the name of the file."""
    done, data = cv2.imencode('.png', values)
    assert done
    path.write_bytes(data.tobytes())


def _tagged(path: Path, rng: random.Random) -> bool:
    """A tag that turns the picture, whose stored pixels stay: no change to labels with places."""
    exif = Image.Exif()
    exif[0x0112] = rng.randint(2, 8)
    _save(path, _read(path), exif=exif)
    return True


def _turned(path: Path, rng: random.Random) -> bool:
    """Stored on its side with the tag that turns it back: the upright picture stays."""
    turn, tag = rng.choice(((Image.Transpose.ROTATE_90, 6), (Image.Transpose.ROTATE_270, 8)))
    exif = Image.Exif()
    exif[0x0112] = tag
    _save(path, Image.fromarray(_read(path)).transpose(turn), exif=exif)
    return True


def _smaller(path: Path, _: random.Random) -> bool:
    values = _read(path)
    _save(path, values[: values.shape[0] // 2, : values.shape[1] // 2].copy())
    return False


def _upper_ending(path: Path, _: random.Random) -> bool:
    path.rename(path.with_suffix(path.suffix.upper()))
    return True


def _other_ending(path: Path, _: random.Random) -> bool:
    _save(path, _read(path))
    path.rename(path.with_suffix('.png' if path.suffix != '.png' else '.bmp'))
    return True


def _linked(path: Path, _: random.Random) -> bool:
    elsewhere = path.with_name(f'.{path.name}.real')
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    return True


def _folder_for_file(path: Path, _: random.Random) -> bool:
    path.unlink()
    path.mkdir()
    return False


def _swap(found: list[Path], rng: random.Random) -> Change | None:
    if len(found) < 2:
        return None
    one, other = rng.sample(found, 2)
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)
    return Change((one, other), keeps=first == second)


def _swapped_pictures(root: Path, rng: random.Random) -> Change | None:
    return _swap(_pictures(root), rng)


def _doubled_picture(root: Path, rng: random.Random) -> Change | None:
    path = _pick(_pictures(root), rng)
    if path is None:
        return None
    twin = path.with_name(f'{path.stem} copy{path.suffix}')
    shutil.copy(path, twin)
    return Change((twin, path))


def _copied_over(root: Path, rng: random.Random) -> Change | None:
    """One picture's content under the name of another as well."""
    found = _pictures(root)
    if len(found) < 2:
        return None
    one, other = rng.sample(found, 2)
    shutil.copy(one, other)
    return Change((one, other), keeps=False)


def _hidden(root: Path, rng: random.Random) -> Change | None:
    folder = rng.choice(sorted({path.parent for path in _files(root, *_PICTURES)}))
    name = rng.choice(('.DS_Store', '._a.jpg', '.hidden.png', 'Thumbs.db', 'README', 'desktop.ini'))
    (folder / name).write_bytes(b'\0\1nothing')
    return Change((folder / name,))


def _stray_picture(root: Path, rng: random.Random) -> Change | None:
    folders = sorted({path.parent for path in _files(root, *_PICTURES)} | {root})
    path = rng.choice(folders) / f'zz_stray{rng.choice((".jpg", ".webp", ".JPG", ".png"))}'
    _save(path, np.full((48, 64, 3), 99, np.uint8))
    return Change((path,))


def _renamed_folder(root: Path, rng: random.Random) -> Change | None:
    path = rng.choice(sorted({path.parent for path in _files(root, *_PICTURES)} - {root}))
    name = rng.choice((path.name.upper(), f'{path.name} ', f'{path.name}2', path.name.title()))
    if name == path.name:
        return None
    path.rename(path.with_name(name))
    return Change((path, path.with_name(name)))


# label and depth maps


def _of_map(change: Callable[[np.ndarray, random.Random], tuple[np.ndarray, bool]]) -> Mutation:
    def mutate(root: Path, rng: random.Random) -> Change | None:
        path = _pick(_maps(root), rng)
        if path is None:
            return None
        values, keeps = change(cv2.imread(str(path), cv2.IMREAD_UNCHANGED), rng)
        _write(path, values)
        return Change((path,), keeps=keeps)

    return mutate


def _map_smaller(values: np.ndarray, _: random.Random) -> tuple[np.ndarray, bool]:
    return values[::2, ::2].copy(), False


def _map_in_colour(values: np.ndarray, rng: random.Random) -> tuple[np.ndarray, bool]:
    return np.repeat(values[..., None], rng.choice((3, 4)), axis=2), True


def _map_deeper(values: np.ndarray, _: random.Random) -> tuple[np.ndarray, bool]:
    return values.astype(np.uint16), True


def _map_shallower(values: np.ndarray, _: random.Random) -> tuple[np.ndarray, bool]:
    fits = values.max() <= 255
    return np.clip(values // (1 if fits else 256), 0, 255).astype(np.uint8), bool(fits)


def _map_out_of_range(values: np.ndarray, rng: random.Random) -> tuple[np.ndarray, bool]:
    wide = values.astype(np.uint16)
    wide[5, 7] = rng.choice((200, 254, 256, 300, 65535))
    return (wide if wide.max() > 255 else wide.astype(np.uint8)), False


def _map_turned(values: np.ndarray, _: random.Random) -> tuple[np.ndarray, bool]:
    return np.rot90(values).copy(), False


def _map_shifted(values: np.ndarray, _: random.Random) -> tuple[np.ndarray, bool]:
    return np.where(values == 255, 255, values + 1).astype(values.dtype), False


def _map_as_jpeg(root: Path, rng: random.Random) -> Change | None:
    path = _pick(_maps(root), rng)
    if path is None:
        return None
    values = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    Image.fromarray(values.astype(np.uint8)).save(path, format='JPEG')
    return Change((path,), keeps=False)


def _map_palette(root: Path, rng: random.Random) -> Change | None:
    path = _pick(_maps(root), rng)
    if path is None:
        return None
    values = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if values.dtype != np.uint8:
        return None
    image = Image.fromarray(values).convert('P')
    image.putdata(values.ravel().tolist())
    image.putpalette(rng.randbytes(768))
    _save(path, image)
    return Change((path,))


def _map_missing(root: Path, rng: random.Random) -> Change | None:
    path = _pick(_maps(root), rng)
    if path is None:
        return None
    path.unlink()
    return Change((path,), keeps=False)


def _maps_swapped(root: Path, rng: random.Random) -> Change | None:
    return _swap(_maps(root), rng)


def _all_ignored(root: Path, _: random.Random) -> Change | None:
    found = _maps(root)
    for path in found:
        _write(path, np.full_like(cv2.imread(str(path), cv2.IMREAD_UNCHANGED), 255))
    return Change(tuple(found), keeps=False) if found else None


def _two_codes(root: Path, _: random.Random) -> Change | None:
    """Maps of 0 and 255, as editors of pictures write them."""
    found = _maps(root)
    for path in found:
        values = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        _write(path, np.where(values > 5, 255, 0).astype(np.uint8))
    return Change(tuple(found), keeps=False) if found else None


# lists


def _of_text(
    change: Callable[[str, random.Random], str | bytes | None],
    *,
    keeps: bool = True,
    reorders: bool = False,
) -> Mutation:
    """Return the mutation of one list by ``change``, which returns its new content."""

    def mutate(root: Path, rng: random.Random) -> Change | None:
        path = _pick(_files(root, *_LISTS), rng)
        if path is None:
            return None
        content = change(path.read_text(encoding='utf-8'), rng)
        if content is None:
            return None
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        is_meant = keeps and not (reorders and path.name in _ORDERED)
        return Change((path,), keeps=is_meant, keeps_order=not reorders)

    return mutate


def _encoded(text: str, rng: random.Random) -> bytes:
    return text.encode(rng.choice(('utf-8-sig', 'utf-16', 'utf-16-le', 'utf-16-be')))


def _windows(text: str, _: random.Random) -> str:
    return text.replace('\n', '\r\n')


def _blank_lines(text: str, rng: random.Random) -> str:
    rows = text.splitlines()
    rows.insert(rng.randint(0, len(rows)), rng.choice(('', '  ', '\t')))
    return '\n'.join(rows) + rng.choice(('', '\n', '\n\n\n'))


def _padded(text: str, rng: random.Random) -> str:
    return ''.join(f'{rng.choice(("", " "))}{row}{" " * rng.randint(0, 3)}\n'
                   for row in text.splitlines())  # fmt: skip


def _separated(text: str, rng: random.Random) -> str | None:
    return re.sub(r'[ ,]', rng.choice(('\t', '  ')), text) if re.search('[ ,]', text) else None


def _shuffled(text: str, rng: random.Random) -> str:
    rows = text.splitlines()
    rng.shuffle(rows)
    return '\n'.join(rows) + '\n'


def _row_doubled(text: str, rng: random.Random) -> str:
    rows = text.splitlines()
    rows.insert(rng.randint(0, len(rows)), rng.choice(rows))
    return '\n'.join(rows) + '\n'


def _row_gone(text: str, rng: random.Random) -> str:
    rows = text.splitlines()
    del rows[rng.randrange(len(rows))]
    return '\n'.join(rows) + '\n' if rows else ''


def _row_cut(text: str, rng: random.Random) -> str:
    rows = text.splitlines()
    place = rng.randrange(len(rows))
    rows[place] = rows[place][: rng.randint(1, max(1, len(rows[place]) - 1))]
    return '\n'.join(rows) + '\n'


def _row_upper(text: str, rng: random.Random) -> str | None:
    rows = text.splitlines()
    place = rng.randrange(len(rows))
    if rows[place].upper() == rows[place]:
        return None
    rows[place] = rows[place].upper()
    return '\n'.join(rows) + '\n'


def _word_changed(text: str, rng: random.Random) -> str:
    rows = text.splitlines()
    place = rng.randrange(len(rows))
    words = re.split('([ ,])', rows[place])
    words[rng.randrange(0, len(words), 2)] = rng.choice(('nan', '-1', 'x', '9999', '', 'inf', 'ü'))
    rows[place] = ''.join(words)
    return '\n'.join(rows) + '\n'


def _emptied(text: str, rng: random.Random) -> str:
    return rng.choice(('', '\n', ' \n\n'))


def _list_missing(root: Path, rng: random.Random) -> Change | None:
    path = _pick(_files(root, *_LISTS, '.xml', '.json', '.ini'), rng)
    if path is None:
        return None
    path.unlink()
    return Change((path,), keeps=False)


def _lists_swapped(root: Path, rng: random.Random) -> Change | None:
    return _swap(_files(root, *_LISTS, '.xml', '.json'), rng)


def _binary(root: Path, rng: random.Random) -> Change | None:
    path = _pick(_files(root, *_LISTS, '.xml', '.json', '.ini'), rng)
    if path is None:
        return None
    path.write_bytes(rng.randbytes(60))
    return Change((path,), keeps=False)


# annotations in JSON


def _of_json(
    change: Callable[[Content, random.Random], bool | None], *, reorders: bool = False
) -> Mutation:
    """Return the mutation of one file by ``change``: whether the meaning stays, ``None`` for no."""

    def mutate(root: Path, rng: random.Random) -> Change | None:
        found = [path for path in _files(root, '.json') if 'detection_results' not in str(path)]
        path = _pick(found, rng)
        if path is None:
            return None
        content = json.loads(path.read_text(encoding='utf-8'))
        keeps = change(content, rng)
        if keeps is None:
            return None
        path.write_text(json.dumps(content), encoding='utf-8')
        return Change((path,), keeps=keeps, keeps_order=not reorders)

    return mutate


def _json_encoded(root: Path, rng: random.Random) -> Change | None:
    path = _pick(_files(root, '.json'), rng)
    if path is None:
        return None
    content = json.loads(path.read_text(encoding='utf-8'))
    text = json.dumps(content, indent=rng.choice((None, 1)), sort_keys=rng.choice((False, True)))
    path.write_bytes(text.encode(rng.choice(('utf-8-sig', 'utf-16'))))
    return Change((path,))


def _json_cut(root: Path, rng: random.Random) -> Change | None:
    path = _pick(_files(root, '.json'), rng)
    if path is None:
        return None
    text = path.read_text(encoding='utf-8')
    path.write_text(text[: rng.randrange(len(text))], encoding='utf-8')
    return Change((path,), keeps=False)


def _lists_reordered(content: Content, rng: random.Random) -> bool:
    for key in ('images', 'annotations', 'categories'):
        rng.shuffle(content.get(key, []))
    return True


def _annotation_ids(content: Content, rng: random.Random) -> bool:
    how = rng.choice(('from 0', 'equal', 'texts', 'none', 'per image'))
    seen: dict[Any, int] = {}
    for number, one in enumerate(content['annotations']):
        seen[one['image_id']] = seen.get(one['image_id'], -1) + 1
        one['id'] = {
            'from 0': number,
            'equal': 3,
            'texts': f'a{number}',
            'none': None,
            'per image': seen[one['image_id']],
        }[how]
        if how == 'none':
            del one['id']
    return True


def _category_ids(content: Content, rng: random.Random) -> bool:
    """Other ids of categories, everywhere in the file."""
    ids = [one['id'] for one in content['categories']]
    others = dict(zip(ids, rng.sample(range(1, 5 * len(ids) + 9), len(ids)), strict=True))
    for one in content['categories']:
        one['id'] = others[one['id']]
    for one in content['annotations']:
        one['category_id'] = others[one['category_id']]
    for image in content['images']:
        for key in ('neg_category_ids', 'not_exhaustive_category_ids'):
            if key in image:
                image[key] = [others[number] for number in image[key]]
    return True


def _image_ids(content: Content, rng: random.Random) -> bool:
    shift = rng.choice((0, 1000, 123456789012))
    for image in content['images']:
        image['id'] = image['id'] + shift if shift else str(image['id'])
    for one in content['annotations']:
        one['image_id'] = one['image_id'] + shift if shift else str(one['image_id'])
    return True


def _numbers_as_texts(content: Content, rng: random.Random) -> bool:
    for one in rng.choice((content['images'], content['annotations'])):
        for key, value in one.items():
            if isinstance(value, int | float) and not isinstance(value, bool):
                one[key] = str(value)
    return True


def _record_gone(content: Content, rng: random.Random) -> bool | None:
    found = content[rng.choice(('images', 'annotations', 'categories'))]
    del found[rng.randrange(len(found))]
    return False


def _record_doubled(content: Content, rng: random.Random) -> bool:
    found = content[rng.choice(('images', 'annotations', 'categories'))]
    found.append(copy.deepcopy(rng.choice(found)))
    return True


def _key_gone(content: Content, rng: random.Random) -> bool:
    one = rng.choice(content[rng.choice(('images', 'annotations', 'categories'))])
    del one[rng.choice(sorted(one))]
    return False


def _value_changed(content: Content, rng: random.Random) -> bool:
    one = rng.choice(content[rng.choice(('images', 'annotations', 'categories'))])
    one[rng.choice(sorted(one))] = rng.choice(
        (None, -1, 'x', [], {}, float('nan'), 1e9, True, 0, [1, 2], '')
    )
    return False


def _number_changed(content: Content, rng: random.Random) -> bool | None:
    one = rng.choice(content['annotations'])
    key = rng.choice([key for key in ('bbox', 'keypoints', 'area') if key in one] or [''])
    if not key:
        return None
    wrong = rng.choice((float('nan'), -50, 1e6, None, 'x'))
    if isinstance(one[key], list):
        one[key][rng.randrange(len(one[key]))] = wrong
    else:
        one[key] = wrong
    return False


def _classes_renamed(content: Content, rng: random.Random) -> bool:
    one = rng.choice(content['categories'])
    one['name'] = rng.choice((one['name'].upper(), f'{one["name"]} ', 'other', f'{one["name"]}s'))
    return True


def _names_in_case(content: Content, rng: random.Random) -> bool | None:
    images = [one for one in content['images'] if 'file_name' in one]
    if not images:
        return None
    one = rng.choice(images)
    one['file_name'] = rng.choice(
        (one['file_name'].upper(), f'./{one["file_name"]}', f' {one["file_name"]}')
    )
    return True


def _size_changed(content: Content, rng: random.Random) -> bool | None:
    images = [one for one in content['images'] if 'width' in one]
    if not images:
        return None
    one = rng.choice(images)
    # turned sizes mean the turned picture, which has no tag here: refused
    one['width'], one['height'] = rng.choice(((one['height'], one['width']), (50, 40), (0, 0)))
    return True


# annotations in XML


def _of_xml(change: Callable[[str, random.Random], str | bytes], *, keeps: bool) -> Mutation:
    def mutate(root: Path, rng: random.Random) -> Change | None:
        path = _pick(_files(root, '.xml'), rng)
        if path is None:
            return None
        text = path.read_text(encoding='utf-8')
        content = change(text, rng)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return Change((path,), keeps=keeps)

    return mutate


def _xml_encoded(text: str, rng: random.Random) -> bytes:
    head = '<?xml version="1.0" encoding="{}"?>\n'
    name = rng.choice(('utf-8-sig', 'utf-16', 'iso-8859-1'))
    return (head.format('utf-8' if name == 'utf-8-sig' else name) + text).encode(name)


def _xml_spaced(text: str, _: random.Random) -> str:
    return re.sub('><', '>\r\n  <', text)


def _xml_names(text: str, rng: random.Random) -> str:
    name = rng.choice(re.findall('<name>(.*?)</name>', text))
    other = rng.choice((name.upper(), 'unicorn', ''))
    return text.replace(f'<name>{name}</name>', f'<name>{other}</name>', 1)


def _xml_numbers(text: str, rng: random.Random) -> str:
    tag = rng.choice(('xmin', 'ymax', 'width', 'height', 'xmax'))
    return re.sub(
        f'(<{tag}>)[^<]*', rf'\g<1>{rng.choice(("-5", "nan", "x", "999", "0", ""))}', text
    )


def _xml_cut(text: str, rng: random.Random) -> str:
    return text[: rng.randrange(len(text))]


def _xml_doubled(text: str, _: random.Random) -> str:
    return re.sub('(<object>.*?</object>)', r'\1\1', text, count=1, flags=re.DOTALL)


def _xml_without(text: str, rng: random.Random) -> str:
    tag = rng.choice(('size', 'name', 'bndbox', 'difficult', 'object', 'filename', 'pose'))
    return re.sub(f'<{tag}>.*?</{tag}>', '', text, count=1, flags=re.DOTALL)


# films


def _unpadded(root: Path, rng: random.Random) -> Change | None:
    """Frames of one film as 1, 2, 10 rather than 000001, 000002, 000010."""
    folder = _film(root, rng)
    if folder is None:
        return None
    for path in sorted(folder.iterdir()):
        if path.suffix == '.jpg':
            path.rename(path.with_name(f'{int(path.stem)}.jpg'))
    return Change((folder,))


def _film(root: Path, rng: random.Random) -> Path | None:
    found = sorted({p.parent for p in _files(root, '.jpg') if re.fullmatch(r'\d{6,8}', p.stem)})
    films = [f for f in found if (f / 'groundtruth.txt').exists() or f.name == 'img1']
    return _pick(films, rng)


def _frames_swapped(root: Path, rng: random.Random) -> Change | None:
    folder = _film(root, rng)
    return folder and _swap(sorted(folder.glob('*.jpg')), rng)  # type: ignore[return-value]


def _frame_of_other_size(root: Path, rng: random.Random) -> Change | None:
    folder = _film(root, rng)
    if folder is None:
        return None
    path = rng.choice(sorted(folder.glob('*.jpg')))
    _smaller(path, rng)
    return Change((path,), keeps=False)


def _info_changed(root: Path, rng: random.Random) -> Change | None:
    path = _pick(_files(root, '.ini'), rng)
    if path is None:
        return None
    rows = path.read_text().splitlines()
    place = rng.randrange(1, len(rows))
    key = rows[place].partition('=')[0]
    rows[place] = f'{key}={rng.choice(("", "0", "x", "7", "-1"))}'
    path.write_text('\n'.join(rows) + '\n')
    return Change((path,), keeps=False)


MUTATIONS: dict[str, dict[str, Mutation]] = {
    'pictures: missing': {
        'deleted': _of_picture(_remove),
        'cut': _of_picture(_cut),
        'folder': _of_picture(_folder_for_file),
    },
    'pictures: doubled': {'copy beside': _doubled_picture, 'copied over': _copied_over},
    'pictures: swapped': {'pictures': _swapped_pictures, 'frames': _frames_swapped},
    'pictures: extra files': {'hidden': _hidden, 'stray': _stray_picture},
    'pictures: case and ending of names': {
        'upper': _of_picture(_upper_ending),
        'other ending': _of_picture(_other_ending),
        'folder': _renamed_folder,
        'linked': _of_picture(_linked),
        'unpadded': _unpadded,
    },
    'pictures: orientation': {'tagged': _of_picture(_tagged), 'turned': _of_picture(_turned)},
    'pictures: depth and format': {
        'format': _of_picture(_other_format),
        'transparent': _of_picture(_transparent),
        'grey': _of_picture(_grey),
        '16 bits': _of_picture(_sixteen_bits),
        '12 bits': _of_picture(_twelve_bits),
    },
    'pictures: size': {'picture': _of_picture(_smaller), 'frame': _frame_of_other_size},
    'maps: size and orientation': {
        'smaller': _of_map(_map_smaller),
        'turned': _of_map(_map_turned),
    },
    'maps: depth and format': {
        'colour': _of_map(_map_in_colour),
        'deeper': _of_map(_map_deeper),
        'shallower': _of_map(_map_shallower),
        'jpeg': _map_as_jpeg,
        'palette': _map_palette,
    },
    'maps: values': {
        'out of range': _of_map(_map_out_of_range),
        'shifted': _of_map(_map_shifted),
        'ignored': _all_ignored,
        'two codes': _two_codes,
    },
    'maps: missing, swapped': {'missing': _map_missing, 'swapped': _maps_swapped},
    'lists: encoding': {
        'encoded': _of_text(_encoded),
        'windows': _of_text(_windows),
        'blank': _of_text(_blank_lines),
        'padded': _of_text(_padded),
        'separated': _of_text(_separated),
        'json': _json_encoded,
        'xml': _of_xml(_xml_encoded, keeps=True),
        'xml spaced': _of_xml(_xml_spaced, keeps=True),
    },
    'lists: order': {
        'shuffled': _of_text(_shuffled, reorders=True),
        'json': _of_json(_lists_reordered, reorders=True),
    },
    'lists: missing, swapped': {
        'missing': _list_missing,
        'swapped': _lists_swapped,
        'row': _of_text(_row_gone, keeps=False),
        'record': _of_json(_record_gone),
        'empty': _of_text(_emptied, keeps=False),
    },
    'lists: doubled': {
        'row': _of_text(_row_doubled, keeps=False),
        'record': _of_json(_record_doubled),
        'xml': _of_xml(_xml_doubled, keeps=True),
    },
    'lists: damaged': {
        'cut': _of_text(_row_cut, keeps=False),
        'word': _of_text(_word_changed, keeps=False),
        'binary': _binary,
        'json cut': _json_cut,
        'key': _of_json(_key_gone),
        'value': _of_json(_value_changed),
        'number': _of_json(_number_changed),
        'size': _of_json(_size_changed),
        'xml cut': _of_xml(_xml_cut, keeps=False),
        'xml numbers': _of_xml(_xml_numbers, keeps=False),
        'xml without': _of_xml(_xml_without, keeps=False),
        'info': _info_changed,
    },
    'lists: ids': {
        'annotations': _of_json(_annotation_ids),
        'categories': _of_json(_category_ids),
        'images': _of_json(_image_ids),
        'texts': _of_json(_numbers_as_texts),
    },
    'lists: classes and case of names': {
        'upper': _of_text(_row_upper, keeps=False),
        'categories': _of_json(_classes_renamed),
        'names': _of_json(_names_in_case),
        'xml': _of_xml(_xml_names, keeps=False),
    },
}
"""By kind of mutation."""


def drawn(rng: random.Random) -> Iterator[tuple[str, str, Mutation]]:
    """Yield mutations (kind, name, change) in a random order, the kinds alike often, for ever."""
    while True:
        kinds = sorted(MUTATIONS)
        rng.shuffle(kinds)
        for kind in kinds:
            name = rng.choice(sorted(MUTATIONS[kind]))
            yield kind, name, MUTATIONS[kind][name]
