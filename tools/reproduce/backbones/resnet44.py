backbone = dict(
    name='cifar-resnet44',
    title='ResNet-44 for CIFAR-10, as released',
    source='../resnet_cifar.py:ResNet44',
    checkpoint='$TBENCH_REPRODUCE_WEIGHTS/resnet44-014dd654.th',
    may_miss={
        '*num_batches_tracked': 'counters that older releases of torch did not keep, unused here'
    },
    pretraining=dict(method='supervised', family='supervised', data='CIFAR-10', labels=True),
    licence='BSD-2-Clause',
    reference='github.com/akamaster/pytorch_resnet_cifar10',
)
