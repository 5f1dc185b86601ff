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


def _mirrored(path: Path, rng: random.Random) -> bool:
    """Stored as a mirror image or upside down with its tag, which no size can confirm."""
    turn, tag = rng.choice(
        (
            (Image.Transpose.FLIP_LEFT_RIGHT, 2),
            (Image.Transpose.ROTATE_180, 3),
            (Image.Transpose.FLIP_TOP_BOTTOM, 4),
        )
    )
    exif = Image.Exif()
    exif[0x0112] = tag
    _save(path, Image.fromarray(_read(path)).transpose(turn), exif=exif)
    return False


def _idle_tag(path: Path, rng: random.Random) -> bool:
    """A tag that turns nothing, or that does not exist."""
    exif = Image.Exif()
    exif[0x0112] = rng.choice((0, 1, 9, 300))
    _save(path, _read(path), exif=exif)
    return True


def _palette(path: Path, _: random.Random) -> bool:
    _save(path, Image.fromarray(_read(path)).convert('P', palette=Image.Palette.ADAPTIVE))
    return False


def _other_mode(path: Path, rng: random.Random) -> bool:
    """Modes whose range or colours differ from those of photographs."""
    mode = rng.choice(('CMYK', '1', 'LA', 'F', 'I'))
    how = {'CMYK': 'JPEG', 'F': 'TIFF', 'I': 'TIFF'}.get(mode, 'PNG')
    image = Image.fromarray(_read(path))
    if mode in ('F', 'I', 'LA'):
        image = image.convert('L')
    _save(path, image.convert(mode), format=how)
    return False


def _several_frames(path: Path, _: random.Random) -> bool:
    """A second frame after the picture."""
    image = Image.fromarray(_read(path))
    more = [Image.new('RGB', image.size, (9, 9, 9))]
    _save(path, image, format='TIFF', save_all=True, append_images=more)
    return True


def _key_colour(path: Path, _: random.Random) -> bool:
    _save(path, _read(path), transparency=(1, 2, 3))
    return True


def _not_a_picture(path: Path, rng: random.Random) -> bool:
    """What a failed download or a missing large-file store leaves."""
    path.write_bytes(
        rng.choice(
            (
                b'<html><body>404 Not Found</body></html>',
                b'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n',
                rng.randbytes(200),
            )
        )
    )
    return False


def _longer_file(path: Path, rng: random.Random) -> bool:
    """Bytes after the end of the picture, as some cameras write them."""
    path.write_bytes(path.read_bytes() + rng.randbytes(40))
    return True


def _dangling(path: Path, _: random.Random) -> bool:
    path.unlink()
    path.symlink_to(path.with_name('nowhere.jpg'))
    return False


def _larger(path: Path, _: random.Random) -> bool:
    values = _read(path)
    _save(path, np.repeat(np.repeat(values, 2, axis=0), 2, axis=1))
    return False


def _one_pixel(path: Path, _: random.Random) -> bool:
    _save(path, _read(path)[:1, :1].copy())
    return False


def _row_less(path: Path, _: random.Random) -> bool:
    _save(path, _read(path)[:-1].copy())
    return False


def _other_case(path: Path, rng: random.Random) -> bool:
    other = rng.choice((path.stem.upper(), f'{path.stem} ', f'{path.stem}é', f'{path.stem}(1)'))
    path.rename(path.with_name(f'{other}{path.suffix}'))
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
    return Change((one, other), keeps=first == second, keeps_order=False)


def _swapped_pictures(root: Path, rng: random.Random) -> Change | None:
    return _swap(_pictures(root), rng)


def _doubled_picture(root: Path, rng: random.Random) -> Change | None:
    path = _pick(_pictures(root), rng)
    if path is None:
        return None
    twin = path.with_name(f'{path.stem} copy{path.suffix}')
    shutil.copy(path, twin)
    return Change((twin, path))


def _other_ending_beside(root: Path, rng: random.Random) -> Change | None:
    """The same picture again, in another format beside it."""
    path = _pick(_pictures(root), rng)
    if path is None:
        return None
    twin = path.with_suffix('.bmp')
    _save(twin, _read(path), format='BMP')
    return Change((twin, path))


def _copied_elsewhere(root: Path, rng: random.Random) -> Change | None:
    """A picture in another folder as well, of another class or split."""
    path = _pick(_pictures(root), rng)
    folders = sorted({other.parent for other in _pictures(root)} - {path.parent if path else root})
    if path is None or not folders:
        return None
    twin = rng.choice(folders) / f'twin{path.name}'
    shutil.copy(path, twin)
    return Change((twin, path), keeps=False)


def _folder_gone(root: Path, rng: random.Random) -> Change | None:
    folder = _pick(sorted({path.parent for path in _pictures(root)} - {root}), rng)
    if folder is None:
        return None
    shutil.rmtree(folder)
    return Change((folder,), keeps=False)


def _in_a_circle(root: Path, rng: random.Random) -> Change | None:
    """Three pictures, each with the content of the next."""
    found = _pictures(root)
    if len(found) < 3:
        return None
    chosen = rng.sample(found, 3)
    contents = [path.read_bytes() for path in chosen]
    for path, content in zip(chosen, [*contents[1:], contents[0]], strict=True):
        path.write_bytes(content)
    return Change(tuple(chosen), keeps=len(set(contents)) == 1, keeps_order=False)


def _other_files(root: Path, rng: random.Random) -> Change | None:
    """What tools and people leave beside pictures."""
    path = _pick(_pictures(root), rng)
    if path is None:
        return None
    extra = path.with_name(rng.choice((f'{path.name}~', f'{path.name}.bak', 'data.zip', 'x.npy')))
    shutil.copy(path, extra)
    return Change((extra,))


def _empty_folder(root: Path, rng: random.Random) -> Change | None:
    folder = rng.choice(sorted({path.parent for path in _files(root, *_PICTURES)}))
    extra = rng.choice((folder, folder.parent)) / rng.choice(('new', '.cache', '__MACOSX'))
    extra.mkdir(exist_ok=True)
    return Change((extra,))


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


def _map_mirrored(values: np.ndarray, rng: random.Random) -> tuple[np.ndarray, bool]:
    flipped = np.flip(values, rng.randrange(2)).copy()
    return flipped, bool((flipped == values).all())


def _map_row_less(values: np.ndarray, _: random.Random) -> tuple[np.ndarray, bool]:
    return values[:-1].copy(), False


def _map_larger(values: np.ndarray, _: random.Random) -> tuple[np.ndarray, bool]:
    return np.repeat(np.repeat(values, 2, axis=0), 2, axis=1), False


def _map_inverted(values: np.ndarray, _: random.Random) -> tuple[np.ndarray, bool]:
    return np.iinfo(values.dtype).max - values, False


def _map_scaled(values: np.ndarray, rng: random.Random) -> tuple[np.ndarray, bool]:
    """Labels that are spread for the eye, or depths in another unit."""
    wide = values.astype(np.int64) * rng.choice((10, 50))
    top = np.iinfo(values.dtype).max
    return np.clip(wide, 0, top).astype(values.dtype), False


def _map_constant(values: np.ndarray, rng: random.Random) -> tuple[np.ndarray, bool]:
    return np.full_like(values, rng.choice((0, 1, values.max()))), False


def _map_merged(values: np.ndarray, rng: random.Random) -> tuple[np.ndarray, bool]:
    """One of two labels in the place of the other."""
    found = np.unique(values)
    if len(found) < 2:
        return values, True
    one, other = rng.sample(found.tolist(), 2)
    return np.where(values == one, other, values).astype(values.dtype), False


def _map_saved(how: str, mode: str | None = None) -> Mutation:
    """Return the mutation that saves a map by another format or in another mode."""

    def mutate(root: Path, rng: random.Random) -> Change | None:
        path = _pick(_maps(root), rng)
        if path is None:
            return None
        values = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        if how == 'BMP' and values.dtype != np.uint8:
            return None
        kinds = {'F': np.float32, 'I': np.int32}
        _save(path, Image.fromarray(values.astype(kinds[mode]) if mode else values), format=how)
        return Change((path,))

    return mutate


def _map_renamed(root: Path, rng: random.Random) -> Change | None:
    path = _pick(_maps(root), rng)
    if path is None:
        return None
    other = rng.choice((path.with_suffix('.PNG'), path.with_name(f'{path.stem}_mask.png')))
    path.rename(other)
    return Change((path, other))


def _map_doubled(root: Path, rng: random.Random) -> Change | None:
    path = _pick(_maps(root), rng)
    if path is None:
        return None
    twin = path.with_name(f'{path.stem} copy.png')
    shutil.copy(path, twin)
    return Change((twin, path))


def _map_cut(root: Path, rng: random.Random) -> Change | None:
    path = _pick(_maps(root), rng)
    if path is None:
        return None
    data = path.read_bytes()
    path.write_bytes(data[: rng.choice((0, 20, len(data) // 2))])
    return Change((path,), keeps=False)


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


def _reversed(text: str, _: random.Random) -> str:
    return '\n'.join(reversed(text.splitlines())) + '\n'


def _rotated(text: str, _: random.Random) -> str:
    rows = text.splitlines()
    return '\n'.join([*rows[1:], *rows[:1]]) + '\n'


def _old_mac(text: str, _: random.Random) -> str:
    return text.replace('\n', '\r')


def _without_end(text: str, _: random.Random) -> str:
    return text.rstrip('\n')


def _wide_encoding(text: str, _: random.Random) -> bytes:
    return text.encode('utf-32')


def _half_gone(text: str, _: random.Random) -> str | None:
    rows = text.splitlines()
    return '\n'.join(rows[: len(rows) // 2]) + '\n' if len(rows) > 1 else None


def _all_doubled(text: str, _: random.Random) -> str:
    rows = text.splitlines()
    return '\n'.join([*rows, *rows]) + '\n'


def _words_swapped(text: str, rng: random.Random) -> str | None:
    """Two columns of a row exchanged."""
    rows = text.splitlines()
    place = rng.randrange(len(rows))
    words = re.split('([ ,])', rows[place])
    if len(words) < 3 or words[0] == words[-1]:
        return None
    words[0], words[-1] = words[-1], words[0]
    rows[place] = ''.join(words)
    return '\n'.join(rows) + '\n'


def _word_more(text: str, rng: random.Random) -> str:
    rows = text.splitlines()
    place = rng.randrange(len(rows))
    between = ',' if ',' in rows[place] else ' '
    rows[place] = f'{rows[place]}{between}{rng.choice(("0", "x", "1.5"))}'
    return '\n'.join(rows) + '\n'


def _semicolons(text: str, _: random.Random) -> str | None:
    return re.sub('[ ,]', ';', text) if re.search('[ ,]', text) else None


def _conflict(text: str, rng: random.Random) -> str:
    """What a merge leaves in a file under version control."""
    rows = text.splitlines()
    rows.insert(rng.randint(0, len(rows)), '<<<<<<< HEAD')
    return '\n'.join(rows) + '\n'


def _rows_swapped(text: str, rng: random.Random) -> str | None:
    """The last columns of two rows exchanged: labels, or sides of boxes."""
    rows = text.splitlines()
    if len(rows) < 2:
        return None
    one, other = rng.sample(range(len(rows)), 2)
    parts = [re.split('([ ,])', rows[place]) for place in (one, other)]
    if min(map(len, parts)) < 3 or parts[0][-1] == parts[1][-1]:
        return None
    parts[0][-1], parts[1][-1] = parts[1][-1], parts[0][-1]
    rows[one], rows[other] = (''.join(part) for part in parts)
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


def _lists_reversed(content: Content, _: random.Random) -> bool:
    for key in ('images', 'annotations', 'categories'):
        content.get(key, []).reverse()
    return True


def _keys_shuffled(content: Content, rng: random.Random) -> bool:
    """Other orders of keys in every record and at the top."""
    for key in ('images', 'annotations', 'categories'):
        records = content.get(key, [])
        records[:] = [dict(rng.sample(sorted(one.items()), len(one))) for one in records]
    items = rng.sample(sorted(content.items()), len(content))
    content.clear()
    content.update(items)
    return True


def _list_emptied(content: Content, rng: random.Random) -> bool:
    content[rng.choice(('images', 'annotations', 'categories'))] = []
    return False


def _list_gone(content: Content, rng: random.Random) -> bool:
    del content[rng.choice(('images', 'annotations', 'categories'))]
    return False


def _all_annotations_doubled(content: Content, _: random.Random) -> bool:
    content['annotations'] += copy.deepcopy(content['annotations'])
    return True


def _odd_ids(content: Content, rng: random.Random) -> bool:
    """Ids of annotations that are negative, huge or written as fractions."""
    how = rng.choice(('negative', 'huge', 'fractions'))
    for number, one in enumerate(content['annotations']):
        one['id'] = {'negative': -1 - number, 'huge': 10**18 + number, 'fractions': float(number)}[
            how
        ]
    return True


def _images_renumbered(content: Content, _: random.Random) -> bool | None:
    """Ids of pictures in the opposite order, everywhere in the file."""
    if any('keypoints' in one for one in content['annotations']):
        return None  # boxes of a detector, in a file of their own, know pictures by id
    ids = [one['id'] for one in content['images']]
    others = dict(zip(ids, reversed(ids), strict=True))
    for one in content['images']:
        one['id'] = others[one['id']]
    for one in content['annotations']:
        one['image_id'] = others[one['image_id']]
    return True


def _names_exchanged(content: Content, rng: random.Random) -> bool | None:
    """The names of two categories exchanged: labels of each other."""
    if len(content['categories']) < 2:
        return None
    one, other = rng.sample(content['categories'], 2)
    one['name'], other['name'] = other['name'], one['name']
    return False


def _pictures_exchanged(content: Content, rng: random.Random) -> bool | None:
    """Two pictures' file names exchanged, and nothing else."""
    images = [one for one in content['images'] if 'file_name' in one]
    if len(images) < 2:
        return None
    one, other = rng.sample(images, 2)
    one['file_name'], other['file_name'] = other['file_name'], one['file_name']
    return False


def _json_wrapped(root: Path, rng: random.Random) -> Change | None:
    """What is not quite the JSON that is meant."""
    path = _pick(_files(root, '.json'), rng)
    if path is None:
        return None
    text = path.read_text(encoding='utf-8').rstrip()
    made = (f'[{text}]', f'{text[:-1]},{text[-1]}', f'{text}\n{text}', f'var data = {text};')
    path.write_text(rng.choice(made), encoding='utf-8')
    return Change((path,), keeps=False)


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


def _xml_fractions(text: str, _: random.Random) -> str:
    return re.sub(r'(<(?:xmin|ymin|xmax|ymax)>)(\d+)<', r'\g<1>\g<2>.0<', text)


def _xml_padded(text: str, _: random.Random) -> str:
    return re.sub(r'<(\w+)>([^<>]+)</', r'<\1> \2\n</', text)


def _xml_reordered(text: str, _: random.Random) -> str:
    """The objects in the opposite order."""
    objects = re.findall('<object>.*?</object>', text, flags=re.DOTALL)
    turned = iter(reversed(objects))
    return re.sub('<object>.*?</object>', lambda _: next(turned), text, flags=re.DOTALL)


def _xml_corners_swapped(text: str, _: random.Random) -> str:
    """Left and right exchanged in the first box."""
    found = re.search('<xmin>(.*?)</xmin>.*?<xmax>(.*?)</xmax>', text, flags=re.DOTALL)
    if found is None:
        return text
    left, right = found.groups()
    text = text.replace(f'<xmin>{left}<', f'<xmin>{right}<', 1)
    return text.replace(f'<xmax>{right}<', f'<xmax>{left}<', 1)


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


def _last_frame_twice(root: Path, rng: random.Random) -> Change | None:
    """A film with one frame more than its truth."""
    folder = _film(root, rng)
    if folder is None:
        return None
    last = max(folder.glob('*.jpg'))
    twin = last.with_name(f'{int(last.stem) + 1:0{len(last.stem)}d}.jpg')
    shutil.copy(last, twin)
    return Change((twin, folder), keeps=False)


def _frame_gone(root: Path, rng: random.Random) -> Change | None:
    folder = _film(root, rng)
    if folder is None:
        return None
    path = rng.choice(sorted(folder.glob('*.jpg')))
    path.unlink()
    return Change((path, folder), keeps=False)


def _frames_from_zero(root: Path, rng: random.Random) -> Change | None:
    """Frames of one film counted from 0: most tools do, and the order stays."""
    folder = _film(root, rng)
    if folder is None:
        return None
    for path in sorted(folder.glob('*.jpg')):
        path.rename(path.with_name(f'{int(path.stem) - 1:0{len(path.stem)}d}.jpg'))
    return Change((folder,))


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
        'no picture': _of_picture(_not_a_picture),
        'dangling': _of_picture(_dangling),
        'whole folder': _folder_gone,
        'frame': _frame_gone,
    },
    'pictures: doubled': {
        'copy beside': _doubled_picture,
        'copied over': _copied_over,
        'other ending beside': _other_ending_beside,
        'copied elsewhere': _copied_elsewhere,
        'last frame': _last_frame_twice,
    },
    'pictures: swapped': {
        'pictures': _swapped_pictures,
        'frames': _frames_swapped,
        'circle': _in_a_circle,
    },
    'pictures: extra files': {
        'hidden': _hidden,
        'stray': _stray_picture,
        'other files': _other_files,
        'empty folder': _empty_folder,
    },
    'pictures: case and ending of names': {
        'upper': _of_picture(_upper_ending),
        'other ending': _of_picture(_other_ending),
        'folder': _renamed_folder,
        'linked': _of_picture(_linked),
        'unpadded': _unpadded,
        'other case': _of_picture(_other_case),
        'from zero': _frames_from_zero,
    },
    'pictures: orientation': {
        'tagged': _of_picture(_tagged),
        'turned': _of_picture(_turned),
        'mirrored': _of_picture(_mirrored),
        'idle tag': _of_picture(_idle_tag),
    },
    'pictures: depth and format': {
        'format': _of_picture(_other_format),
        'transparent': _of_picture(_transparent),
        'grey': _of_picture(_grey),
        '16 bits': _of_picture(_sixteen_bits),
        '12 bits': _of_picture(_twelve_bits),
        'palette': _of_picture(_palette),
        'mode': _of_picture(_other_mode),
        'frames': _of_picture(_several_frames),
        'key colour': _of_picture(_key_colour),
        'longer': _of_picture(_longer_file),
    },
    'pictures: size': {
        'picture': _of_picture(_smaller),
        'frame': _frame_of_other_size,
        'larger': _of_picture(_larger),
        'one pixel': _of_picture(_one_pixel),
        'row less': _of_picture(_row_less),
    },
    'maps: size and orientation': {
        'smaller': _of_map(_map_smaller),
        'turned': _of_map(_map_turned),
        'mirrored': _of_map(_map_mirrored),
        'row less': _of_map(_map_row_less),
        'larger': _of_map(_map_larger),
    },
    'maps: depth and format': {
        'colour': _of_map(_map_in_colour),
        'deeper': _of_map(_map_deeper),
        'shallower': _of_map(_map_shallower),
        'jpeg': _map_as_jpeg,
        'palette': _map_palette,
        'bmp': _map_saved('BMP'),
        'tiff': _map_saved('TIFF'),
        'fractions': _map_saved('TIFF', 'F'),
        '32 bits': _map_saved('TIFF', 'I'),
    },
    'maps: values': {
        'out of range': _of_map(_map_out_of_range),
        'shifted': _of_map(_map_shifted),
        'ignored': _all_ignored,
        'two codes': _two_codes,
        'inverted': _of_map(_map_inverted),
        'scaled': _of_map(_map_scaled),
        'constant': _of_map(_map_constant),
        'merged': _of_map(_map_merged),
    },
    'maps: missing, swapped': {
        'missing': _map_missing,
        'swapped': _maps_swapped,
        'renamed': _map_renamed,
        'doubled': _map_doubled,
        'cut': _map_cut,
    },
    'lists: encoding': {
        'encoded': _of_text(_encoded),
        'windows': _of_text(_windows),
        'blank': _of_text(_blank_lines),
        'padded': _of_text(_padded),
        'separated': _of_text(_separated),
        'json': _json_encoded,
        'xml': _of_xml(_xml_encoded, keeps=True),
        'xml spaced': _of_xml(_xml_spaced, keeps=True),
        'old mac': _of_text(_old_mac),
        'without end': _of_text(_without_end),
        'wide': _of_text(_wide_encoding),
        'xml padded': _of_xml(_xml_padded, keeps=True),
        'xml fractions': _of_xml(_xml_fractions, keeps=True),
    },
    'lists: order': {
        'shuffled': _of_text(_shuffled, reorders=True),
        'json': _of_json(_lists_reordered, reorders=True),
        'reversed': _of_text(_reversed, reorders=True),
        'rotated': _of_text(_rotated, reorders=True),
        'json reversed': _of_json(_lists_reversed, reorders=True),
        'json keys': _of_json(_keys_shuffled),
        'xml': _of_xml(_xml_reordered, keeps=True),
    },
    'lists: missing, swapped': {
        'missing': _list_missing,
        'swapped': _lists_swapped,
        'row': _of_text(_row_gone, keeps=False),
        'record': _of_json(_record_gone),
        'empty': _of_text(_emptied, keeps=False),
        'half': _of_text(_half_gone, keeps=False),
        'columns': _of_text(_words_swapped, keeps=False),
        'labels': _of_text(_rows_swapped, keeps=False),
        'json list': _of_json(_list_gone),
        'json empty': _of_json(_list_emptied),
        'json pictures': _of_json(_pictures_exchanged),
        'xml corners': _of_xml(_xml_corners_swapped, keeps=False),
    },
    'lists: doubled': {
        'row': _of_text(_row_doubled, keeps=False),
        'record': _of_json(_record_doubled),
        'xml': _of_xml(_xml_doubled, keeps=True),
        'all': _of_text(_all_doubled, keeps=False),
        'annotations': _of_json(_all_annotations_doubled),
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
        'column': _of_text(_word_more, keeps=False),
        'semicolons': _of_text(_semicolons, keeps=False),
        'conflict': _of_text(_conflict, keeps=False),
        'json wrapped': _json_wrapped,
    },
    'lists: ids': {
        'annotations': _of_json(_annotation_ids),
        'categories': _of_json(_category_ids),
        'images': _of_json(_image_ids),
        'texts': _of_json(_numbers_as_texts),
        'odd': _of_json(_odd_ids),
        'renumbered': _of_json(_images_renumbered),
    },
    'lists: classes and case of names': {
        'upper': _of_text(_row_upper, keeps=False),
        'categories': _of_json(_classes_renamed),
        'names': _of_json(_names_in_case),
        'exchanged': _of_json(_names_exchanged),
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
