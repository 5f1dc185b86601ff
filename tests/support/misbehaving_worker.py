"""The real worker whose cells do what the request's ``do`` says instead of training."""

from __future__ import annotations

import ctypes
import os
import sys
import time
from typing import Any

from benchmark.launching import worker


def answer(request: dict[str, Any]) -> dict[str, Any]:
    match request['do']:
        case 'close standard input':
            os.close(0)
        case 'replace the streams':
            sys.stdin = sys.stdout = None  # type: ignore[assignment]
        case 'read standard input':
            assert os.read(0, 10) == b''
        case 'close low':
            os.closerange(3, 100)
        case 'exit':
            sys.exit(5)
        case 'interrupt':
            raise KeyboardInterrupt('stopped by a library')
        case 'raise':
            raise GeneratorExit('odd')
        case 'close everything':
            os.closerange(0, 1024)
        case 'leave a thread and exit hard':
            os._exit(0)
        case 'fork and die':
            if os.fork() == 0:
                time.sleep(60)
            os._exit(7)
        case 'hold the interpreter':
            os.write(1, b'holding')
            ctypes.PyDLL(None).sleep(120)
        case 'sleep for ever':
            sleep_for_ever()
        case 'echo':
            return {'error': '', 'back': request['value']}
    return {'error': '', 'pid': os.getpid()}


def sleep_for_ever() -> None:
    time.sleep(600)


if __name__ == '__main__':
    worker._answer = answer
    worker.main(int(sys.argv[1]))
