"""Addresses on the Hugging Face Hub: ``hf://datasets/OWNER/NAME@COMMIT/FILE``.

huggingface_hub (which comes with timm) knows the Hub's addresses and a person's token; the bytes
come by the same transfer as all others, with its verification, mirrors and continuation.
"""

from __future__ import annotations

import os
import re
from typing import NamedTuple

SCHEME = 'hf'

FORM = 'hf://datasets/OWNER/NAME@COMMIT/FILE, COMMIT being all 40 digits of a revision'
"""How an address has to look; a branch would be another file tomorrow."""

_ADDRESS = re.compile(
    r'hf://datasets/(?P<repo>[\w.-]+/[\w.-]+)@(?P<commit>[0-9a-f]{40})/(?P<file>.+)'
)


class HubFile(NamedTuple):
    """A file of a data set on the Hub, and the token of who asks for it (empty for nobody's)."""

    address: str
    page: str
    token: str


def is_hub_address(address: str) -> bool:
    """Whether an address is one of the Hub in full.

    >>> is_hub_address('hf://datasets/owner/name@main/train.zip')
    False
    """
    return _ADDRESS.fullmatch(address) is not None


def find_on_hub(address: str) -> HubFile | None:
    """Return what an address of the Hub stands for; ``None`` for all other addresses.

    ``HF_ENDPOINT`` names another server than huggingface.co; the token is that of ``HF_TOKEN`` or
    of ``hf auth login``.
    """
    found = _ADDRESS.fullmatch(address)
    if found is None:
        return None
    from huggingface_hub import constants, get_token, hf_hub_url

    endpoint = os.environ.get('HF_ENDPOINT', '').rstrip('/') or constants.ENDPOINT
    plain = hf_hub_url(
        found['repo'],
        found['file'],
        repo_type='dataset',
        revision=found['commit'],
        endpoint=endpoint,
    )
    return HubFile(plain, f'{endpoint}/datasets/{found["repo"]}', get_token() or '')
