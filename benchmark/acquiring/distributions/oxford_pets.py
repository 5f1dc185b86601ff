distribution = dict(
    name='oxford-pets',
    title='Oxford-IIIT Pets',
    tasks=('oxford-pets', 'oxford-pets-1k'),
    root='oxford-iiit-pet',
    page='https://www.robots.ox.ac.uk/~vgg/data/pets/',
    licence='CC BY-SA 4.0',
    files=(
        dict(
            name='images.tar.gz',
            addresses=('https://www.robots.ox.ac.uk/~vgg/data/pets/data/images.tar.gz',),
            size=791918971,
            checksum='67195c5e1c01f1ab5f9b6a5d22b8c27a580d896ece458917e61d459337fa318d',
            source='tensorflow/datasets, url_checksums/oxford_iiit_pet.txt',
            into='oxford-iiit-pet',
        ),
        dict(
            name='annotations.tar.gz',
            addresses=(('https://www.robots.ox.ac.uk/~vgg/data/pets/data/annotations.tar.gz'),),
            size=19173078,
            checksum='52425fb6de5c424942b7626b428656fcbd798db970a937df61750c0f1d358e91',
            source='tensorflow/datasets, url_checksums/oxford_iiit_pet.txt',
            into='oxford-iiit-pet',
        ),
    ),
)
