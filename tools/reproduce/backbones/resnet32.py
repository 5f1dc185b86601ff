backbone = dict(
    name='cifar-resnet32',
    title='ResNet-32 for CIFAR-10, as released',
    source='../resnet_cifar.py:ResNet32',
    checkpoint='$TBENCH_REPRODUCE_WEIGHTS/resnet32-d509ac18.th',
    may_miss={
        '*num_batches_tracked': 'counters that older releases of torch did not keep, unused here'
    },
    pretraining=dict(method='supervised', family='supervised', data='CIFAR-10', labels=True),
    licence='BSD-2-Clause',
    reference='github.com/akamaster/pytorch_resnet_cifar10',
)
