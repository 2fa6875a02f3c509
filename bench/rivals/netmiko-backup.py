"""Reads the configuration of every device of an inventory with Netmiko and a thread pool, into a file each."""

import json
import sys
from concurrent.futures import ThreadPoolExecutor

from netmiko import ConnectHandler

inventory, folder, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])


def back_up(device):
    session = ConnectHandler(
        device_type="cisco_ios",
        host=device["host"],
        port=device["port"],
        username=device["username"],
        password=device["password"],
        secret=device["enable_password"],
        # Without it Netmiko sleeps a fixed time before it looks for an answer.
        fast_cli=True,
    )
    session.enable()
    config = session.send_command("show running-config", delay_factor=5)
    session.disconnect()
    with open(f"{folder}/{device['name']}", "w") as out:
        out.write(config)


with open(inventory) as listing:
    devices = json.load(listing)
with ThreadPoolExecutor(max_workers=threads) as pool:
    for done in [pool.submit(back_up, device) for device in devices]:
        try:
            done.result()
        except Exception as error:
            print(error, file=sys.stderr)
