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
	return { text, sha256: createHash("sha256").update(text).digest("hex") };
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

/** Longer lines are masked as a whole where they may hold a secret. */
const longestEcho = 1000;
const shortestSecret = 4;

/**
 * Masks what a device shows of a change in a format of its own. Secrets are found as if a line of configuration began at each word, and as what
 * the lines of the change and of the configuration before hide.
 */
export function maskDeviceText(text: string, known: readonly string[], platform: Platform): string {
	return text
		.split("\n")
		.map((line) => {
			const hidden = known.reduce((shown, secret) => shown.replaceAll(secret, "<secret>"), line);
			const sign = /^[-+]*/.exec(hidden)?.[0] ?? "";
			const rest = hidden.slice(sign.length);
			return (
				sign +
				(rest.length > longestEcho ? createLineMasker(platform.definition)(rest) : maskEcho(rest, platform.definition))
			);
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
	return line.length > longestEcho
		? `${line.slice(0, 20)}... (${line.length} characters)`
		: maskEcho(line, platform.definition);
}
