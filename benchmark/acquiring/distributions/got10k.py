distribution = dict(
    name='got10k',
    title='GOT-10k: train and val',
    tasks=('got10k', 'lasot', 'otb100', 'trackingnet', 'uav123'),
    root='tracking/got10k',
    page='http://got-10k.aitestunion.com/downloads',
    licence='CC BY-NC-SA 4.0',
    gate=(
        'register, download full_data: the 19 archives of training films, their list.txt and '
        'val_data.zip'
    ),
    files=(
        dict(
            name='GOT-10k_Train_split_*.zip',
            count=19,
            into='tracking/got10k/train',
        ),
        dict(
            name='list.txt',
            into='tracking/got10k/train',
        ),
        dict(
            name='val_data.zip',
            into='tracking/got10k',
        ),
    ),
)
