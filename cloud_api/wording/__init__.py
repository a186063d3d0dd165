"""What a report is about, told from its words: a small model, its corpus, its training and its examination.

:mod:`model` reads the weights that ship and needs numpy alone; :mod:`training` needs scikit-learn, once.
"""
