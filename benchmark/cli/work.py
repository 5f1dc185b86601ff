"""``tbench work``: one of many workers of a suite, until no cell is left."""

from __future__ import annotations

import argparse
import json
from argparse import Namespace

from benchmark.cli.arguments import Subparsers, workers
from benchmark.cli.options import add_quiet, add_request, add_results, add_seeds, add_tracking
from benchmark.cli.run import carry_out

_K8S = """\
apiVersion: batch/v1
kind: Job
metadata:
  name: tbench-{suite}
spec:
  completionMode: Indexed
  completions: {count}
  parallelism: {count}
  backoffLimit: {retries}
  template:
    spec:
      restartPolicy: OnFailure
      # a signal, then time for a checkpoint
      terminationGracePeriodSeconds: 60
      containers:
        - name: worker
          image: {image}
          command: [{command}]
          env:
            - {{name: TBENCH_DATA, value: /shared/data}}
          resources:
            limits:
              {resources}
          volumeMounts:
            - {{name: shared, mountPath: /shared}}
            # what loads data shares memory
            - {{name: memory, mountPath: /dev/shm}}
      volumes:
        - name: shared
          persistentVolumeClaim: {{claimName: {claim}}}
        - name: memory
          emptyDir: {{medium: Memory}}
"""


def add_parser(subparsers: Subparsers) -> None:
    """Add the command ``work``."""
    parser = subparsers.add_parser(
        'work',
        help='run cells of a suite until none is left; start as many as you like, on any host',
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog='examples:\n'
        '  tbench work --suite quick --results /shared/results --work-dir /shared/work\n'
        '  tbench work --suite quick --results /shared/results --work-dir /shared/work '
        '--print-k8s 8 | kubectl apply -f -',
    )
    add_request(parser)
    add_results(parser)
    add_seeds(parser)
    add_tracking(parser)
    add_quiet(parser)
    group = parser.add_argument_group('Kubernetes')
    group.add_argument(
        '--print-k8s',
        type=workers,
        metavar='N',
        help='run nothing; print the Kubernetes manifest of an indexed job with N workers',
    )
    group.add_argument(
        '--image',
        default='transferbench',
        metavar='IMAGE',
        help='container image in the manifest (default: transferbench)',
    )
    group.add_argument(
        '--claim', default='shared', metavar='NAME', help='volume claim mounted at /shared'
    )
    parser.set_defaults(command=work)


def work(options: Namespace) -> int:
    """Run cells until none is left; return 1 if some of them failed."""
    if options.print_k8s:
        print(manifest(options), end='')
        return 0
    return carry_out(options, waits=True)


def manifest(options: Namespace) -> str:
    """Return the Kubernetes manifest of an indexed job of workers with these ``options``."""
    words = ['tbench', 'work', '--suite', options.suite]
    for flag, values in (
        ('--backbones', options.backbones),
        ('--tasks', options.tasks),
        ('--protocols', options.protocols),
        ('--seeds', options.seeds),
        ('--cfg-options', options.cfg_options),
        ('--track', options.track),
    ):
        words += [flag, *map(str, values)] if values else []
    words += ['--results', str(options.results), '--work-dir', str(options.work_dir)]
    words += ['--device', options.device]
    gpus = '' if options.device == 'cpu' else f'nvidia.com/gpu: {options.processes}'
    if options.processes > 1:
        words += ['--processes', str(options.processes)]
    return _K8S.format(
        suite=''.join(c if c.isalnum() else '-' for c in options.suite.lower()).strip('-'),
        count=options.print_k8s,
        retries=6 * options.print_k8s,
        image=options.image,
        command=', '.join(map(json.dumps, words)),  # JSON is YAML
        resources=gpus or f'cpu: {max(options.processes, options.jobs or 1)}',
        claim=options.claim,
    )
