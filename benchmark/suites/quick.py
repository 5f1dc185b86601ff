# Every kind in miniature, on the procedural world: runs on a CPU in minutes. Recipes are the
# protocols' defaults for tasks with a budget, the same for every arm (docs/default-recipes.md).
# Probes read off what frozen features hold, for seconds; kinds with regions or tracks have none.
suite = dict(
    name='quick',
    version=2,
    title='Quick: every kind on the procedural world',
    tasks=(
        'world-covered',
        'world-fine',
        'world-segmentation',
        'world-detection',
        'world-pose',
        'world-depth',
        'world-tracking',
    ),
    protocols=('knn', 'finetune', 'trivial'),
    seeds=(0, 1, 2),
    one_seed=('world-detection', 'world-tracking'),
    reuses=('demo',),
    backbones=(
        'world-vit-mae',
        'world-vit-supervised',
        'world-vit-random',
        'world-swin-simmim',
        'world-swin-supervised',
        'world-swin-random',
    ),
)
