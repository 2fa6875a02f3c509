import {
	type ConfigNode,
	type ConfigSyntax,
	type Edit,
	editsBetween,
	isSame,
	mergeEdits,
	sectionAt,
} from "./config-tree.ts";

/**
 * What becomes of `now` when only that is taken back which made `after` of `wanted`. What somebody else changed since stays: what they set in place of
 * our value, what stood in a section that they removed, what they put into a section that we made, and an ordered section that they edited. What they
 * said about a neighbour that we made goes with it.
 */
export function takeBack(now: ConfigNode, after: ConfigNode, wanted: ConfigNode, syntax: ConfigSyntax): ConfigNode {
	const edits = editsBetween(after, wanted, syntax).flatMap((edit) => onlyOurs(edit, now, after, wanted, syntax));
	const theirs = edits.filter((edit) => isRebuilding(edit, after, wanted) && !isUntouched(edit, now, after));
	return mergeEdits(
		now,
		edits.filter(
			(edit) => !theirs.some((section) => belongsTo(edit, section)) && isStillOurs(edit, now, after, syntax),
		),
		syntax,
	);
}

/** Where a section of ours that is to go holds lines of others, what removes our lines in it. */
function onlyOurs(edit: Edit, now: ConfigNode, after: ConfigNode, wanted: ConfigNode, syntax: ConfigSyntax): Edit[] {
	const header = removedBy(edit.command);
	if (header === undefined) return [edit];
	const whole = [...edit.path, header];
	const [there, then] = [now, after].map((config) => sectionAt(config, whole));
	if (there === undefined || then === undefined || sectionAt(wanted, whole) !== undefined) return [edit];
	if (!holdsMore(there, then)) return [edit];
	return editsBetween(then, { line: header, children: [] }, syntax)
		.map(({ path, command }) => ({ path: [...whole, ...path], command }))
		.flatMap((within) => onlyOurs(within, now, after, wanted, syntax));
}

function holdsMore(there: ConfigNode, then: ConfigNode): boolean {
	const known = new Map(then.children.map((child) => [child.line, child]));
	return there.children.some((child) => {
		const before = known.get(child.line);
		return before === undefined || holdsMore(child, before);
	});
}

/** Whether the edit removes a section that the edits after it make anew. */
function isRebuilding({ path, command }: Edit, after: ConfigNode, wanted: ConfigNode): boolean {
	const header = removedBy(command);
	if (header === undefined) return false;
	return [after, wanted].every((config) => sectionAt(config, [...path, header]) !== undefined);
}

function isUntouched({ path, command }: Edit, now: ConfigNode, after: ConfigNode): boolean {
	const [there, then] = [now, after].map((config) => sectionAt(config, [...path, removedBy(command) ?? ""]));
	return there !== undefined && then !== undefined && isSame(there, then);
}

function belongsTo({ path, command }: Edit, section: Edit): boolean {
	const header = removedBy(section.command) ?? "";
	const whole = [...section.path, header];
	const about = [...path, removedBy(command) ?? command];
	return whole.every((line, i) => about[i] === line);
}

function isStillOurs({ path, command }: Edit, now: ConfigNode, after: ConfigNode, syntax: ConfigSyntax): boolean {
	const gone = path.some((_, i) => {
		const above = path.slice(0, i + 1);
		return sectionAt(after, above) !== undefined && sectionAt(now, above) === undefined;
	});
	if (gone) return false;
	const key = syntax.singleKey(removedBy(command) ?? command);
	if (key === undefined) return true;
	const [there, then] = [now, after].map(
		(config) => sectionAt(config, path)?.children.find(({ line }) => syntax.singleKey(line) === key)?.line,
	);
	return there === then;
}

function removedBy(command: string): string | undefined {
	return /^no (.+)$/.exec(command)?.[1];
}
