# Renders cases with real Jinja2: a JSON list of cases on stdin, a JSON list of outcomes on stdout.
import json
import sys
import traceback

import jinja2
import jinja2.meta
from jinja2.exceptions import TemplateAssertionError, TemplateNotFound, TemplateRuntimeError, TemplateSyntaxError, UndefinedError


def environment(case):
    settings = case.get("settings") or {}
    return jinja2.Environment(
        undefined=jinja2.StrictUndefined,
        trim_blocks=settings.get("trim_blocks", True),
        lstrip_blocks=settings.get("lstrip_blocks", True),
        keep_trailing_newline=settings.get("keep_trailing_newline", True),
        extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"],
        loader=jinja2.DictLoader({"case": case["template"], **(case.get("templates") or {})}),
    )


def kind_of(error):
    if isinstance(error, TemplateRuntimeError | TemplateAssertionError) and str(error).startswith(("No filter", "No test")):
        return "unknown_filter"
    if isinstance(error, TemplateSyntaxError):
        return "syntax"
    if isinstance(error, UndefinedError):
        return "undefined_variable"
    if isinstance(error, TemplateNotFound):
        return "not_included"
    return "bad_value"


def line_of(error):
    if isinstance(error, TemplateSyntaxError):
        return error.lineno
    line = 0
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.filename == "<template>":
            line = frame.lineno
    return line


def outcome(case):
    env = environment(case)
    try:
        names = sorted(jinja2.meta.find_undeclared_variables(env.parse(case["template"])))
    except Exception:
        names = None
    try:
        return {"text": env.get_template("case").render(**(json.loads(case["json"]) if "json" in case else case.get("variables") or {})), "names": names}
    except Exception as error:
        return {"error": kind_of(error), "line": line_of(error), "message": str(error), "names": names}


json.dump([outcome(case) for case in json.load(sys.stdin)], sys.stdout)
