distribution = dict(
    name='got10k-val',
    title='GOT-10k: val alone',
    tasks=('got10k-val',),
    root='tracking/got10k',
    page='http://got-10k.aitestunion.com/downloads',
    licence='CC BY-NC-SA 4.0',
    gate='register, download val_data.zip of full_data',
    files=(
        dict(
            name='val_data.zip',
            into='tracking/got10k',
        ),
    ),
    convert=('got10k-val',),
)
