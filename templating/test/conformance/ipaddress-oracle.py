# What Python's ipaddress says of networks: [version, value, prefix] on stdin.
import ipaddress
import json
import sys


def told(version, value, prefix):
    address = (ipaddress.IPv4Address if version == 4 else ipaddress.IPv6Address)(int(value))
    mapped = address.ipv4_mapped if version == 6 else None
    text = f"::ffff:{mapped}" if mapped else str(address)
    interface = ipaddress.ip_interface(f"{address}/{prefix}")
    net = interface.network

    def shown(one):
        inner = one.ipv4_mapped if version == 6 else None
        return f"::ffff:{inner}" if inner else str(one)

    return {
        "text": f"{text}/{prefix}",
        "network": shown(net.network_address),
        "broadcast": shown(net.broadcast_address),
        "netmask": shown(net.netmask),
        "hostmask": shown(net.hostmask),
        "size": str(net.num_addresses),
        "reverse": address.reverse_pointer,
        "is_loopback": address in ipaddress.ip_network("127.0.0.0/8" if version == 4 else "::1/128"),
        "is_link_local": address in ipaddress.ip_network("169.254.0.0/16" if version == 4 else "fe80::/10"),
        "is_multicast": address in ipaddress.ip_network("224.0.0.0/4" if version == 4 else "ff00::/8"),
    }


json.dump([told(*one) for one in json.load(sys.stdin)], sys.stdout)
