# What the natural-image classification tasks share: 224 px, resized by the short side and cropped.
task = dict(
    kind='classification',
    version=1,
    input_size=(224, 224),
    metric='accuracy',
    metrics=('mean_class_accuracy',),
    options=dict(test_crop=0.875, keep_ratio=True),
)
# whether a split is for testing follows from its name in mmpretrain's data sets
data = dict(test_mode=None)
