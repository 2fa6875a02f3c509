/** A line with the sections that it stands in, outermost first. */
interface Placed {
	path: string[];
	line: string;
}

const separator = "\u001f";

/**
 * Lines of a configuration with indented sections that should stand there and do not, and lines that a `no ...` says should not and do. Order does not
 * matter; white space within a line does not either. Lines that only leave a section (`exit`, `!`, `end`) say nothing.
 * @returns each with its sections: `router bgp 65001 / neighbor 10.0.0.2 remote-as 65002`
 */
export function compareLines(wanted: string, stands: string): { missing: string[]; unwanted: string[] } {
	const there = new Set(placedLines(stands).map(keyOf));
	const missing: string[] = [];
	const unwanted: string[] = [];
	for (const placed of placedLines(wanted)) {
		const key = keyOf(placed);
		if (there.has(key)) continue;
		if (!placed.line.startsWith("no ")) missing.push(shown(placed));
		else {
			const positive = placed.line.slice(3);
			const prefix = keyOf({ ...placed, line: positive });
			// What is taken away whole goes with all that it says: `no neighbor 10.0.0.2` with its remote-as.
			const remains = there.has(prefix) || [...there].some((line) => line.startsWith(`${prefix} `));
			if (remains) unwanted.push(shown({ ...placed, line: positive }));
		}
	}
	return { missing: [...new Set(missing)], unwanted: [...new Set(unwanted)] };
}

/** Lines of a text as people write configurations, with the sections that their indentation says. */
function placedLines(text: string): Placed[] {
	const open: { indent: number; line: string }[] = [];
	const placed: Placed[] = [];
	for (const raw of text.split(/\r?\n/)) {
		const line = raw.trim().replace(/\s+/g, " ");
		if (line === "" || line.startsWith("!") || line.startsWith("#")) continue;
		const indent = raw.length - raw.trimStart().length;
		while (open.length > 0 && (open.at(-1)?.indent ?? 0) >= indent) open.pop();
		if (leaves.has(line)) continue;
		placed.push({ path: open.map((section) => section.line), line });
		open.push({ indent, line });
	}
	return placed;
}

const leaves = new Set(["exit", "end", "exit-address-family", "exit-vrf", "quit"]);

function keyOf({ path, line }: Placed): string {
	return [...path, line].join(separator);
}

function shown({ path, line }: Placed): string {
	return [...path, line].join(" / ");
}
