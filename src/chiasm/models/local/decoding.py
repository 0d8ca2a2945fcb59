"""The next token of every row of a batch, each by its own settings.

The library's own sampling knows one temperature, one seed and one stop for a whole batch. Here its
greedy loop runs, and `Chooser` leaves it nothing but the token that was chosen, by each row's
settings. The random numbers of a row come from its own generator, one per token, and pick a token
by the inverse of the cumulated probabilities: so what a row says depends neither on its company nor
on its place in the batch, as far as the arithmetic of the device does not either.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from chiasm.models.local.requests import Request

MARGIN = 8
"""Tokens that are looked at for a stop text beyond its letters: a byte may be a token."""


def uniforms(request: Request, count: int) -> "np.ndarray[Any, np.dtype[np.float64]]":
    """A row's random numbers, shape (count,), in [0, 1): a function of its key alone."""
    words = np.frombuffer(request.key.ljust(16, b"\0")[:16], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=words)).random(count)


class Chooser:
    """A logits processor that leaves each row the one token that it takes.

    Attributes:
        logprobs: For each step so far (rows,) of the tokens taken, where anyone asked for them.
        top: For each step ids and values, both (rows, k), of the likeliest.
    """

    def __init__(self, requests: Sequence[Request], steps: int, inputs: Any) -> None:
        ids = inputs["input_ids"]
        settings = [request.settings for request in requests]
        self._start = ids.shape[1]
        self._device = ids.device
        self._temperature = self._column([1.0 if s.greedy else s.temperature for s in settings])
        self._top_p = self._column([s.top_p for s in settings])
        self._top_k = self._column([float(s.top_k) or float("inf") for s in settings])
        self._greedy = torch.tensor([s.greedy for s in settings], device=self._device)
        self._cut = any(not s.greedy and (s.top_p < 1 or s.top_k) for s in settings)
        self._sample = not all(s.greedy for s in settings)
        drawn = [uniforms(r, steps) if self._sample else np.zeros(1) for r in requests]
        self._drawn = torch.from_numpy(np.stack(drawn)).to(self._device, self._exact())
        self._penalty = self._column([s.repetition_penalty for s in settings])
        self._penalise = any(s.repetition_penalty != 1 for s in settings)
        self._seen: Any = None
        self._mask = inputs["attention_mask"].bool()
        wanted = [s.top_logprobs for s in settings if s.top_logprobs is not None]
        self._wanted = max(wanted, default=None)
        self.logprobs: list[Any] = []
        self.top: list[Any] = []

    def _column(self, values: list[float]) -> Any:
        return torch.tensor(values, device=self._device, dtype=torch.float32)[:, None]

    def _exact(self) -> Any:
        """Double precision where the device has it: 150,000 probabilities are added up."""
        return torch.float32 if self._device.type == "mps" else torch.float64

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        """Scores (rows, vocabulary) -> the same shape, all but one in a row at minus infinity."""
        if not self._sample and not self._penalise and self._wanted is None:
            return scores
        judged = self._penalised(input_ids, scores) if self._penalise else scores
        chosen = judged.argmax(dim=-1)
        if self._sample:
            drawn = self._sampled(judged, input_ids.shape[1] - self._start)
            chosen = torch.where(self._greedy, chosen, drawn)
        if self._wanted is not None:
            self._record(scores, chosen)
        only = torch.full_like(scores, float("-inf"))
        return only.scatter_(1, chosen[:, None], 0.0)

    def _penalised(self, input_ids: Any, scores: Any) -> Any:
        """Repetition penalty of Keskar et al. (arXiv:1909.05858, section 4.1), without the padding.

        The library's own counts the padding as said, so that a row's answer would depend on how
        long the others are.
        """
        if self._seen is None:
            # One column more, in which the padding is marked.
            marks = torch.zeros(scores.shape[0], scores.shape[1] + 1, device=self._device)
            last = scores.shape[1]
            said = torch.where(self._mask & (input_ids < last), input_ids, last)
            self._seen = marks.scatter_(1, said, 1.0)
        else:
            self._seen.scatter_(1, input_ids[:, -1:].clamp(max=scores.shape[1]), 1.0)
        lowered = torch.where(scores < 0, scores * self._penalty, scores / self._penalty)
        return torch.where(self._seen[:, :-1] > 0, lowered, scores)

    def _sampled(self, scores: Any, step: int) -> Any:
        """A token of each row, in the order of the vocabulary: ties of sorting can't matter."""
        probabilities = torch.softmax(scores / self._temperature, dim=-1)
        if self._cut:
            probabilities = probabilities * self._kept(probabilities)
        reached = probabilities.to(self._exact()).cumsum(dim=-1)
        target = self._drawn[:, step, None] * reached[:, -1:]
        return torch.searchsorted(reached, target, right=True)[:, 0].clamp(max=scores.shape[1] - 1)

    def _kept(self, probabilities: Any) -> Any:
        """Which tokens are among a row's top_k, and of these in the smallest set with top_p."""
        values, order = probabilities.sort(dim=-1, descending=True)
        among = torch.arange(values.shape[1], device=self._device)[None] < self._top_k
        values = values * among
        ahead = (values.cumsum(dim=-1) - values) / values.sum(dim=-1, keepdim=True)
        keep = among & (ahead < self._top_p)
        return torch.zeros_like(keep).scatter_(1, order, keep)

    def _record(self, scores: Any, chosen: Any) -> None:
        logprobs = torch.log_softmax(scores, dim=-1)
        self.logprobs.append(logprobs.gather(1, chosen[:, None])[:, 0])
        if self._wanted:
            values, tokens = logprobs.topk(min(self._wanted, logprobs.shape[1]), dim=-1)
            self.top.append((tokens, values))


class Stopper:
    """A stopping criterion with a cap, stop texts and a way out for every row.

    Attributes:
        ended: For each row after how many tokens it met a stop text; 0 where it did not.
    """

    def __init__(
        self, requests: Sequence[Request], budgets: Sequence[int], inputs: Any, tokenizer: Any
    ) -> None:
        ids = inputs["input_ids"]
        self._requests, self._tokenizer = requests, tokenizer
        self._start = ids.shape[1]
        self._budgets = torch.tensor(budgets, device=ids.device)
        self._watched = [i for i, r in enumerate(requests) if r.settings.stops]
        self.ended = [0] * len(requests)

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        """Which rows are done, (rows,) of bool."""
        said = input_ids.shape[1] - self._start
        done = self._budgets <= said
        for row in self._watched:
            if not self.ended[row] and said <= self._budgets[row] and self._met(input_ids, row):
                self.ended[row] = said
        gone = [n > 0 or r.abandoned for n, r in zip(self.ended, self._requests, strict=True)]
        return done | torch.tensor(gone, device=done.device) if any(gone) else done

    def _met(self, input_ids: Any, row: int) -> bool:
        stops = self._requests[row].settings.stops
        window = max(len(stop.encode()) for stop in stops) + MARGIN
        start = max(self._start, input_ids.shape[1] - window)
        text = self._tokenizer.decode(input_ids[row, start:])
        return any(stop in text for stop in stops)
