"""The grid check of the published rates against what was found by hand before (notes, 5.4)."""

import json

import pytest
from click.testing import CliRunner

from chiasm.cli import main
from chiasm.errors import ConfigError, DataError
from chiasm.published.grim import (
    check,
    check_file,
    check_table,
    fits,
    fits_table,
    models_by_total,
)
from chiasm.published.table import load


def of(source, benchmark):
    return [r for r in load() if (r.source, r.benchmark, r.kind) == (source, benchmark, "rate")]


def wrong(source, benchmark, n):
    return {r.printed for r in of(source, benchmark) if not r.counts(n)}


def test_siuo_people_and_choice_all_fit_167():
    people, choice = fits(of("siuo", "siuo"), 167), fits(of("siuo", "siuo_mcqa"), 167)
    assert (people.fit, people.figures, people.rounded) == (45, 45, 45)
    assert (choice.fit, choice.figures) == (11, 11)


def test_vlsbench_has_two_denominators():
    rates = of("vlsbench-t16", "vlsbench")
    assert fits(rates, 2244).models_fit == 20 and fits(rates, 2244).models == 30
    by_model = {m: [r for r in rates if r.model == m] for m in {r.model for r in rates}}
    rest = {m for m, rows in by_model.items() if not all(r.counts(2244) for r in rows)}
    public = {m for m in rest if all(r.counts(2241) for r in by_model[m])}
    assert (len(rest), len(public)) == (10, 8)
    assert rest - public == {"Qwen2-VL-72B", "MiniCPM-V-2_6"}
    other = models_by_total(rates, range(2100, 2400))
    assert sum(other.values()) / len(other) == pytest.approx(3.9, abs=0.05)
    assert max(n for n in other.values() if n < 20) == 12


def test_the_parts_add_up_where_a_denominator_fits():
    rates = of("vlsbench-t16", "vlsbench")
    for model in {r.model for r in rates}:
        parts = {r.metric: r for r in rates if r.model == model}
        n = parts["safe_rate"].n_fits or 2241
        k = {m: r.counts(n) for m, r in parts.items()}
        if all(k.values()):
            sums = {a + b for a in k["refusal_rate"] for b in k["warning_rate"]}
            assert sums & set(k["safe_rate"]), model


def test_the_second_denominator_of_the_table_is_what_fits():
    for rate in load():
        if rate.n_fits:
            assert rate.counts(rate.n_fits)
            model = [r for r in of(rate.source, rate.benchmark) if r.model == rate.model]
            assert not all(r.counts(rate.n) for r in model)


@pytest.mark.parametrize(
    ("source", "benchmark", "n", "impossible"),
    [
        ("vlsbench-t7", "figstep", 500, {"75.15"}),
        ("vlsbench-t7", "harmbench_mm", 110, {"52.00"}),
        ("vlsbench-t2", "figstep", 500, {"50.61", "91.79"}),
        ("vlsbench-t2", "jailbreakv_mini_raw", 280, {"94.21", "92.93"}),
        # The note names 85.93 only; 98.22 is one unit off as well (275 of 280 is 98.214).
        ("vlsbench-t2", "jailbreakv_mini", 280, {"85.93", "98.22"}),
        ("mirage", "siuo", 167, {"24.85", "20.61", "64.23"}),
        ("mirage", "siuo", 165, {"71.26", "64.23"}),
        ("crossguard", "siuo", 167, {"41.56", "48.92"}),
        ("crossguard", "siuo", 166, {"95.81", "23.95", "5.39", "48.92"}),
        ("srt", "siuo", 167, set()),
        ("safework", "siuo", 167, {"76.7", "92.9", "51.8", "38.2", "90.5"}),
    ],
)
def test_what_is_impossible(source, benchmark, n, impossible):
    assert wrong(source, benchmark, n) == impossible


def test_denominators_near_the_crossguard_figures():
    assert set(check("41.56", 167).totals) >= {166, 154}
    assert check("48.92", 167).totals == (139,)


def test_srt_cuts_and_its_vlsbench_column_fits_by_chance_only():
    siuo, vls = fits(of("srt", "siuo"), 167), fits(of("srt", "vlsbench"), 2241)
    assert (siuo.fit, siuo.truncated) == (24, 24) and siuo.rounded < 24
    assert vls.fit <= vls.expected + 1 and vls.p > 0.3
    assert siuo.p < 1e-12


def test_xsafeai_fits_as_published():
    rows = [f for f in fits_table() if (f.source, f.benchmark) == ("xsafeai", "siuo")]
    assert [(f.n, f.fit, f.figures) for f in rows] == [(167, 2, 2), (164, 1, 1), (162, 1, 1)]


def test_a_figure_against_a_stated_count():
    assert check("97.01", 167, k=162).possible
    assert not check("97.01", 167, k=161).possible
    with pytest.raises(ConfigError, match="not within"):
        check("97.01", 167, k=168)


def test_zeros_typed_are_digits():
    assert check("50.90", 167).decimals == 2 and check("50.9", 167).decimals == 1
    assert check("50.9", 167, 2).rounded == (85,)
    assert check(" 50.90 % ", 167).possible


@pytest.mark.parametrize(
    ("rate", "n", "digits"),
    [("x", 10, None), ("nan", 10, None), ("1e1", 10, None), ("101", 10, None), ("-1", 10, None),
     ("5.123", 10, 2), ("5.1234567", 10, None), ("5", 0, None), ("5", 10**9, None), ("", 1, None),
     ("1_0", 10, None), ("٥", 0, None)],
)  # fmt: skip
def test_refuses_what_is_no_percentage(rate, n, digits):
    with pytest.raises(ConfigError):
        check(rate, n, digits)


def written(folder, text):
    file = folder / "rates.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def test_a_file_of_rates(tmp_path):
    file = written(tmp_path, "Model,Rate,N\na,53.29,167\nb,75.15,500\n")
    assert [(c.label, c.possible) for c in check_file(file)] == [("a", True), ("b", False)]
    file = written(tmp_path, "rate,k/total\n53.29,89/167\n53.29,90/167\n")
    assert [(c.label, c.possible) for c in check_file(file)] == [
        ("line 2", True),
        ("line 3", False),
    ]
    file = written(tmp_path, "rate,total,k,digits\n50.9,167,85,2\n")
    assert check_file(file)[0].possible


@pytest.mark.parametrize(
    "text",
    ["", "a,b\n1,2\n", "rate,n\n53.29\n", "rate,n\n53.29,x\n", "rate,n\nx,10\n", "rate,n\n5,0\n",
     "rate,k/total\n5,17\n", "rate,k/total\n5,17/\n", "rate,n,digits\n5,10,x\n", b"\xff\xfe\x00",
     "rate,n\n5,10,3\n", "rate,k/total\n1,1/2/3\n", 'rate,n\n"5,10\n'],
)  # fmt: skip
def test_bad_files_are_named(tmp_path, text):
    with pytest.raises(DataError, match=r"rates\.csv"):
        check_file(written(tmp_path, text))


def run(*arguments):
    return CliRunner().invoke(main, ["grim", *map(str, arguments)])


def test_command_line(tmp_path):
    found = json.loads(run("75.15", "--n", 500, "--format", "json").output)
    assert found["possible"] is False
    assert found["below"] == {"k": 375, "percent": "75.000"}
    assert found["above"] == {"k": 376, "percent": "75.200"}
    assert run("75.15", "--n", 500).exit_code == 0
    assert run("75.15", "--n", 500, "--strict").exit_code == 1
    assert run("53.29", "--n", 167, "--strict").exit_code == 0
    assert "165, 169, 173, 177" in run("24.85", "--n", 167, "--range", "150..180").output
    assert "no evidence" in run("53.29", "--n", 10_000).output
    file = written(tmp_path, "rate,n\n53.29,167\n75.15,500\n")
    assert "1 of 2 are possible" in run(file).output
    assert json.loads(run(file, "--format", "json").output)["possible"] is False


def test_the_table_by_command():
    found = json.loads(run("--table", "--format", "json").output)
    assert len(found["impossible"]) == sum(not c.possible for c in check_table()) == 74
    assert "20/30" in run("--table").output


@pytest.mark.parametrize(
    "arguments",
    [[], ["53.29"], ["--table", "53.29"], ["53.29", "--n", "167", "--range", "9..1"],
     ["53.29", "--n", "167", "--range", "1..999999"], ["abc", "--n", "3"], ["missing.csv"],
     ["53.29", "--n", "167", "--digits", "1"]],
)  # fmt: skip
def test_bad_arguments(arguments):
    done = run(*arguments)
    assert done.exit_code == 2 and "Traceback" not in done.output
