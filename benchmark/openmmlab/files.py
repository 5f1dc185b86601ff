"""Reading of annotation files without running what they contain."""

from __future__ import annotations

from typing import Any, NoReturn

from benchmark.errors import DataError

_FORMATS = ('pickle', 'pkl')


def install_safe_files() -> None:
    """Let mmengine refuse pickles, and read YAML as data: both can name code to be run."""
    import yaml  # type: ignore[import-untyped]
    from mmengine.fileio.handlers import PickleHandler, YamlHandler
    from mmengine.fileio.handlers.registry_utils import file_handlers

    loader = getattr(yaml, 'CSafeLoader', yaml.SafeLoader)

    class DataOnly(YamlHandler):  # type: ignore[misc]
        def load_from_fileobj(self, file: Any, **kwargs: Any) -> Any:
            return super().load_from_fileobj(file, **{**kwargs, 'Loader': loader})

    class Refused(PickleHandler):  # type: ignore[misc]
        def load_from_fileobj(self, file: Any, **kwargs: Any) -> NoReturn:
            raise DataError(
                f'{getattr(file, "name", "the annotations")}: a pickle, whose content could run '
                'code; store the annotations as JSON'
            )

    file_handlers.update(dict.fromkeys(_FORMATS, Refused()))
    file_handlers.update(dict.fromkeys(('yaml', 'yml'), DataOnly()))
