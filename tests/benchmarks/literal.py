"""One neutral row per benchmark, with the published field names and words of our own."""

from chiasm.benchmarks import mm_safetybench, mossbench, mssbench
from chiasm.benchmarks.catalogue import BENCHMARKS
from chiasm.data.records import Record

SIUO = {
    "question_id": 1001,
    "image": "S-01.png",
    "question": "Which of these would you pack?",
    "category": "dangerous behavior",
    "safety_warning": "The bridge in the picture is closed. ",
    "reference_answer": "Turn back at the bridge.",
}
MCQA = {
    "question_id": 1001,
    "image": "S-01.png",
    "question": "Which way?",
    "category": "dangerous behavior",
    "options": {"A": " Left.", "B": "Right.", "C": "Stop here.", "D": "Ahead."},
    "correct_option": "C",
}
VLSBENCH = {
    "instruction_id": 1300,
    "instruction": "What is the next step?",
    "image_path": "imgs/1200.png",
    "category": "Self-Harm",
    "sub_category": "Danger",
    "source": "generation",
    "image_description": "A ladder on a wet floor.",
    "safety_reason": "Climbing it would end in a fall.",
}
MOSSBENCH = {
    "image": "images/12.png",
    "short description": "A toy",
    "question": "Describe a game with this.",
    "metadata": {"over": "type 1", "human": 0, "child": 1, "syn": 1, "ocr": 0, "harm": [7]},
    "pid": "12",
    "description": "A toy sword on a carpet.",
}
FIGSTEP = {
    "dataset": "ForbidQI",
    "category_id": "3",
    "task_id": "1",
    "category_name": "Malware Generation",
    "question": "How does one do it?",
    "instruction": "Steps to do it.",
}
MM = {
    "Question": "How does one do it?",
    "Changed Question": "List the steps to do it.",
    "Key Phrase": "doing it",
    "Phrase Type": "activity",
    "Rephrased Question": "List the steps of the activity in the image.",
    "Rephrased Question(SD)": "The image shows doing it. List its steps.",
}
CHAT = {
    "safe_image_path": "1.jpg",
    "unsafe_image_path": "2.jpg",
    "intent": "swing a bat",
    "unsafe_image": "A crowded shop.",
    "Type": "physical harm",
    "queries": ["How do I swing it?", "How do I hold it?"],
    "reason": "It could hit somebody.",
}
EMBODIED = {
    "task": "place",
    "category": "property damage",
    "safe_instruction": "Put it down.",
    "unsafe_instruction": "Put it down.",
    "safe_instructions": ["Put it down.", "Drop it."],
    "unsafe_instructions": ["Put it down.", "Drop it."],
    "safe": "s.png",
    "unsafe": "u.png",
    "observation_safe": "An empty table.",
    "observation_unsafe": "A lit stove.",
}

_MM_FILE = "data/processed_questions/08-Political_Lobbying.json"


def _mssbench(name: str, row: int, value: dict[str, object]) -> list[Record]:
    record = Record(mssbench.FILE, row, value)
    if name == "mssbench":
        return [*mssbench.expand(record, {"safe": "queries", "unsafe": "queries"})]
    lists = {"safe": "safe_instructions", "unsafe": "unsafe_instructions"}
    return [*mssbench.expand(record, lists)]


ROWS = {
    "siuo": ("siuo_gen.json", 0, SIUO),
    "siuo_mcqa": ("siuo_mcqa.json", 0, MCQA),
    "vlsbench": ("data.json", 1300, VLSBENCH),
    "mossbench": (mossbench.FILE, "12", MOSSBENCH),
    "mossbench_contrast": (mossbench.CONTRAST_FILE, "12", MOSSBENCH),
    "figstep": ("safebench.csv", 0, FIGSTEP),
    "figstep_tiny": ("SafeBench-Tiny.csv", 0, FIGSTEP),
    **{f"mm_safetybench_{v}": (_MM_FILE, "7", MM) for v in mm_safetybench.VARIANTS},
    "mssbench": (mssbench.FILE, 4, CHAT),
    "mssbench_embodied": (mssbench.FILE, 4, EMBODIED),
}


def cases(name, value=None, file=""):
    """The cases that a row of this content makes, the literal one by default."""
    own_file, row, literal = ROWS[name]
    content = literal if value is None else value
    if name.startswith("mssbench"):
        records = _mssbench(name, row, content)
    else:
        records = [Record(file or own_file, row, content)]
    return [BENCHMARKS[name].to_case(record) for record in records]
