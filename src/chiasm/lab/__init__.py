"""The lab: the papers' central claim in a toy world, with real small models (docs/lab.md).

lessons    what the base and each arm are trained on
network    the model, its tokenizer, features of pictures, greedy answers (torch from here on)
base       a base model from scratch: the vision tower, then the whole
arms       alignment: from the base to each arm
fusion     a cross-attention module and a safety head beside a frozen model
runs       which arms and seeds there are, resumable, and their answers
results    answers -> rates, Youden's J, differences to the base
page       table, figure, page
check      small models end to end: tasks, judge, audit, diagnosis, one page (no torch)
"""
