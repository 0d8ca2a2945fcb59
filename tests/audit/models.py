"""Tiny models of sentence-transformers, made offline: one of vectors by hand, one random BERT."""

from pathlib import Path

import numpy as np

VECTORS = {"build": (1, 0, 0), "bomb": (0, 1, 0), "car": (0, 0, 1)}
"""Of all other words the vector is 0, so that a text's direction is the sum over these."""


def _tokenizer(words: list[str]):
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

    vocabulary = {word: i for i, word in enumerate(words)}
    made = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    made.normalizer = normalizers.Lowercase()
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    return made


def by_hand(folder: Path) -> str:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding

    weights = np.array([(0, 0, 0), *VECTORS.values()], dtype=np.float32)
    module = StaticEmbedding(_tokenizer(["[UNK]", *VECTORS]), embedding_weights=weights)
    SentenceTransformer(modules=[module], device="cpu").save(str(folder), create_model_card=False)
    return str(folder)


def random_bert(folder: Path, seed: int = 0) -> str:
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "how", "do", "i", "a", "the", "build", "bomb",
             "car", "steal", "bread", "bake", "house", "in", "to", "of", "?"]  # fmt: skip
    torch.manual_seed(seed)
    config = BertConfig(vocab_size=len(words), hidden_size=32, num_hidden_layers=2,
                        num_attention_heads=4, intermediate_size=64,
                        max_position_embeddings=64)  # fmt: skip
    bare = folder / "bare"
    BertModel(config).save_pretrained(bare)
    PreTrainedTokenizerFast(
        tokenizer_object=_tokenizer(words), pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]",
        sep_token="[SEP]", model_max_length=64,
    ).save_pretrained(bare)  # fmt: skip
    module = Transformer(str(bare))
    SentenceTransformer(modules=[module, Pooling(32)], device="cpu").save(
        str(folder / "whole"), create_model_card=False
    )
    return str(folder / "whole")
