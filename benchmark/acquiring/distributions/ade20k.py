distribution = dict(
    name='ade20k',
    title='ADE20K, scene parsing challenge of 2016',
    tasks=('ade20k', 'ade20k-linear'),
    root='ADEChallengeData2016',
    page='http://sceneparsing.csail.mit.edu',
    licence='BSD 3-clause (annotations); pictures for non-commercial research',
    files=(
        dict(
            name='ADEChallengeData2016.zip',
            addresses=(('http://data.csail.mit.edu/places/ADEchallenge/ADEChallengeData2016.zip'),),
            size=967382037,
            checksum='7ff1be44964418441f542a7cc1e1a650e7dc0fc275f5d23252bc9bbdbc977b29',
            source='tensorflow/datasets, url_checksums/ade20k.txt',
        ),
    ),
)
