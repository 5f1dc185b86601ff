"""Read the records of a suite and draw the scores of each backbone, a panel per task."""

import argparse
from pathlib import Path

import matplotlib.pyplot as plt

import transferbench as tb


def draw(results: str, suite: str | None, out: Path) -> Path:
    """Draw the headline scores of the records in ``results`` into the file ``out``."""
    frame = tb.load_results(results, suite).frame()
    scores = frame[frame['is_primary'] & frame['value'].notna() & (frame['protocol'] != 'trivial')]
    tasks = scores.groupby(['protocol', 'task_title', 'metric'])
    figure, axes = plt.subplots(len(tasks), squeeze=False, figsize=(7, 2.5 * len(tasks)))
    for panel, ((protocol, title, metric), rows) in zip(axes.flat, tasks, strict=True):
        by_backbone = rows.groupby('backbone_title')['value']
        means, spans = by_backbone.mean().sort_values(), by_backbone.std().fillna(0.0)
        panel.barh(means.index, means, xerr=spans[means.index], color='tab:blue', height=0.6)
        panel.set(title=f'{title}, {protocol}', xlabel=metric)
    figure.tight_layout()
    figure.savefig(out)
    plt.close(figure)
    return out


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--results', default='results')
    parser.add_argument('--suite', help='default: the only one')
    parser.add_argument('--out', type=Path, default=Path('scores.png'))
    asked = parser.parse_args()
    print(draw(asked.results, asked.suite, asked.out))
