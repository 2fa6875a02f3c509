import { createHash } from "node:crypto";
import { createLineMasker, maskEcho, normaliseInSlices } from "@netconductor/runtime/config-text";
import { collectConfig } from "../collect-config.ts";
import type { Platform } from "../platform.ts";
import type { Session } from "../session.ts";
import { type ConfigNode, type ConfigSyntax, differences, printedLines } from "./config-tree.ts";

/** The running configuration as two of them are compared. */
export interface RunningConfig {
	text: string;
	sha256: string;
}

/** Reads the running configuration, normalised. The session must not be in configuration mode. @throws device.* */
export async function readRunning(session: Session): Promise<RunningConfig> {
	const { raw } = await collectConfig(session);
	const text = await normaliseInSlices(raw.toString("utf8"), session.platform.definition);
	return { text, sha256: hashOf(text) };
}

/** Hash of a normalised configuration. */
export function hashOf(text: string): string {
	return createHash("sha256").update(text).digest("hex");
}

/** What people may see of the difference between two configurations: sections as context, lines with `+` and `-`, secrets masked. */
export function shownDifference(from: ConfigNode, to: ConfigNode, syntax: ConfigSyntax, platform: Platform): string {
	const shown = new Map<ConfigNode, string>();
	// A line alone may not tell that it holds a secret: each is masked among its neighbours.
	for (const config of [from, to]) {
		const mask = createLineMasker(platform.definition);
		for (const { node, text } of printedLines(config)) shown.set(node, mask(text));
	}
	return differences(from, to, syntax)
		.map(({ sign, node, depth }) => `${sign}${shown.get(node) ?? " ".repeat(depth) + node.line}\n`)
		.join("");
}

const shortestSecret = 4;
/** A longer line is not quoted in a message. */
const longestQuoted = 1000;

/**
 * Masks what a device shows of a change in a format of its own: signs, then lines of configuration. `known` are secrets of the change and of the
 * configuration before, which are masked wherever they stand.
 */
export function maskDeviceText(text: string, known: readonly string[], platform: Platform): string {
	const mask = createLineMasker(platform.definition);
	return known
		.reduce((shown, secret) => shown.replaceAll(secret, "<secret>"), text)
		.split("\n")
		.map((line) => {
			const sign = /^[-+]*/.exec(line)?.[0] ?? "";
			const rest = line.slice(sign.length);
			const masked = mask(rest);
			if (masked !== rest) return sign + masked;
			// Some patterns want the line's beginning, which the device moved.
			const bare = rest.trimStart();
			return sign + rest.slice(0, rest.length - bare.length) + createLineMasker(platform.definition)(bare);
		})
		.join("\n");
}

/** The texts that masking hides in these lines. */
export function secretsIn(lines: readonly string[], platform: Platform): string[] {
	const mask = createLineMasker(platform.definition);
	const secrets = new Set<string>();
	for (const line of lines) {
		const pieces = mask(line).split("<secret>");
		let from = pieces[0]?.length ?? 0;
		for (const piece of pieces.slice(1)) {
			const to = piece === "" ? line.length : line.indexOf(piece, from);
			if (to < from) break;
			const secret = line.slice(from, to).replace(/^(["'])(.*)\1$/, "$2");
			if (secret.length >= shortestSecret) secrets.add(secret);
			from = to + piece.length;
		}
	}
	return [...secrets].sort((a, b) => b.length - a.length);
}

/** A line as people may see it in a message. */
export function shownLine(line: string, platform: Platform): string {
	return line.length > longestQuoted
		? `${line.slice(0, 20)}... (${line.length} characters)`
		: maskEcho(line, platform.definition);
}
