// Records what Ansible's filters answer to the calls of address-calls.ts, address-test-calls.ts and data-calls.ts. Needs the Debian packages ansible and python3-netaddr, which
// are too large to install for every test run.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { addressCalls } from "./address-calls.ts";
import { addressTestCalls } from "./address-test-calls.ts";
import { dataCalls } from "./data-calls.ts";
import { askPython } from "./oracle.ts";

for (const [name, calls] of [
	["ansible-answers", addressCalls],
	["ansible-data-answers", dataCalls],
	["ansible-test-answers", addressTestCalls],
] as const) {
	const answers = await askPython<unknown[]>("ansible-oracle.py", calls);
	const lines = calls.map((call, index) => JSON.stringify([...call, answers[index]]));
	writeFileSync(join(import.meta.dirname, `${name}.jsonl`), `${lines.join("\n")}\n`);
}
