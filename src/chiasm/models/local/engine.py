"""A loaded checkpoint: writes prompts and generates batches.

Engines are shared: models with the same options, as a model and a judge may be, have one, and one
worker, so that the weights are in memory once.
"""

import contextlib
import copy
import gc
import threading
from collections.abc import Iterator, Sequence
from typing import Any
from weakref import WeakValueDictionary, finalize

import torch
import transformers

from chiasm.errors import ConfigError
from chiasm.models.local.decoding import Chooser, Stopper
from chiasm.models.local.messages import Turn, control_pattern
from chiasm.models.local.options import Options
from chiasm.models.local.processors import load_processor
from chiasm.models.local.requests import (
    OutOfMemoryError,
    Request,
    Result,
    TokenLogprob,
    cut_at_stop,
)
from chiasm.models.local.settings import Defaults
from chiasm.models.local.templates import write_prompt
from chiasm.models.local.weights import load_model
from chiasm.models.local.worker import Worker

_engines: "WeakValueDictionary[Options, Engine]" = WeakValueDictionary()
_loading = threading.Lock()


def open_engine(options: Options) -> "Engine":
    """The engine of these options, loaded if nobody has it yet.

    Raises:
        ConfigError: The checkpoint can't be loaded.
    """
    with _loading:
        engine = _engines.get(options)
        if engine is None:
            engine = _engines[options] = Engine(options)
        return engine


class Engine:
    """A model, its processor, and the worker that runs them.

    Attributes:
        defaults: The checkpoint's own settings.
        worker: Where requests go.
        facts: What an answer's record says about how it was made.
    """

    def __init__(self, options: Options) -> None:
        try:
            self.processor = load_processor(options)
            self.model = load_model(options)
        except (OSError, ValueError, ImportError, KeyError) as error:
            raise ConfigError(
                f"chiasm_hf/{options.model} can't be loaded: {type(error).__name__}: "
                f"{str(error)[:500]}"
            ) from error
        self.tokenizer = self.processor.tokenizer
        self._check_vocabulary(options)
        self.defaults = self._take_defaults()
        special = self.tokenizer.all_special_tokens
        added = [t.content for t in self.tokenizer.added_tokens_decoder.values() if t.special]
        self._place = str(getattr(self.processor, "image_token", "") or "")
        self._control = control_pattern([*special, *added, self._place])
        self._idle: tuple[Any, ...] = ()
        self.worker = Worker(_runner(self), size=options.rows, wait_s=options.wait_ms / 1000)
        # At the end of the process too, while threads and torch still work.
        finalize(self, self.worker.close)
        self.facts = {
            "revision": str(getattr(self.model.config, "_commit_hash", None) or ""),
            "device": str(self.model.device),
            "dtype": str(self.model.dtype).removeprefix("torch."),
            "attention": str(self.model.config._attn_implementation or ""),
            "transformers": transformers.__version__,
            "torch": torch.__version__,
        }

    def _check_vocabulary(self, options: Options) -> None:
        rows = self.model.get_input_embeddings().weight.shape[0]
        if len(self.tokenizer) > rows and not options.quantization:
            raise ConfigError(
                f"{options.model}: the tokenizer has {len(self.tokenizer)} tokens and the model "
                f"{rows}; they are not of one checkpoint"
            )

    def _take_defaults(self) -> Defaults:
        """Read the checkpoint's sampling settings, and let the library's loop do none of it."""
        own = self.model.generation_config
        limit = getattr(self.model.config.get_text_config(), "max_position_embeddings", 0)
        sampled = bool(own.do_sample)
        defaults = Defaults(
            temperature=(1.0 if own.temperature is None else own.temperature) if sampled else 0.0,
            top_p=(own.top_p or 1.0) if sampled else 1.0,
            top_k=(own.top_k or 0) if sampled else 0,
            repetition_penalty=own.repetition_penalty or 1.0,
            context=limit or 0,
        )
        own.do_sample = False
        own.temperature = own.top_p = own.top_k = own.repetition_penalty = None
        own.max_length = None
        own.pad_token_id = self.tokenizer.pad_token_id
        if own.eos_token_id is None:
            own.eos_token_id = self.tokenizer.eos_token_id
        return defaults

    def prompt(self, turns: Sequence[Turn]) -> str:
        """The text that the processor is given for a conversation.

        Raises:
            ConfigError: See `chiasm.models.local.templates.write_prompt`.
        """

        def render(messages: list[dict[str, Any]], go_on: bool) -> str:
            return str(
                self.tokenizer.apply_chat_template(
                    messages,
                    chat_template=self.processor.chat_template,
                    tokenize=False,
                    add_generation_prompt=not go_on,
                    continue_final_message=go_on,
                )
            )

        return write_prompt(turns, render, place=self._place, control=self._control)

    def run(self, requests: Sequence[Request]) -> list[Result]:
        """Generate a batch.

        Raises:
            OutOfMemoryError: The device has no room for so many.
        """
        with _memory_errors(self.model.device), torch.inference_mode():
            inputs = self.inputs(requests)
            lengths = inputs["attention_mask"].sum(dim=1).tolist()
            budgets = [self._budget(r, n) for r, n in zip(requests, lengths, strict=True)]
            if min(budgets) > 0:
                return self._generate(requests, inputs, lengths, budgets)
        full = [Result("", "model_length", n, 0) for n in lengths]
        fit = [i for i, budget in enumerate(budgets) if budget > 0]
        for i, result in zip(fit, self.run([requests[i] for i in fit]) if fit else [], strict=True):
            full[i] = result
        return full

    def inputs(self, requests: Sequence[Request]) -> Any:
        """What the model is called with, on its device; padded on the left."""
        bos = self.tokenizer.bos_token
        images = [list(request.images) for request in requests]
        inputs = self.processor(
            text=[request.prompt for request in requests],
            images=images if images[0] else None,
            padding=True,
            return_tensors="pt",
            # A template that writes the first token itself would otherwise get it twice.
            add_special_tokens=not (bos and requests[0].prompt.startswith(bos)),
        )
        return inputs.to(self.model.device, self.model.dtype)

    def _budget(self, request: Request, length: int) -> int:
        """Tokens that may be generated; none or fewer where the prompt fills the context."""
        cap = request.settings.max_tokens
        return min(cap, self.defaults.context - length) if self.defaults.context else cap

    def _generate(
        self, requests: Sequence[Request], inputs: Any, lengths: list[int], budgets: list[int]
    ) -> list[Result]:
        chooser = Chooser(requests, max(budgets), inputs)
        stopper = Stopper(requests, budgets, inputs, self.tokenizer)
        settings = copy.copy(self.model.generation_config)
        settings.max_new_tokens = max(budgets)
        output = self.model.generate(
            **inputs,
            generation_config=settings,
            logits_processor=[chooser],
            stopping_criteria=[stopper],
        )
        said = output[:, inputs["input_ids"].shape[1] :].tolist()
        results = []
        for row, request in enumerate(requests):
            tokens = said[row][: stopper.ended[row] or budgets[row]]
            capped = self._stop_reason(request, budgets[row])
            result = self._result(request, tokens, lengths[row], bool(stopper.ended[row]), capped)
            if request.settings.top_logprobs is not None:
                result = result._replace(logprobs=self._logprobs(chooser, row, request, result))
            results.append(result)
        return results

    def _stop_reason(self, request: Request, budget: int) -> Any:
        return "model_length" if budget < request.settings.max_tokens else "max_tokens"

    def _result(
        self, request: Request, tokens: list[int], length: int, stopped: bool, capped: Any
    ) -> Result:
        """Text, stop reason and counts of a row."""
        ends = self.model.generation_config.eos_token_id
        ends = ends if isinstance(ends, list) else [ends]
        end = next((i for i, token in enumerate(tokens) if token in ends), None)
        said = tokens if end is None else tokens[: end + 1]
        body = said if end is None else said[:-1]
        text = self.tokenizer.decode(body, skip_special_tokens=True)
        text, cut = cut_at_stop(text, request.settings.stops)
        finished = cut or stopped or end is not None
        return Result(text, "stop" if finished else capped, length, len(said), tuple(said))

    def _logprobs(
        self, chooser: Chooser, row: int, request: Request, result: Result
    ) -> tuple[TokenLogprob, ...]:
        count = request.settings.top_logprobs or 0
        found = []
        for step, token in enumerate(result.tokens):
            top: tuple[tuple[str, float], ...] = ()
            if count:
                ids, values = (column[row, :count].tolist() for column in chooser.top[step])
                top = tuple(zip(map(self._token, ids), values, strict=True))
            logprob = float(chooser.logprobs[step][row])
            found.append(TokenLogprob(self._token(token), logprob, top))
        return tuple(found)

    def _token(self, token: int) -> str:
        return str(self.tokenizer.decode([token]))


def _runner(engine: Engine) -> Any:
    """`run` without a reference that would keep the engine alive through its own thread."""
    from weakref import WeakMethod

    method = WeakMethod(engine.run)

    def run(requests: Sequence[Request]) -> list[Result]:
        found = method()
        if found is None:
            raise RuntimeError("the model was unloaded while requests were waiting")
        return found(requests)

    return run


@contextlib.contextmanager
def _memory_errors(device: Any) -> Iterator[None]:
    """Lack of memory, whatever the device calls it, as `OutOfMemoryError`; what can be is freed."""
    try:
        yield
        return
    except (torch.OutOfMemoryError, MemoryError) as error:
        said = str(error)
    except RuntimeError as error:
        said = str(error)
        if "not enough memory" not in said and "out of memory" not in said:
            raise
    # Outside of the handler: there the traceback would still hold the batch's tensors.
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()
    raise OutOfMemoryError(said.splitlines()[0][:200] if said else "out of memory")
