// Records what Ansible's address filters answer to the calls of address-calls.ts. Needs the Debian packages ansible and python3-netaddr, which
// are too large to install for every test run.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { addressCalls } from "./address-calls.ts";
import { askPython } from "./oracle.ts";

const answers = await askPython<unknown[]>("ansible-oracle.py", addressCalls);
const lines = addressCalls.map((call, index) => JSON.stringify([...call, answers[index]]));
writeFileSync(join(import.meta.dirname, "ansible-answers.jsonl"), `${lines.join("\n")}\n`);
