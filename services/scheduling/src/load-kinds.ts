import { readdir } from "node:fs/promises";
import type { Needs } from "@netconductor/runtime/host/service";
import type { AnyKind } from "./kind.ts";

export type Kinds = ReadonlyMap<string, AnyKind>;

/** Every kind that a file of the folder exports, by its name. @throws TypeError — a file exports none, or two have one name */
export async function loadKinds(folder: URL): Promise<Kinds> {
	const files = (await readdir(folder)).filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts")).sort();
	const kinds: AnyKind[] = [];
	for (const file of files) {
		const exported = Object.values((await import(new URL(file, folder).href)) as Record<string, unknown>).filter(
			isKind,
		);
		if (exported.length === 0) throw new TypeError(`kinds/${file} exports no kind`);
		kinds.push(...exported);
	}
	return kindsOf(kinds);
}

export function kindsOf(kinds: readonly AnyKind[]): Kinds {
	const byName = new Map<string, AnyKind>();
	for (const kind of kinds) {
		if (byName.has(kind.kind)) throw new TypeError(`two kinds are named ${kind.kind}`);
		byName.set(kind.kind, kind);
	}
	return byName;
}

/** The contracts of all services that the kinds call. */
export function needsOf(kinds: Kinds): Needs {
	return Object.assign({}, ...[...kinds.values()].map(({ needs }) => needs));
}

function isKind(value: unknown): value is AnyKind {
	return typeof value === "object" && value !== null && "kind" in value && "start" in value && "params" in value;
}
