distribution = dict(
    name='coco-stuff',
    title='COCO-Stuff: pictures of COCO 2017 and label maps',
    tasks=('coco-stuff164k',),
    root='coco_stuff164k',
    page='https://github.com/nightrome/cocostuff',
    licence='CC BY 4.0 (annotations); pictures under the terms of Flickr',
    note='The pictures are those of coco, whose archives come once for both.',
    files=(
        dict(
            name='stuffthingmaps_trainval2017.zip',
            addresses=(
                (
                    'http://calvin.inf.ed.ac.uk/wp-content/uploads/data/cocostuffdataset/stuffthingmaps_trainval2017.zip'
                ),
            ),
            into='coco_stuff164k/annotations',
        ),
        dict(name='val2017.zip', of='coco', into='coco_stuff164k/images'),
        dict(name='train2017.zip', of='coco', into='coco_stuff164k/images'),
    ),
    convert=('coco-stuff',),
)
