# Ours, in the spirit of "Towards Understanding Why Mask-Reconstruction Pretraining Helps in
# Downstream Tasks" (arXiv 2206.03826), which compares pretraining with training from scratch. Its
# transfer tables could not be read: tasks, recipe and seeds are chosen by us.
suite = dict(
    name='mrp',
    title='Pretrained against from scratch (ours)',
    tasks=('imagenet1k', 'voc2007'),
    protocols=('finetune', 'trivial'),
    seeds=(0, 1, 2),
    backbones=('mae-vitb16', 'mae-vitb16+random'),
    recipes={
        # one recipe for both sides: the stem of a random network has everything to learn
        '*/finetune': dict(layer_decay=1.0),
    },
    cost=dict(),
)
