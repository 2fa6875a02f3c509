# Answers calls of Ansible's filters, and of its tests as "is NAME": a JSON list of [filter, value, args] on stdin, a JSON list of
# {"value": …} or {"error": …} on stdout. Needs the Debian packages `ansible` and `python3-netaddr`.
import importlib
import json
import logging
import os
import sys

os.environ["ANSIBLE_DEVEL_WARNING"] = "False"
sys.path.insert(0, "/usr/lib/python3/dist-packages")
logging.disable(logging.CRITICAL)
import jinja2
from ansible.utils.display import Display

Display.warning = lambda *_, **__: None


from ansible.plugins.filter.core import FilterModule as Core
from ansible.plugins.filter.mathstuff import FilterModule as Math

BUILT_IN = {**Core().filters(), **Math().filters()}


def call(name, value, args):
    if name.startswith("is "):
        test = name[3:]
        module = importlib.import_module(f"ansible_collections.ansible.utils.plugins.test.{test}")
        return getattr(module, f"_{test}")(value, *args)
    if name in BUILT_IN:
        function = BUILT_IN[name]
        if getattr(function, "jinja_pass_arg", None) is not None:
            args = [jinja2.Environment(), *[value], *args]
            return listed(function(*args))
        return listed(function(value, *args))
    module = importlib.import_module(f"ansible_collections.ansible.utils.plugins.filter.{name}")
    if name == "usable_range":
        return module._usable_range(value)
    return getattr(module, f"_{name}")(None, value, *args)


def listed(value):
    return list(value) if hasattr(value, "__next__") else value


def answer(name, value, args):
    try:
        return {"value": call(name, value, args)}
    except Exception as error:
        return {"error": str(error)[:200]}


json.dump([answer(*one) for one in json.load(sys.stdin)], sys.stdout, default=str)
