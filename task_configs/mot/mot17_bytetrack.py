# ByteTrack's association in place of QDTrack's; the detector learns from single frames.
_base_ = 'mot17.py'
task = dict(
    name='mot17-bytetrack',
    title='MOT17, association of ByteTrack',
    head='bytetrack',
)
data = dict(references=False)
