"""Which findings of the papers on masked image modelling hold on the shipped backbones."""
