"""Registries of the project's own torch components: configurations name them ``benchmark.X``.

Each is a child of mmengine's root registry, so every OpenMMLab library finds them;
shared parts are imported on first use, a kind's own parts by the modules it names.
"""

from mmengine import registry as root

MODELS = root.Registry(
    'model',
    parent=root.MODELS,
    scope='benchmark',
    locations=['benchmark.models', 'benchmark.kinds.common.necks'],
)
HOOKS = root.Registry('hook', parent=root.HOOKS, scope='benchmark', locations=['benchmark.engine'])
DATASETS = root.Registry(
    'dataset',
    parent=root.DATASETS,
    scope='benchmark',
    locations=['benchmark.kinds.common.parts', 'benchmark.kinds.common.opening'],
)
METRICS = root.Registry('metric', parent=root.METRICS, scope='benchmark')
OPTIM_WRAPPERS = root.Registry(
    'optimizer wrapper',
    parent=root.OPTIM_WRAPPERS,
    scope='benchmark',
    locations=['benchmark.engine'],
)
OPTIM_WRAPPER_CONSTRUCTORS = root.Registry(
    'optimizer wrapper constructor',
    parent=root.OPTIM_WRAPPER_CONSTRUCTORS,
    scope='benchmark',
    locations=['benchmark.engine'],
)
OPTIMIZERS = root.Registry(
    'optimizer', parent=root.OPTIMIZERS, scope='benchmark', locations=['benchmark.engine']
)
PARAM_SCHEDULERS = root.Registry(
    'parameter scheduler',
    parent=root.PARAM_SCHEDULERS,
    scope='benchmark',
    locations=['benchmark.engine'],
)
DATA_SAMPLERS = root.Registry(
    'data sampler',
    parent=root.DATA_SAMPLERS,
    scope='benchmark',
    locations=['benchmark.kinds.common.order'],
)
VISBACKENDS = root.Registry(
    'vis_backend', parent=root.VISBACKENDS, scope='benchmark', locations=['benchmark.engine']
)
