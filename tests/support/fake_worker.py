"""A worker without torch: does what a request's ``do`` says, for the tests of the pool."""

from __future__ import annotations

import ast
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from queue import SimpleQueue
from typing import Any


def main(descriptor: int) -> None:
    requests: SimpleQueue[str] = SimpleQueue()
    threading.Thread(target=_read, args=(requests,), daemon=True).start()
    with os.fdopen(descriptor, 'w') as answers:
        while True:
            request = ast.literal_eval(requests.get())
            answers.write(json.dumps(answer(request)) + '\n')
            answers.flush()
            if request.get('then') == 'exit':
                sys.exit(4)


def _read(requests: SimpleQueue[str]) -> None:
    for line in sys.stdin:
        requests.put(line)
    os._exit(0)


def _keep(file: str) -> None:
    """Take a while to write a file, then end."""
    time.sleep(0.4)
    Path(file).write_text('kept')
    os._exit(143)


def answer(request: dict[str, Any]) -> dict[str, Any]:
    match request['do']:
        case 'echo':
            return {'error': '', 'pid': os.getpid(), 'back': repr(request['value'])}
        case 'environment':
            return {'error': '', 'value': os.environ.get(request['variable'])}
        case 'fail':
            return {'error': 'it failed', 'user_error': True}
        case 'exit':
            sys.exit(request.get('code', 3))
        case 'die':
            os.kill(os.getpid(), getattr(signal, request['signal']))
        case 'large':
            return {'error': '', 'text': 'x' * request['size']}
        case 'slow':
            time.sleep(request['seconds'])
            return {'error': '', 'pid': os.getpid()}
        case 'child':
            child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])
            return {'error': '', 'child': child.pid}
        case 'leave':
            # forked, so that it holds the pipe for answers, too
            if os.fork() == 0:
                time.sleep(60)
            sys.exit(3)
        case 'careful':
            signal.signal(signal.SIGTERM, lambda *_: _keep(request['file']))
            Path(request['file'] + '.begun').touch()
        case 'garbage':
            os.write(int(sys.argv[1]), b'not json\n')
    time.sleep(60)
    return {}


if __name__ == '__main__':
    main(int(sys.argv[1]))
