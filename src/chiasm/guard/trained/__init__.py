"""The trainable guard: frozen towers, a small head, calibrated; its ablations beside it.

examples   rows: what is asked, what is shown, safe or unsafe, family, carrier
sources    the lab's world, training families of scenes, benchmarks (evaluation only)
splits     families for training, validation and test
towers     frozen CLIP, SigLIP or vision-language models (torch from here on)
features   what towers give, kept on disk by content
heads      the head and its ablations
training   fitting one head on features
calibrate  temperature, calibration error, threshold
measures   AUC and the like with intervals over families
compare    all heads over several seeds, measured on the same held-out families
results    what that comes to: figures, differences, calibration
folder     the saved guard
judge      one pair, for the gateway
run        the commands
show, figure   tables and a figure of a comparison
"""

TRAINED = "trained@"
"""Before a folder of `chiasm guard train`: that guard, in place of a guard's name."""
