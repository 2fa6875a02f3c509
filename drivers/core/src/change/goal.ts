import { normaliseInSlices } from "@netconductor/runtime/config-text";
import { sessionError } from "../device-error.ts";
import type { Session } from "../session.ts";
import {
	type ConfigNode,
	type ConfigSyntax,
	canonical,
	editsBetween,
	isSame,
	parseConfig,
	typedCommands,
} from "./config-tree.ts";
import { lineDifference, syntaxOf, type Work } from "./mechanism.ts";
import { hashOf, maskDeviceText, type RunningConfig, shownDifference } from "./running-config.ts";
import { inverseSetLines, setLinesOf, takeBackLines } from "./set-lines.ts";
import { takeBack } from "./take-back.ts";

/** A configuration that a device is to have, and what makes it of the one that it has. */
export interface Goal {
	work(now: string): Work;
	isReached(now: RunningConfig): boolean;
	/** Hash of the goal as a running configuration, where it can be known beforehand. */
	sha256: string | undefined;
	/** Lines that differ between two configurations, masked. */
	difference(from: RunningConfig, to: RunningConfig): string;
	/** What is different in `now` from the goal, masked: `+` is there and should not be, `-` is missing. */
	differs(now: RunningConfig): string;
	/** What others changed and is left alone, masked: `+` they added, `-` they removed. Empty when nobody did. */
	foreign: string;
}

/** How configurations of a platform are compared and changed, whatever they look like. */
interface Dialect<Config> {
	read(text: string): Config;
	work(now: Config, goal: Config): Work;
	isSame(now: Config, goal: Config): boolean;
	takeBack(now: Config, after: Config, wanted: Config): Config;
	difference(from: Config, to: Config): string;
}

/** Stands for what is not shown, or changes by itself. */
const placeholder = /<(?:secret|volatile)>/;
const mostOrder = 20;

/**
 * The goal that the whole configuration `wanted` is, or, with the configuration right `after` our change, the goal that is `now` without our change.
 * @throws change.cannot_restore where the platform cannot be brought to a configuration by lines, or `wanted` is no configuration
 */
export async function goalOf(
	session: Session,
	now: RunningConfig,
	wanted: string,
	after: string | undefined,
): Promise<Goal> {
	const { definition } = session.platform;
	const [text, afterText] = await Promise.all(
		[wanted, after ?? now.text].map((given) => normaliseInSlices(given, definition)),
	);
	if (text === undefined || text.trim() === "") {
		throw cannotRestore(session, "The configuration is empty.");
	}
	const syntax = syntaxOf(definition.change);
	const { structure } = definition.config;
	const parts = { session, now, wanted: text, after: afterText ?? now.text };
	if (definition.change.method === "none") throw cannotRestore(session, definition.change.why);
	if (structure === "indent" && syntax !== undefined) return goalIn(sectionDialect(session, syntax), parts);
	if (definition.change.method === "candidate" && (structure === "set_lines" || structure === "braces")) {
		return goalIn(setDialect(session, structure), parts);
	}
	throw cannotRestore(session, "Its device type does not say how its configuration is written in lines.");
}

function cannotRestore({ connection, platform }: Session, why: string) {
	return sessionError(
		"change.cannot_restore",
		connection,
		"command",
		`(${platform.definition.label}) cannot be brought to a given configuration: ${why} Nothing was sent. Do it by hand.`,
	);
}

interface Parts {
	session: Session;
	now: RunningConfig;
	wanted: string;
	after: string;
}

function goalIn<Config>(dialect: Dialect<Config>, { session, now, wanted, after }: Parts): Goal {
	const whole = dialect.read(wanted);
	const alone = after === now.text;
	const goal = alone ? whole : dialect.takeBack(dialect.read(now.text), dialect.read(after), whole);
	const foreign = alone ? "" : dialect.difference(whole, goal);
	// With somebody else's lines among them, the order in which the device will show them cannot be told beforehand.
	const exact = foreign === "";
	const difference = (from: RunningConfig, to: RunningConfig) =>
		dialect.difference(dialect.read(from.text), dialect.read(to.text)) || lineDifference(from, to, session);
	return {
		foreign,
		work(text) {
			const work = dialect.work(dialect.read(text), goal);
			const hidden = work.commands.findIndex((line) => placeholder.test(line));
			if (hidden < 0) return work;
			throw cannotRestore(
				session,
				`line ${hidden + 1} of what would be sent holds a placeholder instead of a value: the stored text is not what the device had.`,
			);
		},
		sha256: exact ? hashOf(wanted) : undefined,
		difference,
		isReached: ({ text }) => (exact ? text === wanted : dialect.isSame(dialect.read(text), goal)),
		differs(there) {
			if (!exact) return dialect.difference(goal, dialect.read(there.text));
			return difference({ text: wanted, sha256: "" }, there) || orderDifference(wanted, there.text, session);
		},
	};
}

/** For configurations that hold the same lines. */
function orderDifference(wanted: string, text: string, { platform }: Session): string {
	const [left, right] = [wanted.split("\n"), text.split("\n")];
	const moved = left.flatMap((line, i) => (line === right[i] ? [] : [`-${line}\n`, `+${right[i] ?? ""}\n`]));
	return maskDeviceText(moved.slice(0, 2 * mostOrder).join(""), [], platform);
}

function sectionDialect({ platform }: Session, syntax: ConfigSyntax): Dialect<ConfigNode> {
	const read = (text: string) => parseConfig(text, syntax);
	return {
		read,
		work(now, goal) {
			const edits = editsBetween(now, goal, syntax);
			return {
				commands: typedCommands(edits, syntax),
				edits,
				undoing: { goal, rejected: [] },
			};
		},
		isSame: (now, goal) => isSame(canonical(now, syntax), canonical(goal, syntax)),
		takeBack: (now, after, wanted) => takeBack(now, after, wanted, syntax),
		difference: (from, to) => shownDifference(from, to, syntax, platform),
	};
}

function setDialect(session: Session, structure: "set_lines" | "braces"): Dialect<string[]> {
	const config = (lines: string[]) => ({ text: lines.map((line) => `${line}\n`).join(""), sha256: "" });
	return {
		read: (text) => setLinesOf(text, structure),
		work: (now, goal) => ({
			commands: inverseSetLines(now, goal),
			undoing: { rejected: [] },
		}),
		isSame: (now, goal) => now.toSorted().join("\n") === goal.toSorted().join("\n"),
		takeBack: takeBackLines,
		difference: (from, to) => lineDifference(config(from), config(to), session),
	};
}
