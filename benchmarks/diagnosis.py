"""How often the diagnosis at the end of a failed run is right: in its cause, its advice, and in whether it tries again.

Each case is a failure as AWS, Snowflake or dbt words it (benchmarks/diagnosis_cases/). It goes through the real operator, with
AWS's answers in the place of AWS, and what fails inside the container through the real runner, with dbt's and the connector's
answers in the place of dbt and Snowflake; what the runner leaves is what the operator finds. About a minute.

`given.json` are the cases that the table was built with, `collected.json` those collected from the same sources meanwhile, and
the others those that were collected when the table stood, and labelled before they were told: of their first readings
`docs/operations.md` has the figures.
"""

import argparse
import json
import logging
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

import structlog
from rich.console import Console
from rich.table import Table

from benchmarks.diagnosis_container import Case, Ended, contain

CASES = Path(__file__).with_name("diagnosis_cases")
SETS = ("given", "collected", "unseen", "fresh", "fourth", "fifth", "sixth", "seventh")


@dataclass(frozen=True, kw_only=True)
class Told:
    """What Airflow's task log says at the end."""

    text: str
    retried: bool

    @property
    def cause(self) -> str:
        found = re.findall(r"Tried again by itself: \w+\. More: docs/errors\.md#([\w-]+)", self.text)
        return found[-1] if found else ""

    def faults(self, case: Case) -> list[str]:
        """What of it is not right."""
        said = self.text.lower()
        wrong = {
            "cause": self.cause not in case["expected"],
            "advice": not any(word in said for word in case["advice_names_one_of"]),
            "retry": self.retried != case["retry"],
            "text": not all(text in self.text for text in case.get("text_must", [])),
        }
        return [name for name, is_wrong in wrong.items() if is_wrong]


def ended(case: Case) -> Ended:
    """The container, if there was one; what fails inside it goes through the runner."""
    if case["where"] in ("connector_error", "dbt_log"):
        return contain(case)
    return Ended(exit_code=case.get("exit_code"), log=case.get("log", []), objects={})


def read(name: str) -> list[Case]:
    """The cases of one set."""
    path = CASES / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else []


def measure(sets: tuple[str, ...], only: str | None = None) -> dict[str, dict[str, tuple[Told, list[str]]]]:
    """By set and case: what was told, and what of it is wrong."""
    from benchmarks.diagnosis_airflow import Airflow  # noqa: PLC0415 - takes ten seconds, and the DAG folder on the path

    logging.disable(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with tempfile.TemporaryDirectory() as folder:
        airflow = Airflow(Path(folder))
        found: dict[str, dict[str, tuple[Told, list[str]]]] = {}
        for name in sets:
            for case in read(name):
                if only in (None, case["id"]):
                    text, retried = airflow.run(case, ended(case))
                    told = Told(text=text, retried=retried)
                    found.setdefault(name, {})[case["id"]] = told, told.faults(case)
    return found


def main() -> None:
    """Measure what is asked for, and show what is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", choices=SETS, help="one of them, instead of all")
    parser.add_argument("--case", help="one case: prints all that is told")
    options = parser.parse_args()
    found = measure((options.set,) if options.set else SETS, options.case)
    console, table = Console(), Table("cases", "number", "cause", "advice", "retry", "all")
    for name, cases in found.items():
        faults = [wrong for _, wrong in cases.values()]
        shares = [sum(kind not in wrong for wrong in faults) for kind in ("cause", "advice", "retry")]
        whole = sum(not wrong for wrong in faults)
        row = [f"{count} ({count / len(cases):.0%})" for count in (*shares, whole)]
        table.add_row(name, str(len(cases)), *row)
        for case, (told, wrong) in cases.items():
            if wrong or options.case:
                console.print(f"{name} {case}: wrong in {', '.join(wrong) or 'nothing'}; told {told.cause}, retried {told.retried}")
            if options.case:
                console.print(told.text, markup=False)
    console.print(table)


if __name__ == "__main__":
    main()
