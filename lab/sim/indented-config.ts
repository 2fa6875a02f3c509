/** What an operating system with an indented config needs to know to edit one. */
export interface IndentedSyntax {
	/** Spaces per level. */
	indent: number;
	/** Top-level or nested lines that open a section of their own. */
	section: RegExp;
	/** Settings that a device has once: a new line replaces the one that starts with the same words. Matched words are the key. */
	single: RegExp;
	/** The line that ends a config. */
	end: string | undefined;
}

/** Settings that exist once in any Cisco-like config. The first group is the key. */
export const commonSingleSettings =
	/^(hostname|description|mtu|bandwidth|speed|duplex|delay|ip address|ipv4 address|ip domain[ -]name|domain name|enable secret|enable password|vrf forwarding|vrf|encapsulation|switchport mode|switchport access vlan|switchport trunk native vlan|switchport trunk allowed vlan|router-id|bgp router-id|service-policy \w+|channel-group|load-interval|ip ospf cost|spanning-tree mode|username \S+|neighbor \S+ (?:remote-as|description|password|update-source|route-map \S+)|remote-as|password|update-source|logging buffered|snmp-server (?:location|contact)|clock timezone|exec-timeout|name|boot system|(?<!\S)set \S+)(?=\s|$)/;

/**
 * Applies one config line in the section named by `path` (the lines that open it, outermost first), as config mode would: `no` removes,
 * a single setting replaces, anything else is added once. Missing sections are made.
 */
export function applyConfigLine(config: string, path: string[], line: string, syntax: IndentedSyntax): string {
	const lines = config.split("\n");
	let range = { from: 0, to: endOfTopLevel(lines, syntax) };
	for (const [depth, header] of path.entries()) {
		const found = findLine(lines, range, depth, syntax, (text) => text === header);
		const at = found ?? insertLine(lines, range, depth, header, syntax);
		range = { from: at + 1, to: endOfSection(lines, at, depth, syntax) };
	}
	const depth = path.length;
	const removed = /^no (.+)$/.exec(line)?.[1];
	if (removed !== undefined) {
		for (;;) {
			const at = findLine(lines, range, depth, syntax, (text) => text === removed || text.startsWith(`${removed} `));
			if (at === undefined) break;
			const until = endOfSection(lines, at, depth, syntax);
			lines.splice(at, until - at);
			range.to -= until - at;
		}
		return lines.join("\n");
	}
	const key = syntax.single.exec(line)?.[1];
	const same = findLine(lines, range, depth, syntax, (text) =>
		key === undefined ? text === line : text === key || text.startsWith(`${key} `),
	);
	const negation = findLine(lines, range, depth, syntax, (text) => text === `no ${line}` || text === `no ${key}`);
	if (negation !== undefined) {
		lines[negation] = `${" ".repeat(depth * syntax.indent)}${line}`;
	} else if (same !== undefined) {
		lines[same] = `${" ".repeat(depth * syntax.indent)}${line}`;
	} else {
		insertLine(lines, range, depth, line, syntax);
	}
	return lines.join("\n");
}

/** Applies lines typed one after the other, following sections as config mode does. */
export function applyConfigLines(config: string, lines: string[], syntax: IndentedSyntax): string {
	let text = config;
	let path: string[] = [];
	for (const raw of lines) {
		const line = raw.trim();
		if (line === "" || line === "!" || line === "end") {
			path = [];
		} else if (line === "exit") {
			path = path.slice(0, -1);
		} else {
			const indent = raw.length - raw.trimStart().length;
			if (indent > 0) path = path.slice(0, Math.floor(indent / syntax.indent));
			else if (isTopLevel(line, path)) path = [];
			if (syntax.section.test(line)) {
				text = openSection(text, path, line, syntax);
				path = [...path, line];
			} else {
				text = applyConfigLine(text, path, line, syntax);
			}
		}
	}
	return text;
}

/** Makes the section exist. */
export function openSection(config: string, path: string[], header: string, syntax: IndentedSyntax): string {
	return applyConfigLine(config, path, header, syntax);
}

const topLevelWords =
	/^(no )?(hostname|interface|router|snmp-server|username|enable|logging|ntp|line|vlan|vrf|banner|service|aaa|clock|route-map|policy-map|class-map|spanning-tree|route-policy|prefix-set|ip (?:route|access-list|domain|name-server|ssh|prefix-list|http)|ipv6 (?:route|access-list)|access-list|feature|domain|management)\b/;

/** Whether a line typed inside a section leaves it, because only the top level knows it. */
export function isTopLevel(line: string, path: string[]): boolean {
	if (path.length === 0) return true;
	// `vrf BLUE` inside an interface (NX-OS, XR) and `interface X` inside `router ospf` (XR) belong to the section.
	if (/^vrf /.test(line) && /^(interface|router)/.test(path[0] ?? "")) return false;
	if (/^interface /.test(line) && /^(router|mpls|ntp|multicast-routing)/.test(path[0] ?? "")) return false;
	if (/^(no )?(logging|enable|ip domain)/.test(line) && /^(interface|line)/.test(path[0] ?? "")) return false;
	return topLevelWords.test(line);
}

function indentOf(line: string): number {
	return line.length - line.trimStart().length;
}

function endOfTopLevel(lines: string[], syntax: IndentedSyntax): number {
	if (syntax.end === undefined) return lines.length;
	const at = lines.lastIndexOf(syntax.end);
	return at < 0 ? lines.length : at;
}

function endOfSection(lines: string[], header: number, depth: number, syntax: IndentedSyntax): number {
	let at = header + 1;
	while (at < lines.length && lines[at] !== "" && indentOf(lines[at] ?? "") > depth * syntax.indent) at++;
	return at;
}

interface Range {
	from: number;
	to: number;
}

function findLine(
	lines: string[],
	range: Range,
	depth: number,
	syntax: IndentedSyntax,
	matches: (text: string) => boolean,
): number | undefined {
	for (let at = range.from; at < range.to; at++) {
		const line = lines[at] ?? "";
		if (indentOf(line) === depth * syntax.indent && matches(line.trim())) return at;
	}
	return undefined;
}

/** Puts a new line beside its like (after the last line that starts with the same word), else at the end of the range. */
function insertLine(lines: string[], range: Range, depth: number, line: string, syntax: IndentedSyntax): number {
	const word = line
		.split(" ")
		.slice(0, line.startsWith("ip ") ? 2 : 1)
		.join(" ");
	let at = range.to;
	for (let i = range.to - 1; i >= range.from; i--) {
		const text = lines[i] ?? "";
		if (indentOf(text) !== depth * syntax.indent || !`${text.trim()} `.startsWith(`${word} `)) continue;
		at = endOfSection(lines, i, depth, syntax);
		if (lines[at] === `${" ".repeat(depth * syntax.indent)}!` && syntax.section.test(line)) at++;
		break;
	}
	const added = [`${" ".repeat(depth * syntax.indent)}${line}`];
	if (depth === 0 && syntax.section.test(line)) added.push("!");
	lines.splice(at, 0, ...added);
	range.to += added.length;
	return at;
}
