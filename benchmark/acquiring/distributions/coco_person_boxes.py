distribution = dict(
    name='coco-person-boxes',
    title='Boxes of persons in COCO val2017, of a detector with 56 AP',
    tasks=('coco-pose',),
    root='coco/person_detection_results',
    page='https://github.com/leoxiaobo/deep-high-resolution-net.pytorch',
    licence='none stated; research use',
    gate='download the file from the Google Drive or OneDrive that the page names',
    files=(
        dict(
            name='COCO_val2017_detections_AP_H_56_person.json',
            into='coco/person_detection_results',
        ),
    ),
)
