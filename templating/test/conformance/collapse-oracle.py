# Collapses lists of networks with Python's ipaddress, IPv4 before IPv6.
import ipaddress
import json
import sys


def collapsed(texts):
    networks = [ipaddress.ip_interface(text).network for text in texts]
    return [str(net) for version in (4, 6) for net in ipaddress.collapse_addresses([n for n in networks if n.version == version])]


json.dump([collapsed(one) for one in json.load(sys.stdin)], sys.stdout)
