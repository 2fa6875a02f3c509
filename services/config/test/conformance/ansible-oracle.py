# Answers calls of Ansible's address filters: a JSON list of [filter, value, args] on stdin, a JSON list of {"value": …} or {"error": …} on
# stdout. Needs the Debian packages `ansible` and `python3-netaddr`.
import importlib
import json
import logging
import os
import sys

os.environ["ANSIBLE_DEVEL_WARNING"] = "False"
sys.path.insert(0, "/usr/lib/python3/dist-packages")
logging.disable(logging.CRITICAL)
from ansible.utils.display import Display

Display.warning = lambda *_, **__: None


def call(name, value, args):
    module = importlib.import_module(f"ansible_collections.ansible.utils.plugins.filter.{name}")
    return getattr(module, f"_{name}")(None, value, *args)


def answer(name, value, args):
    try:
        return {"value": call(name, value, args)}
    except Exception as error:
        return {"error": str(error)[:200]}


json.dump([answer(*one) for one in json.load(sys.stdin)], sys.stdout, default=str)
