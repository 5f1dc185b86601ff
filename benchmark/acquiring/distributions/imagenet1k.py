distribution = dict(
    name='imagenet1k',
    title='ImageNet-1k (ILSVRC 2012)',
    tasks=('imagenet1k',),
    root='imagenet',
    page='https://image-net.org/challenges/LSVRC/2012/2012-downloads.php',
    licence='non-commercial research',
    gate=(
        'register at image-net.org, accept the terms, download the two archives of pictures and '
        'the development kit (Task 1 & 2)'
    ),
    files=(
        dict(
            name='ILSVRC2012_img_train.tar',
            size=147897477120,
            checksum='1d675b47d978889d74fa0da5fadfb00e',
            source=(
                'torchvision, datasets/imagenet.py; size: tensorflow/datasets, '
                'url_checksums/imagenet2012.txt'
            ),
            into='imagenet/train',
            nested=(('*.tar', True),),
        ),
        dict(
            name='ILSVRC2012_img_val.tar',
            size=6744924160,
            checksum='29b22e2961454d5413ddabcf34fc5622',
            source=(
                'torchvision, datasets/imagenet.py; size: tensorflow/datasets, '
                'url_checksums/imagenet2012.txt'
            ),
            into='imagenet/val',
        ),
        dict(
            name='ILSVRC2012_devkit_t12.tar.gz',
            checksum='fa75699e90414af021442c21a62c3abf',
            source='torchvision, datasets/imagenet.py',
            into='imagenet',
        ),
    ),
    convert=('imagenet',),
)
