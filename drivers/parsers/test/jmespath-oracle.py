"""Evaluates pairs of expression and value with Debian's python3-jmespath: a JSON list in, a JSON list out."""
import json
import sys
import warnings

import jmespath

warnings.simplefilter("ignore")


def answer(pair):
    try:
        result = jmespath.search(pair["expression"], pair["given"])
        json.dumps(result)
        return {"result": result}
    except Exception as error:
        return {"error": type(error).__name__}


json.dump([answer(pair) for pair in json.load(sys.stdin)], sys.stdout)
