distribution = dict(
    name='cog',
    title='ImageNet-CoG: lists, and pictures of ImageNet-21k',
    tasks=('cog-l1', 'cog-l2', 'cog-l3', 'cog-l4', 'cog-l5'),
    root='imagenet21k',
    page='https://github.com/naver/cog',
    licence='non-commercial research',
    gate=(
        'register at image-net.org and download winter21_whole.tar.gz, the release of winter 2021'
    ),
    files=(
        dict(
            name='cog_levels_mapping_file.pkl',
            addresses=(
                ('http://download.europe.naverlabs.com/ComputerVision/cog_levels_mapping_file.pkl'),
            ),
            into='imagenet21k',
        ),
        dict(
            name='cog_concepts_split_file.pkl',
            addresses=(
                ('http://download.europe.naverlabs.com/ComputerVision/cog_concepts_split_file.pkl'),
            ),
            into='imagenet21k',
        ),
        dict(
            name='winter21_whole.tar.gz',
            into='imagenet21k/images',
            nested=(('winter21_whole/*.tar', True),),
        ),
    ),
    convert=('cog',),
)
