import { createHash } from "node:crypto";
import pg from "pg";

/** Different statements that a connection keeps planned; PostgreSQL holds some ten kilobytes for each. */
const mostStatements = 250;
/** Texts of which it is remembered that they were seen once. */
const mostSeen = 2_000;

/**
 * In a statement whose best plan depends on its values, such as a page of whatever is searched for: PostgreSQL then plans it for them each time,
 * where a kept plan would be one for values that it does not know.
 */
export const plannedForItsValues = "/* planned for its values */";

/**
 * A connection that has PostgreSQL keep the plans of statements which come again: parsing and planning cost as much as running them. A
 * statement with parameters is given a name, made from its text, from the second time on; texts that vary without end stay unnamed.
 */
export function namedStatements(): typeof pg.Client {
	const seen = new Set<string>();
	const names = new Map<string, string>();

	function nameOf(text: string): string | undefined {
		const known = names.get(text);
		if (known !== undefined || names.size >= mostStatements) return known;
		if (!seen.delete(text)) {
			if (seen.size >= mostSeen) seen.clear();
			seen.add(text);
			return undefined;
		}
		const name = `nc_${createHash("sha256").update(text).digest("base64url").slice(0, 22)}`;
		names.set(text, name);
		return name;
	}

	return class NamedStatements extends pg.Client {
		#waiting = false;

		constructor(config?: string | pg.ClientConfig) {
			super(config);
			this.on("drain", () => {
				this.#waiting = false;
			});
		}

		/** Whether a statement was sent and has not been answered. */
		isWaiting(): boolean {
			return this.#waiting;
		}

		// biome-ignore lint/suspicious/noExplicitAny: pg declares nine overloads of one function
		override query(config: any, values?: any, callback?: any): any {
			this.#waiting = true;
			const text: unknown = typeof config === "string" ? config : config?.text;
			const given: unknown = Array.isArray(values) ? values : config?.values;
			// Without parameters there is a simpler protocol, which also takes several statements at once.
			const isParameterised = Array.isArray(given) && given.length > 0;
			if (typeof text !== "string" || !isParameterised || config.name !== undefined || "submit" in Object(config)) {
				return super.query(config, values, callback);
			}
			const name = text.includes(plannedForItsValues) ? undefined : nameOf(text);
			if (name === undefined) return super.query(config, values, callback);
			return super.query(typeof config === "string" ? { name, text } : { ...config, name }, values, callback);
		}
	};
}
