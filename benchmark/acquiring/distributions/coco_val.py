distribution = dict(
    name='coco-val',
    title='COCO val2017: pictures and key points',
    tasks=('coco-val-pose',),
    root='coco',
    page='https://cocodataset.org/#download',
    licence='CC BY 4.0 (annotations); pictures under the terms of Flickr',
    files=(
        dict(name='annotations_trainval2017.zip', of='coco'),
        dict(name='val2017.zip', of='coco'),
    ),
    convert=('coco-val-pose',),
)
