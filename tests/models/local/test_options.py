import pytest

from chiasm.errors import ConfigError
from chiasm.models.local.options import BATCH_SIZE, Options, read_options


def test_nothing_given_takes_the_defaults():
    assert read_options("org/name", {}) == Options(model="org/name")
    assert Options(model="org/name").rows == BATCH_SIZE


def test_8_bit_answers_depend_on_company_so_they_have_none_by_default():
    assert Options(model="org/name", quantization="8bit").rows == 1
    assert Options(model="org/name", quantization="8bit", batch_size=4).rows == 4
    assert Options(model="org/name", quantization="4bit").rows == BATCH_SIZE


def test_known_arguments_are_taken():
    given = {"device": "cpu", "dtype": "bfloat16", "batch_size": 4, "wait_ms": 2}
    options = read_options("org/name", given)
    assert (options.device, options.dtype, options.batch_size) == ("cpu", "bfloat16", 4)
    assert options.wait_ms == 2


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"batchsize": 4}, "did you mean batch_size"),
        ({"zzz": 4}, "known: "),
        ({"model": "other"}, "no such argument"),
        ({"batch_size": "four"}, "expected int"),
        ({"batch_size": 4.5}, "expected int"),
        ({"wait_ms": None}, "expected float"),
        ({"batch_size": True}, "expected int"),
        ({"batch_size": -1}, "at least 1"),
        ({"dtype": "float8"}, "expected one of float32"),
        ({"quantization": "2bit"}, "expected one of 4bit, 8bit"),
        ({"device": "cuda", "device_map": "auto"}, "exclude each other"),
        ({"adapter": "/nowhere/at/all"}, "no such file or folder"),
        ({"trust_remote_code": True}, "never run"),
        ({"trust_remote_code": "true"}, "never run"),
    ],
)
def test_what_cannot_work_is_refused(given, said):
    with pytest.raises(ConfigError, match=said):
        read_options("org/name", given)


def test_a_command_lines_text_is_read_as_numbers():
    options = read_options("org/name", {"batch_size": "4", "wait_ms": "2.5", "revision": 2024})
    assert (options.batch_size, options.wait_ms, options.revision) == (4, 2.5, "2024")


def test_not_trusting_remote_code_may_be_said():
    for said in (False, "False"):
        assert read_options("org/name", {"trust_remote_code": said}).model == "org/name"


def test_a_folder_is_a_folder_and_has_no_revision(tmp_path):
    assert read_options(str(tmp_path), {}).is_folder
    assert not read_options("org/name", {"revision": "main"}).is_folder
    with pytest.raises(ConfigError, match="no revisions"):
        read_options(str(tmp_path), {"revision": "main"})
