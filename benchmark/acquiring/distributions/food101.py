distribution = dict(
    name='food101',
    title='Food-101',
    tasks=('food101',),
    root='food-101',
    page='https://data.vision.ee.ethz.ch/cvl/datasets_extra/food-101/',
    licence='none stated; pictures from Foodspotting, research use',
    files=(
        dict(
            name='food-101.tar.gz',
            addresses=('http://data.vision.ee.ethz.ch/cvl/food-101.tar.gz',),
            size=4996278331,
            checksum='d97d15e438b7f4498f96086a4f7e2fa42a32f2712e87d3295441b2b6314053a4',
            source='tensorflow/datasets, url_checksums/food101.txt',
        ),
    ),
)
