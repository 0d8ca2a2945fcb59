"""Local vision-language models behind Inspect: the provider `chiasm_hf` (docs/local-models.md).

api         Inspect's side: messages in, ModelOutput out
options     what -M may say
messages    Inspect's messages -> what a chat template takes, and pictures
templates   chat templates: which form of content they take, and whether they kept every word
settings    Inspect's GenerateConfig and the checkpoint's defaults -> what one request asks for
requests    a request, its result, and which requests go into one batch
worker      the thread that makes batches and survives failures and lack of memory
engine      loads the checkpoint and runs a batch (torch from here on)
decoding    the next token of every row: its own temperature, seed, stop and length
processors  the checkpoint's processor, also where torchvision is missing
weights     the checkpoint's weights, quantised or with an adapter
environment which packages are there, and whether they work
"""
