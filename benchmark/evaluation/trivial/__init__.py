"""Predictors that never look at a test image, one per kind; a kind names its own by string.

Each has ``fit(train)``, which reads the annotations of the training split and returns the
predictor, and ``predict(sample)``, which returns a test sample with a prediction as a model of
the kind would leave it.
"""
