"""Runs pairs of template and output through Debian's python3-textfsm: a JSON list in, a JSON list out."""
import io
import json
import sys
import warnings

import textfsm

warnings.simplefilter("ignore")
answers = []
for pair in json.load(sys.stdin):
    try:
        fsm = textfsm.TextFSM(io.StringIO(pair["template"]))
    except Exception as error:
        answers.append({"template_error": str(error), "kind": type(error).__name__})
        continue
    try:
        records = fsm.ParseText(pair["output"])
        answers.append({"header": fsm.header, "records": records})
    except Exception as error:
        answers.append({"output_error": str(error), "kind": type(error).__name__})
json.dump(answers, sys.stdout)
